internal import WebhookCore

/// `body:` of a profile → the members of its envelope.
struct EnvelopeLoader {
    let problems: Problems

    func load(_ node: ConfigNode) -> [EnvelopeMember]? {
        guard case .mapping(let members) = node.value, !members.isEmpty else {
            problems.error(node.place, "`body` must be a mapping with at least one member")
            return nil
        }
        return self.members(members)
    }

    /// All members, or `nil` where one of them has a problem.
    private func members(_ members: [ConfigNode.Member]) -> [EnvelopeMember]? {
        let loaded = members.map { member in
            let value = member.key == "..." ? merge(member.value) : value(member.value)
            return value.map { EnvelopeMember(name: member.key, value: $0) }
        }
        return loaded.contains { $0 == nil } ? nil : loaded.compactMap { $0 }
    }

    /// `"...": "$data"`
    private func merge(_ node: ConfigNode) -> EnvelopeValue? {
        guard case .scalar(let text, _) = node.value, let reference = EnvelopeReference(dollar: text),
            case .data = reference
        else {
            problems.error(node.place, "`...` merges an object of the data: \"$data\" or \"$data.path\"")
            return nil
        }
        return .merge(reference)
    }

    private func value(_ node: ConfigNode) -> EnvelopeValue? {
        switch node.value {
        case .null: return .literal("null")
        case .mapping(let members): return self.members(members).map { .object($0) }
        case .sequence(let items):
            let references = items.compactMap(reference)
            guard !items.isEmpty, references.count == items.count else {
                problems.error(
                    node.place,
                    "a list needs references, the first present of which is taken: [\"$data.id\"]"
                )
                return nil
            }
            return .firstOf(references)
        case .scalar(let text, _):
            if text.hasPrefix("$$") { return .literal(JSON.string(String(text.dropFirst()))) }
            if text.hasPrefix("$") { return reference(node).map { .reference($0) } }
            return .literal(node.json)
        }
    }

    private func reference(_ node: ConfigNode) -> EnvelopeReference? {
        guard case .scalar(let text, _) = node.value, text.hasPrefix("$") else { return nil }
        guard let reference = EnvelopeReference(dollar: text) else {
            problems.error(
                node.place,
                "unknown reference; there are $id, $topic, $tenant, $test, $data, $data.PATH, $occurredAt, "
                    + "$occurredAt.seconds, $occurredAt.unix, $occurredAt.unixMs and $wire.KEY; $$ stands for $"
            )
            return nil
        }
        return reference
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
        case ("occurredAt", []): self = .occurredAt(.milliseconds)
        case ("occurredAt", ["seconds"]): self = .occurredAt(.seconds)
        case ("occurredAt", ["unix"]): self = .occurredAt(.unix)
        case ("occurredAt", ["unixMs"]): self = .occurredAt(.unixMilliseconds)
        case ("wire", _) where rest.count == 1: self = .wire(rest[0])
        default: return nil
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
        case .object(let members): return members.flatMap(\.value.wireKeys)
        }
    }
}
