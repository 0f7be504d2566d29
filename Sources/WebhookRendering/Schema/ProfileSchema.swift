package import WebhookCore

/// Machine-readable descriptions of a topic's `data`, made from the fields that a profile lists.
package enum ProfileSchema {
    /// A JSON Schema (draft 2020-12) of the topic's `data`, indented, keys in a fixed order, without a final line break.
    ///
    /// Fields that the profile doesn't list are allowed: platforms add fields without notice. A topic without listed
    /// fields allows anything.
    package static func jsonSchema(for topic: ProfileTopic) -> String {
        var members: [(key: String, value: SchemaNode)] = [
            ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
            ("title", .text(topic.title)),
            ("description", .text(description(of: topic))),
        ]
        if !topic.fields.isEmpty { members += object(topic.fields) }
        return SchemaNode.object(members).render()
    }

    static func description(of topic: ProfileTopic) -> String {
        [topic.trigger, topic.note, topic.isDocumented ? nil : "Inferred: the platform does not publish it."]
            .compactMap { $0 }.joined(separator: " ")
    }

    private static func object(_ fields: [ProfileField]) -> [(key: String, value: SchemaNode)] {
        var members: [(key: String, value: SchemaNode)] = [
            ("type", .text("object")),
            ("properties", .object(fields.map { ($0.name, property($0)) })),
        ]
        let required = fields.filter { !$0.isOptional }
        if !required.isEmpty { members.append(("required", .array(required.map { .text($0.name) }))) }
        return members
    }

    private static func property(_ field: ProfileField) -> SchemaNode {
        var members: [(key: String, value: SchemaNode)] = []
        if let meaning = field.meaning { members.append(("description", .text(meaning))) }
        members += field.isNullable ? nullable(field.type) : schema(field.type)
        return .object(members)
    }

    private static func schema(_ type: FieldType) -> [(key: String, value: SchemaNode)] {
        switch type {
        case .string(let format, let values, let constant):
            var members: [(key: String, value: SchemaNode)] = [("type", .text("string"))]
            if let format { members.append(("format", .text(format))) }
            if !values.isEmpty { members.append(("enum", .array(values.map { .text($0) }))) }
            if let constant { members.append(("const", .text(constant))) }
            return members
        case .integer: return [("type", .text("integer"))]
        case .number: return [("type", .text("number"))]
        case .boolean(let constant):
            return [("type", .text("boolean"))] + (constant.map { [("const", .literal($0 ? "true" : "false"))] } ?? [])
        case .object(let fields): return fields.isEmpty ? [("type", .text("object"))] : object(fields)
        case .map(let value):
            return [("type", .text("object")), ("additionalProperties", .object(schema(value)))]
        case .array(let item): return [("type", .text("array")), ("items", .object(schema(item)))]
        case .union(let types): return [("anyOf", .array(types.map { .object(schema($0)) }))]
        case .any: return []
        }
    }

    /// A type or null. Only an unrestricted `type` can take null as a second name.
    private static func nullable(_ type: FieldType) -> [(key: String, value: SchemaNode)] {
        let null: SchemaNode = .object([("type", .text("null"))])
        switch type {
        case .any: return []
        case .union(let types): return [("anyOf", .array(types.map { .object(schema($0)) } + [null]))]
        case .string(_, let values, let constant) where !values.isEmpty || constant != nil:
            return [("anyOf", .array([.object(schema(type)), null]))]
        case .boolean(.some): return [("anyOf", .array([.object(schema(type)), null]))]
        default:
            return schema(type).map { member in
                guard member.key == "type" else { return member }
                return ("type", .array([member.value, .text("null")]))
            }
        }
    }
}

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
