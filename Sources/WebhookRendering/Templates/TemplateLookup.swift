internal import WebhookCore

/// The names at a template's outermost level.
///
/// Belongs to one rendering on one thread.
final class TemplateRoot {
    private let values: [String: JSONValue]
    private let scope: BodyScope?
    /// Why the data could not be read, once something asked for it.
    private(set) var failure: RenderingError?

    /// The scope of a body: `id`, `topic`, `tenant`, `occurredAt`, `timestamp`, `test`, `data`, `payload`, `wire` and `vars`.
    init(body scope: BodyScope) {
        let event = scope.context.event
        self.scope = scope
        values = [
            "id": .made(.string(event.id)),
            "topic": .made(.string(event.topic)),
            "tenant": .made(event.tenant.map { .string($0) } ?? .null),
            "occurredAt": .made(.string(event.occurredAt.description)),
            "timestamp": .made(.number(String(event.occurredAt.unixSeconds))),
            "test": .made(.bool(event.isTest)),
            "wire": Self.wire(scope.topic),
            "vars": Self.vars(scope.variables),
        ]
    }

    /// The scope of a header: `id`, `topic`, `tenant`, `deliveryId`, `attempt`, `timestamp` (of the attempt), `test`, `wire`,
    /// `vars`.
    init(header attempt: AttemptContext, topic: ProfileTopic?, _ variables: [Variable]) {
        scope = nil
        values = [
            "id": .made(.string(attempt.event.id)),
            "topic": .made(.string(attempt.event.topic)),
            "tenant": .made(attempt.event.tenant.map { .string($0) } ?? .null),
            "deliveryId": .made(attempt.delivery.map { .string($0.description) } ?? .null),
            "attempt": .made(.number(String(attempt.attempt))),
            "timestamp": .made(.number(String(attempt.at.unixSeconds))),
            "test": .made(.bool(attempt.event.isTest)),
            "wire": topic.map(Self.wire) ?? .made(.object([])),
            "vars": Self.vars(variables),
        ]
    }

    private static func wire(_ topic: ProfileTopic) -> JSONValue {
        .made(.object(topic.wire.map { JSONValue.Member(key: $0.key, value: .made(.string($0.value))) }))
    }

    private static func vars(_ variables: [Variable]) -> JSONValue {
        .made(.object(variables.map { JSONValue.Member(key: $0.name, value: .made($0.value.kind)) }))
    }

    /// The value of a name; `nil` for one that is not in scope.
    func value(named name: String) -> JSONValue? {
        if let value = values[name] { return value }
        guard let scope, name == "data" || name == "payload" else { return nil }
        do {
            return name == "data" ? try scope.context.data() : try scope.payloadValue()
        } catch {
            failure = error
            return nil
        }
    }
}

/// Finds which of a template's names the examples provide, by the same rules as rendering does.
///
/// A section that an example leaves out (null, false, an empty array) is looked into all the same, with the scopes
/// around it; what stands in a section whose own name is missing is not judged.
struct TemplateLookup {
    private enum Scope {
        case root(TemplateRoot)
        case value(JSONValue)

        func value(named name: String) -> JSONValue? {
            switch self {
            case .root(let root): root.value(named: name)
            case .value(let value): value.value(at: CollectionOfOne(name))
            }
        }
    }

    private let elements: [TemplateElement]
    private var provided: Set<TemplateTag> = []
    /// Sections over lists multiply: after this number of tags the rest is not judged.
    private var stepsLeft = 1 << 20

    init(_ elements: [TemplateElement]) {
        self.elements = elements
    }

    /// Notes what one example provides.
    mutating func add(_ root: TemplateRoot) { walk(elements, [.root(root)]) }

    /// The tags that no example so far provides, in order.
    var missing: [TemplateTag] { stepsLeft > 0 ? missing(in: elements) : [] }

    private func missing(in elements: [TemplateElement]) -> [TemplateTag] {
        elements.flatMap { element -> [TemplateTag] in
            switch element {
            case .text, .comment: []
            case .variable(let tag, _): provided.contains(tag) ? [] : [tag]
            case .section(let tag, let isInverted, let content):
                provided.contains(tag) ? missing(in: content) : [tag] + (isInverted ? missing(in: content) : [])
            }
        }
    }

    private mutating func walk(_ elements: [TemplateElement], _ scopes: [Scope]) {
        for element in elements {
            guard stepsLeft > 0 else { return }
            stepsLeft -= 1
            switch element {
            case .text, .comment: break
            case .variable(let tag, _):
                if tag.name == "." || value(tag.name, scopes) != nil { provided.insert(tag) }
            case .section(let tag, let isInverted, let content):
                let value = value(tag.name, scopes)
                if value != nil { provided.insert(tag) }
                guard !isInverted, let value else {
                    if isInverted { walk(content, scopes) }
                    continue
                }
                switch value.kind {
                case .array(let items) where !items.isEmpty:
                    for item in items { walk(content, scopes + [.value(item)]) }
                case .null, .bool(false), .array: walk(content, scopes)
                default: walk(content, scopes + [.value(value)])
                }
            }
        }
    }

    /// The first part of a name is looked for from the innermost scope outwards, the others in what it gives.
    private func value(_ name: String, _ scopes: [Scope]) -> JSONValue? {
        if name == ".", case .value(let value)? = scopes.last { return value }
        let path = name.split(separator: ".").map(String.init)
        guard let first = path.first else { return nil }
        let searched = name.hasPrefix(".") ? scopes.suffix(1) : scopes[...]
        for scope in searched.reversed() {
            if let value = scope.value(named: first) { return value.value(at: path.dropFirst()) }
        }
        return nil
    }
}
