internal import WebhookCore

/// A JSON value to write, with its members in order.
indirect enum SchemaValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    case text(String)
    case flag(Bool)
    case number(String)
    case list([SchemaValue])
    case object([(String, SchemaValue)])

    init(stringLiteral value: String) { self = .text(value) }
    init(booleanLiteral value: Bool) { self = .flag(value) }
    init(integerLiteral value: Int) { self = .number(String(value)) }
    init(arrayLiteral elements: SchemaValue...) { self = .list(elements) }
    init(dictionaryLiteral elements: (String, SchemaValue)...) { self = .object(elements) }

    /// The value with further members; those it has stay.
    func with(_ more: [(String, SchemaValue)]) -> SchemaValue {
        guard case .object(let members) = self else { return self }
        return .object(members + more)
    }

    /// As a document, indented by two spaces; short values on one line.
    func document(indent: String = "") -> String {
        let flat = line
        if flat.count + indent.count <= 100 { return flat }
        let inner = indent + "  "
        switch self {
        case .text, .flag, .number: return flat
        case .list(let items):
            let lines = items.map { inner + $0.document(indent: inner) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(indent)]"
        case .object(let members):
            let lines = members.map { "\(inner)\(JSON.string($0.0)): \($0.1.document(indent: inner))" }
            return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
        }
    }

    private var line: String {
        switch self {
        case .text(let text): JSON.string(text)
        case .flag(let flag): flag ? "true" : "false"
        case .number(let text): text
        case .list(let items): "[" + items.map(\.line).joined(separator: ", ") + "]"
        case .object(let members):
            members.isEmpty
                ? "{}" : "{ " + members.map { "\(JSON.string($0.0)): \($0.1.line)" }.joined(separator: ", ") + " }"
        }
    }
}
