internal import WebhookCore

/// Reads single values and reports what doesn't fit. No message quotes a value.
struct ValueReader {
    let problems: Problems

    /// A text; any scalar is one, as it is written.
    func text(_ node: ConfigNode, _ name: String) -> Located<String>? {
        guard case .scalar(let text, _) = node.value else {
            return fail(node, "\(name) must be a text")
        }
        return Located(value: text, place: node.place)
    }

    func bool(_ node: ConfigNode, _ name: String) -> Located<Bool>? {
        guard let value = node.bool else { return fail(node, "\(name) must be true or false") }
        return Located(value: value, place: node.place)
    }

    func integer(_ node: ConfigNode, _ name: String, _ range: ClosedRange<Int>) -> Located<Int>? {
        guard let text = node.number, let value = Int(text), range.contains(value) else {
            let bounds =
                range.upperBound == .max
                ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            return fail(node, "\(name) must be a whole number \(bounds)")
        }
        return Located(value: value, place: node.place)
    }

    func duration(_ node: ConfigNode, _ name: String, allowsZero: Bool = false) -> Located<Duration>? {
        guard let text = scalar(node), let value = Quantity.duration(text) else {
            if let text = scalar(node), Quantity.isTooLong(text) { return fail(node, "\(name) must be at most 3650d") }
            return fail(
                node,
                "\(name) must be a duration, a whole number with ms, s, m, h or d: 250ms, 15s, 5m, 2h, 5d"
            )
        }
        guard allowsZero || value > .zero else { return fail(node, "\(name) must be more than 0") }
        return Located(value: value, place: node.place)
    }

    /// A number of bytes.
    ///
    /// - Parameter bounds: the range for people: "from 1KiB to 512MiB".
    func size(
        _ node: ConfigNode,
        _ name: String,
        _ range: ClosedRange<Int>,
        _ bounds: String
    ) -> Located<Int>? {
        guard let text = scalar(node), let value = Quantity.size(text), range.contains(value) else {
            return fail(node, "\(name) must be a size \(bounds), a whole number with KiB, MiB, KB or MB: 64KiB, 20MB")
        }
        return Located(value: value, place: node.place)
    }

    /// A part of one, from a percentage.
    func percentage(_ node: ConfigNode, _ name: String) -> Located<Double>? {
        guard let text = scalar(node), let value = Quantity.percentage(text) else {
            return fail(node, "\(name) must be a percentage from 0% to 100%, such as 20%")
        }
        return Located(value: value, place: node.place)
    }

    func rate(_ node: ConfigNode, _ name: String) -> Located<RateLimit>? {
        guard let text = scalar(node), let value = Quantity.rate(text) else {
            let bounds = "from \(Quantity.rates.lowerBound) to \(Quantity.rates.upperBound)"
            return fail(node, "\(name) must be a rate, a whole number \(bounds) with /s, /m or /h: 100/s, 600/m")
        }
        return Located(value: value, place: node.place)
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ node: ConfigNode,
        _ name: String,
        of type: Choice.Type
    ) -> Located<Choice>? where Choice.RawValue == String {
        guard let text = scalar(node), let value = Choice(rawValue: text) else {
            return fail(node, "\(name) must be one of \(Suggestion.list(type.allCases.map(\.rawValue)))")
        }
        return Located(value: value, place: node.place)
    }

    /// The items of a list; nothing at all is a list without items.
    func items(_ node: ConfigNode, _ name: String) -> [ConfigNode]? {
        switch node.value {
        case .sequence(let items): return items
        case .null: return []
        case .scalar, .mapping: return fail(node, "\(name) must be a list: [one, two], or lines that begin with -")
        }
    }

    /// Reports and gives `nil`.
    func fail<Value>(_ node: ConfigNode, _ message: String) -> Value? {
        problems.error(node.place, message)
        return nil
    }

    private func scalar(_ node: ConfigNode) -> String? {
        if case .scalar(let text, _) = node.value { text } else { nil }
    }
}
