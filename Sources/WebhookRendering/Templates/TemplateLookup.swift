internal import WebhookCore

/// The names at a template's outermost level. Each value is made when it is asked for: most templates use a few.
///
/// Belongs to one rendering on one thread.
final class TemplateRoot {
    private enum Scope {
        case body(BodyScope)
        case header(AttemptContext, ProfileTopic?, [Variable])
    }

    private let scope: Scope
    /// The reason why the data could not be read, once something asked for it.
    private(set) var failure: RenderingError?

    /// The scope of a body: `id`, `topic`, `tenant`, `occurredAt`, `timestamp`, `test`, `data`, `payload`, `wire` and `vars`.
    init(body scope: BodyScope) { self.scope = .body(scope) }

    /// The scope of a header: `id`, `topic`, `tenant`, `deliveryId`, `attempt`, `timestamp` (of the attempt), `test`, `wire`,
    /// `vars`.
    init(header attempt: AttemptContext, topic: ProfileTopic?, _ variables: [Variable]) {
        scope = .header(attempt, topic, variables)
    }

    /// The names that are in scope, in a fixed order.
    var names: [String] {
        switch scope {
        case .body:
            ["id", "occurredAt", "tenant", "test", "timestamp", "topic", "vars", "wire", "data", "payload"]
        case .header: ["attempt", "deliveryId", "id", "tenant", "test", "timestamp", "topic", "vars", "wire"]
        }
    }

    /// The value of a name; `nil` for one that is not in scope.
    func value(named name: String) -> JSONValue? {
        switch scope {
        case .body(let scope): value(named: name, in: scope)
        case .header(let attempt, let topic, let variables): Self.value(named: name, of: attempt, topic, variables)
        }
    }

    private func value(named name: String, in scope: BodyScope) -> JSONValue? {
        let event = scope.context.event
        switch name {
        case "data", "payload":
            do {
                return name == "data" ? try scope.context.data() : try scope.payloadValue()
            } catch {
                failure = error
                return nil
            }
        case "id": return .made(.string(event.id))
        case "topic": return .made(.string(event.topic))
        case "tenant": return .made(event.tenant.map { .string($0) } ?? .null)
        case "occurredAt": return .made(.string(event.occurredAt.description))
        case "timestamp": return .made(.number(String(event.occurredAt.unixSeconds)))
        case "test": return .made(.bool(event.isTest))
        case "wire": return Self.wire(scope.topic)
        case "vars": return Self.vars(scope.variables)
        default: return nil
        }
    }

    private static func value(
        named name: String,
        of attempt: AttemptContext,
        _ topic: ProfileTopic?,
        _ variables: [Variable]
    ) -> JSONValue? {
        switch name {
        case "id": .made(.string(attempt.event.id))
        case "topic": .made(.string(attempt.event.topic))
        case "tenant": .made(attempt.event.tenant.map { .string($0) } ?? .null)
        case "deliveryId": .made(attempt.delivery.map { .string($0.description) } ?? .null)
        case "attempt": .made(.number(String(attempt.attempt)))
        case "timestamp": .made(.number(String(attempt.at.unixSeconds)))
        case "test": .made(.bool(attempt.event.isTest))
        case "wire": topic.map(wire) ?? .made(.object([]))
        case "vars": vars(variables)
        default: nil
        }
    }

    private static func wire(_ topic: ProfileTopic) -> JSONValue {
        .made(.object(topic.wire.map { JSONValue.Member(key: $0.key, value: .made(.string($0.value))) }))
    }

    private static func vars(_ variables: [Variable]) -> JSONValue {
        .made(.object(variables.map { JSONValue.Member(key: $0.name, value: .made($0.value.kind)) }))
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

        var names: [String] {
            switch self {
            case .root(let root): root.names
            case .value(let value): value.object?.map(\.key) ?? []
            }
        }
    }

    /// The most missing tags that are named, each with its place.
    static let mostNamed = 40
    /// The most that are thought about: some may be provided by a later example.
    private static let mostGuessed = 10 * mostNamed

    private let elements: [TemplateElement]
    private var provided: Set<TemplateTag> = []
    /// The names that may have been meant by tags that an example lacks.
    private(set) var meant: [TemplateTag: String] = [:]
    /// The tags that were thought about: once each, for a section may repeat them without end.
    private var guessed: Set<TemplateTag> = []
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
                if tag.name == "." || value(tag.name, scopes) != nil {
                    provided.insert(tag)
                } else {
                    guess(tag, scopes)
                }
            case .section(let tag, let isInverted, let content):
                let value = value(tag.name, scopes)
                if value != nil { provided.insert(tag) } else { guess(tag, scopes) }
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

    /// Notes the name that may have been meant by one that leads nowhere.
    private mutating func guess(_ tag: TemplateTag, _ scopes: [Scope]) {
        guard !provided.contains(tag), guessed.count < Self.mostGuessed, guessed.insert(tag).inserted else { return }
        let path = tag.name.split(separator: ".").map(String.init)
        guard let first = path.first else { return }
        let rest = path.dropFirst()
        let isInnermost = tag.name.hasPrefix(".")
        let searched = isInnermost ? scopes.suffix(1) : scopes[...]
        var found: [String]?
        if let value = searched.reversed().lazy.compactMap({ $0.value(named: first) }).first {
            found = Self.nearest(to: rest, in: value).map { [first] + $0 }
        } else {
            for scope in searched.reversed() where found == nil {
                guard let near = Suggestion.nearest(to: first, in: scope.names) else { continue }
                if scope.value(named: near)?.value(at: rest) != nil { found = [near] + rest }
            }
        }
        meant[tag] = found.map { (isInnermost ? "." : "") + $0.joined(separator: ".") }
    }

    /// The path that is there, where one name of a path is mistyped.
    private static func nearest(to path: ArraySlice<String>, in value: JSONValue) -> [String]? {
        guard let name = path.first else { return nil }
        let rest = path.dropFirst()
        if let next = value.value(at: CollectionOfOne(name)) { return nearest(to: rest, in: next).map { [name] + $0 } }
        guard let near = Suggestion.nearest(to: name, in: value.object?.map(\.key) ?? []) else { return nil }
        return value[near]?.value(at: rest) == nil ? nil : [near] + rest
    }
}
