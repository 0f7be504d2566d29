internal import WebhookCore

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
    /// Sections over lists multiply: after so many tags the rest is not judged.
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
