internal import WebhookCore

/// Warns of a filter's conditions that no value can meet, by what the catalogue says of the values: types don't mix, and of a
/// closed list nothing else comes.
struct FilterTypeCheck {
    let problems: Problems
    /// The values that may stand at a path; none where nobody knows.
    let values: (_ path: [String]) -> [ExpectedValue]

    /// A path with its values, while its condition is judged.
    fileprivate struct Subject {
        /// As it stands in the file.
        var name: String
        var values: [ExpectedValue]

        /// Tells whether one of the values holds for a test.
        func admits(_ test: (ExpectedValue) -> Bool) -> Bool { values.contains { $0.type == .any || test($0) } }

        /// The kind of value that stands there: "a text", "a number or a boolean".
        var kinds: String {
            var names: [String] = []
            for value in values where !names.contains(value.type.kindName) { names.append(value.type.kindName) }
            return names.joined(separator: " or ")
        }

        /// The texts of a closed list; `nil` where others may come.
        var closedTexts: [String]? {
            var texts: [String] = []
            for value in values {
                guard case .string(_, let values, let constant) = value.type else { continue }
                guard constant != nil || !values.isEmpty else { return nil }
                texts += constant.map { [$0] } ?? values
            }
            return texts.isEmpty ? nil : texts
        }
    }

    /// Judges the paths of a filter that has no errors.
    func check(_ members: [ConfigNode.Member]) {
        for member in members {
            switch (member.key, member.value.value) {
            case ("any", .sequence(let items)):
                for item in items { if case .mapping(let inner) = item.value { check(inner) } }
            case ("not", .mapping(let inner)): check(inner)
            default:
                let path = member.key.split(separator: ".").map(String.init)
                let name = path.allSatisfy(KeyText.isPlain) ? "`\(member.key)`" : "this value"
                let subject = Subject(name: name, values: values(path))
                if !subject.values.isEmpty { condition(member.value, subject) }
            }
        }
    }

    /// Judges a key of a table of values: each stands for what may be found at a path.
    func checkKey(_ member: ConfigNode.Member, of path: [String]) {
        let name = path.allSatisfy(KeyText.isPlain) ? "`$data.\(path.joined(separator: "."))`" : "this value"
        let subject = Subject(name: name, values: values(path))
        guard let texts = subject.closedTexts, !texts.contains(member.key),
            !subject.admits({ if case .string = $0.type { false } else { true } })
        else { return }
        let hint = Suggestion.nearest(to: member.key, in: texts).map { "; did you mean `\($0)`?" } ?? ""
        let shown = Suggestion.list(texts.prefix(8))
        problems.warning(member.place, "\(name) is never this text: it is one of \(shown)\(hint)")
    }

    private func condition(_ node: ConfigNode, _ subject: Subject) {
        guard case .mapping(let operations) = node.value else { return equality(node, subject) }
        for operation in operations {
            let value = operation.value
            switch operation.key {
            case "eq", "ne": equality(value, subject)
            case "in", "nin": for item in items(value) { equality(item, subject) }
            case "gt", "gte", "lt", "lte": order(value, subject)
            case "startsWith", "endsWith": part(value, subject, of: operation.key)
            case "contains": containment(value, subject)
            case "not": condition(value, subject)
            case "any": for item in items(value) { condition(item, subject) }
            default: break
            }
        }
    }

    private func items(_ node: ConfigNode) -> [ConfigNode] {
        if case .sequence(let items) = node.value { items } else { [] }
    }

    private func operand(_ node: ConfigNode) -> Filter.Operand? { FilterLoader(problems: Problems()).operand(node) }

    private func equality(_ node: ConfigNode, _ subject: Subject) {
        guard let operand = operand(node), !subject.admits({ $0.admits(operand) }) else { return }
        if case .text(let text) = operand, let texts = subject.closedTexts {
            let hint = Suggestion.nearest(to: text, in: texts).map { "; did you mean `\($0)`?" } ?? ""
            let shown = texts.prefix(8).joined(separator: "`, `")
            let more = texts.count > 8 ? ", …" : ""
            return warn(node, "\(subject.name) is never this text: it is one of `\(shown)`\(more)\(hint)")
        }
        if case .null = operand { return warn(node, "\(subject.name) is \(subject.kinds), and never null") }
        mismatch(node, subject, operand, "never equals")
    }

    private func order(_ node: ConfigNode, _ subject: Subject) {
        guard let operand = operand(node), !subject.admits({ $0.hasKind(of: operand) }) else { return }
        mismatch(node, subject, operand, "does not compare with")
    }

    private func part(_ node: ConfigNode, _ subject: Subject, of name: String) {
        guard subject.admits({ if case .string = $0.type { true } else { false } }) else {
            return warn(node, "\(subject.name) is \(subject.kinds), and `\(name)` is for texts")
        }
        guard case .scalar(let text, _) = node.value, let texts = subject.closedTexts, !text.isEmpty,
            !texts.contains(where: { name == "startsWith" ? $0.hasPrefix(text) : $0.hasSuffix(text) }),
            !subject.admits({ _ in false })
        else { return }
        warn(node, "\(subject.name) is one of \(Suggestion.list(texts.prefix(8))): none of them fits")
    }

    private func containment(_ node: ConfigNode, _ subject: Subject) {
        guard let operand = operand(node) else { return }
        let isPossible = subject.admits { value in
            switch (value.type, operand) {
            case (.string, .text): true
            case (.array(let type), _): ExpectedValue.each(of: type).contains { $0.type == .any || $0.admits(operand) }
            default: false
            }
        }
        if isPossible { return }
        let isForIt = subject.admits { value in
            switch value.type {
            case .string, .array: true
            default: false
            }
        }
        if isForIt { return mismatch(node, subject, operand, "never contains") }
        warn(node, "\(subject.name) is \(subject.kinds), and `contains` is for texts and lists")
    }

    private func mismatch(_ node: ConfigNode, _ subject: Subject, _ operand: Filter.Operand, _ relation: String) {
        let hint: String
        switch operand {
        case .number, .bool: hint = subject.takesTexts ? "; a text stands in quotes" : ""
        case .text(let text):
            if subject.takesNumbers, (try? JSON.validate(ByteString(text))) != nil {
                hint = "; a number stands without quotes"
            } else {
                hint = subject.takesFlags ? "; write true or false, without quotes" : ""
            }
        case .null: hint = ""
        }
        warn(node, "\(subject.name) is \(subject.kinds) in the catalogue and \(relation) \(operand.kindName)\(hint)")
    }

    private func warn(_ node: ConfigNode, _ message: String) { problems.warning(node.place, message) }
}

extension FilterTypeCheck.Subject {
    fileprivate var takesTexts: Bool { takes(.text("")) }
    fileprivate var takesNumbers: Bool { ExactDecimal("0").map { takes(.number($0)) } ?? false }
    fileprivate var takesFlags: Bool { takes(.bool(true)) || takes(.bool(false)) }

    /// As they are, or as items of a list.
    private func takes(_ operand: Filter.Operand) -> Bool {
        values.contains { value in
            guard case .array(let type) = value.type else { return value.hasKind(of: operand) }
            return ExpectedValue.each(of: type).contains { $0.hasKind(of: operand) }
        }
    }
}

extension ExpectedValue {
    /// A type's choices, each as a value of its own.
    fileprivate static func each(of type: FieldType) -> [ExpectedValue] {
        guard case .union(let types) = type else { return [ExpectedValue(type: type, isNullable: false)] }
        return types.flatMap(each)
    }

    /// Tells whether the value may be this one.
    fileprivate func admits(_ operand: Filter.Operand) -> Bool {
        switch (type, operand) {
        case (_, .null): isNullable
        case (.string(_, let values, let constant), .text(let text)):
            constant.map { $0 == text } ?? (values.isEmpty || values.contains(text))
        case (.integer, .number(let number)): number.isWhole
        case (.boolean(let constant), .bool(let flag)): constant.map { $0 == flag } ?? true
        default: hasKind(of: operand)
        }
    }

    /// Tells whether the value may be of this kind.
    fileprivate func hasKind(of operand: Filter.Operand) -> Bool {
        switch (type, operand) {
        case (.string, .text), (.integer, .number), (.number, .number), (.boolean, .bool): true
        default: false
        }
    }
}

extension FieldType {
    /// The kind of value for messages.
    fileprivate var kindName: String {
        switch self {
        case .string: "a text"
        case .integer: "a whole number"
        case .number: "a number"
        case .boolean: "a boolean"
        case .object, .map: "an object"
        case .array: "a list"
        case .union, .any: "anything"
        }
    }
}

extension Filter.Operand {
    /// The kind of value for messages.
    fileprivate var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "this number"
        case .text: "this text"
        }
    }
}
