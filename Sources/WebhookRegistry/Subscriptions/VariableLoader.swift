internal import WebhookCore

/// `vars:` → a subscription's constants.
struct VariableLoader {
    let problems: Problems

    func load(_ node: ConfigNode) -> [Variable] {
        guard case .mapping(let members) = node.value else {
            if case .null = node.value { return [] }
            problems.error(node.place, "`vars` must be a mapping of names to constants: { school: north }")
            return []
        }
        return members.compactMap { member in
            guard VariableRules.isName(member.key) else {
                problems.error(member.place, VariableRules.grammar)
                return nil
            }
            guard let value = value(member.value) else {
                var hint = ""
                if case .mapping(let members) = member.value.value, members.contains(where: { Self.isSource($0.key) }) {
                    hint =
                        "; constants are shown, and are no secrets: \(SourceRules.places) from the environment or a file"
                }
                problems.error(
                    member.value.place,
                    "a constant of `vars` must be a text, a number, true or false\(hint)"
                )
                return nil
            }
            return Variable(name: member.key, value: value)
        }
    }

    private static func isSource(_ key: String) -> Bool { key == "env" || key == "file" }

    private func value(_ node: ConfigNode) -> Variable.Value? {
        guard !node.isNull, case .scalar(let text, _) = node.value else { return nil }
        if let flag = node.bool { return .bool(flag) }
        return node.number.map { .number($0) } ?? .text(text)
    }
}

/// Rules for a subscription's constants.
enum VariableRules {
    static let grammar = "a name in `vars` must be 1 to 64 letters, digits, `_` and `-`"

    static func isName(_ name: String) -> Bool { SubscriptionValidator.isName(name) && !name.contains(".") }

    /// Says that there is no such constant.
    static func missing(_ name: String, _ variables: [Variable]) -> String {
        let names = variables.map(\.name)
        let near = Suggestion.nearest(to: name, in: names)
        let others = names.isEmpty ? "it has none" : "it has \(Suggestion.list(names))"
        return "\(KeyText.named("`vars` has no", name)); \(near.map { "did you mean `\($0)`?" } ?? others)"
    }
}

extension Variable.Value {
    /// The constant as JSON text.
    var jsonText: String {
        switch self {
        case .text(let text): JSON.string(text)
        case .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        }
    }
}

extension PayloadValue {
    /// The constants without which the value can't be made, whatever the event is.
    var requiredVariables: [String] {
        switch self {
        case .reference(.vars(let name), _): [name]
        case .object(let members):
            members.flatMap { member -> [String] in
                if case .value(_, isOptional: false, let value) = member { value.requiredVariables } else { [] }
            }
        case .lookup(let value, _): value.requiredVariables
        case .each(_, let item): item.requiredVariables
        case .literal, .reference, .firstOf, .list, .join, .conditional: []
        }
    }
}

extension EnvelopeValue {
    /// The constants without which the envelope can't be made.
    var requiredVariables: [String] {
        switch self {
        case .reference(.vars(let name)): [name]
        case .mapped(let value): value.requiredVariables
        case .object(let members): members.flatMap(\.value.requiredVariables)
        case .literal, .reference, .firstOf, .merge: []
        }
    }
}

extension HeaderTemplate {
    /// The constants without which the header would be left out. What a section asks for may be missing.
    var requiredVariables: [String] {
        if template.contains("{{#") || template.contains("{{^") { return [] }
        return MustacheNames.names(in: template).filter { $0.hasPrefix("vars.") }.map { String($0.dropFirst(5)) }
    }
}
