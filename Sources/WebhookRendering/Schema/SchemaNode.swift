internal import WebhookCore

/// A small ordered JSON tree for schema output, indented by two spaces.
indirect enum SchemaNode {
    case text(String)
    /// JSON text, such as `true`.
    case literal(String)
    case array([SchemaNode])
    case object([(key: String, value: SchemaNode)])

    /// The tree as indented JSON, without a final line break.
    func render(indent: Int = 0) -> String {
        let inner = String(repeating: " ", count: indent + 2)
        let outer = String(repeating: " ", count: indent)
        switch self {
        case .text(let text): return JSON.string(text)
        case .literal(let text): return text
        case .array(let items):
            if items.allSatisfy(\.isScalar) { return "[" + items.map { $0.render() }.joined(separator: ", ") + "]" }
            let lines = items.map { inner + $0.render(indent: indent + 2) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(outer)]"
        case .object(let members):
            if members.isEmpty { return "{}" }
            let lines = members.map { "\(inner)\(JSON.string($0.key)): \($0.value.render(indent: indent + 2))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
        }
    }

    private var isScalar: Bool {
        switch self {
        case .text, .literal: true
        case .array, .object: false
        }
    }
}
