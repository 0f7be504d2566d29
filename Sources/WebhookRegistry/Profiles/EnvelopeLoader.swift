internal import WebhookCore

/// `body:` of a profile → the members of its envelope.
struct EnvelopeLoader {
    let problems: Problems

    /// The members, and whether the body is a list that holds the one envelope.
    func load(_ node: ConfigNode) -> (members: [EnvelopeMember], isList: Bool)? {
        if case .sequence(let items) = node.value {
            guard items.count == 1, case .mapping = items[0].value else {
                problems.error(node.place, "`body` may be a list of one mapping: a batch that holds the one event")
                return nil
            }
            return envelope(items[0]).map { ($0, true) }
        }
        return envelope(node).map { ($0, false) }
    }

    private func envelope(_ node: ConfigNode) -> [EnvelopeMember]? {
        guard case .mapping(let members) = node.value, !members.isEmpty else {
            problems.error(node.place, "`body` must be a mapping with at least one member")
            return nil
        }
        return self.members(members)
    }

    /// All members, or `nil` where one of them has a problem.
    private func members(_ members: [ConfigNode.Member]) -> [EnvelopeMember]? {
        if let problem = SourceRules.problem(of: members) {
            problems.error(members[0].place, problem)
            return nil
        }
        let loaded = members.map { member in
            let value = member.key == "..." ? merge(member.value) : value(member.value)
            return value.map { EnvelopeMember(name: member.key, value: $0) }
        }
        return loaded.contains { $0 == nil } ? nil : loaded.compactMap { $0 }
    }

    /// `"...": "$data"`
    private func merge(_ node: ConfigNode) -> EnvelopeValue? {
        guard case .scalar(let text, _) = node.value, let reference = EnvelopeReference(dollar: text),
            reference.isObjectOfEvent
        else {
            problems.error(node.place, "`...` merges an object: \"$payload\", \"$data\" or \"$data.path\"")
            return nil
        }
        return .merge(reference)
    }

    private func value(_ node: ConfigNode) -> EnvelopeValue? {
        switch node.value {
        case .null: return .literal("null")
        case .mapping(let members):
            return isInstruction(members) ? mapped(node) : self.members(members).map { .object($0) }
        case .sequence(let items) where items.allSatisfy(isPlainReference):
            let references = items.compactMap(reference)
            guard !items.isEmpty, references.count == items.count else {
                problems.error(
                    node.place,
                    "a list needs references, and the first that is present is taken: [\"$data.id\"]"
                )
                return nil
            }
            return .firstOf(references)
        case .sequence: return mapped(node)
        case .scalar(let text, _):
            if text.hasPrefix("$$") { return .literal(JSON.string(String(text.dropFirst()))) }
            if text.hasPrefix("$"), text.contains("|") { return mapped(node) }
            if text.hasPrefix("$") { return reference(node).map { .reference($0) } }
            return .literal(node.json)
        }
    }

    private func reference(_ node: ConfigNode) -> EnvelopeReference? {
        guard case .scalar(let text, _) = node.value, text.hasPrefix("$") else { return nil }
        guard let reference = EnvelopeReference(dollar: text) else {
            problems.error(node.place, EnvelopeReference.unknown(text))
            return nil
        }
        if case .item = reference {
            problems.error(node.place, "$item stands within `$item` of `$each` alone")
            return nil
        }
        return reference
    }

    /// A value in the language of mappings.
    private func mapped(_ node: ConfigNode) -> EnvelopeValue? {
        var loader = PayloadLoader(problems: problems, wire: nil, variables: nil)
        loader.allowsPayload = true
        return loader.load(node).map { .mapped($0) }
    }

    private func isInstruction(_ members: [ConfigNode.Member]) -> Bool {
        members.contains { $0.key.hasPrefix("$") && !$0.key.hasPrefix("$$") }
    }

    private func isPlainReference(_ node: ConfigNode) -> Bool {
        guard case .scalar(let text, _) = node.value else { return false }
        return text.hasPrefix("$") && !text.hasPrefix("$$") && !text.contains("|")
    }
}

extension EnvelopeReference {
    /// Reads `$id`, `$data.a.b`, `$wire.action`, ….
    init?(dollar text: String) {
        guard text.hasPrefix("$") else { return nil }
        let path = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard !path.contains("") else { return nil }
        let rest = Array(path.dropFirst())
        switch (path[0], rest) {
        case ("id", []): self = .id
        case ("topic", []): self = .topic
        case ("tenant", []): self = .tenant
        case ("test", []): self = .test
        case ("data", _): self = .data(path: rest)
        case ("payload", _): self = .payload(path: rest)
        case ("item", _): self = .item(path: rest)
        case ("vars", _) where rest.count == 1: self = .vars(rest[0])
        case ("occurredAt", []): self = .occurredAt(.milliseconds)
        case ("occurredAt", _) where rest.count == 1:
            guard let format = TimeFormat.named[rest[0]] else { return nil }
            self = .occurredAt(format)
        case ("wire", _) where rest.count == 1: self = .wire(rest[0])
        default: return nil
        }
    }
}

extension EnvelopeReference {
    private static let names = [
        "data", "payload", "id", "topic", "tenant", "test", "occurredAt", "wire", "vars", "item",
    ]

    /// The message about a `$` text that is none, with the one that may have been meant.
    static func unknown(_ text: String) -> String {
        let known =
            "unknown reference; there are $data, $data.PATH, $payload, $id, $topic, $tenant, $test, $occurredAt, "
            + "$occurredAt.FORMAT (\(TimeFormat.named.keys.sorted().joined(separator: ", "))), $wire.KEY, $vars.NAME, and "
            + "$item in a list; $$ stands for $"
        let path = text.dropFirst().split(separator: ".").map(String.init)
        guard let first = path.first, path.allSatisfy(KeyText.isPlain) else { return known }
        let meant: [String]?
        if first == "occurredAt", path.count == 2 {
            meant = Suggestion.nearest(to: path[1], in: TimeFormat.named.keys.sorted()).map { [first, $0] }
        } else {
            meant = Suggestion.nearest(to: first, in: names).map { [$0] + path.dropFirst() }
        }
        guard let meant, EnvelopeReference(dollar: "$" + meant.joined(separator: ".")) != nil else { return known }
        return "unknown reference; did you mean $\(meant.joined(separator: "."))?"
    }

    /// True when an object may stand there, whose members could be merged.
    var isObjectOfEvent: Bool {
        switch self {
        case .data, .payload: true
        default: false
        }
    }
}

extension EnvelopeValue {
    /// The wire names that it needs.
    var wireKeys: [String] {
        func key(_ reference: EnvelopeReference) -> [String] {
            if case .wire(let key) = reference { [key] } else { [] }
        }
        switch self {
        case .literal: return []
        case .reference(let reference), .merge(let reference): return key(reference)
        case .firstOf: return []
        case .mapped(let value): return value.references.flatMap(key)
        case .object(let members): return members.flatMap(\.value.wireKeys)
        }
    }
}
