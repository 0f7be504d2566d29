internal import WebhookCore
internal import Webhooks

/// Topics as JSON and for people.
enum TopicOutput {
    static func json(_ entry: TopicCatalog.Entry) -> JSONOutput { .object(members(entry)) }

    /// - Parameter others: the further profiles that list the topic.
    static func fullJSON(_ entry: TopicCatalog.Entry, others: [String]) -> JSONOutput {
        let topic = entry.topic
        return .object(
            members(entry) + [
                ("trigger", .text(topic.trigger)),
                ("note", .string(topic.note)),
                ("example", .raw(topic.example.raw)),
                ("schema", .raw(ByteString(entry.schema))),
                ("otherProfiles", .strings(others)),
            ]
        )
    }

    private static func members(_ entry: TopicCatalog.Entry) -> [(String, JSONOutput)] {
        [
            ("topic", .text(entry.topic.topic)),
            ("profile", .text(entry.profile.name)),
            ("title", .text(entry.topic.title)),
            ("wire", .object(entry.topic.wire.map { ($0.key, .text($0.value)) })),
            ("documented", .bool(entry.topic.isDocumented)),
        ]
    }

    /// The names on the wire: `resource=user action=signup`.
    static func wire(_ topic: ProfileTopic) -> String {
        topic.wire.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    /// - Parameter others: the further profiles that list the topic.
    static func write(_ entry: TopicCatalog.Entry, others: [String]) {
        let terminal = Terminal.standardOutput
        let topic = entry.topic
        func fact(_ name: String, _ value: String) {
            let padded = name + String(repeating: " ", count: max(1, 10 - name.count))
            Output.standard.writeLine(terminal.styled(padded, .dim) + PlainText.escaped(value))
        }
        Output.standard.writeLine(terminal.styled(PlainText.escaped(topic.topic), .bold))
        fact("title", topic.title)
        fact("profile", "\(entry.profile.name) (\(entry.profile.title))")
        if !others.isEmpty { fact("also in", others.joined(separator: ", ")) }
        fact("source", topic.isDocumented ? "documented by the platform" : "inferred")
        fact("trigger", topic.trigger)
        if !topic.wire.isEmpty { fact("wire", wire(topic)) }
        if let note = topic.note { fact("note", note) }
        if let notes = entry.profile.notes { fact("platform", notes) }
        if !topic.fields.isEmpty {
            Output.standard.writeLine()
            fields(of: topic).write()
        }
        Output.standard.writeLine()
        Output.standard.writeLine(terminal.styled("example", .dim))
        Output.standard.writeLine(PlainText.escapedLines(topic.example.raw.text))
    }

    private static func fields(of topic: ProfileTopic) -> Table {
        var table = Table([
            .init("FIELD", flexible: true), .init("TYPE", flexible: true), .init("MEANING", flexible: true),
        ])
        add(topic.fields, path: "data", to: &table)
        return table
    }

    private static func add(_ fields: [ProfileField], path: String, to table: inout Table) {
        for field in fields {
            let name = "\(path).\(field.name)"
            var type = describe(field.type)
            if field.isNullable { type += " or null" }
            if field.isOptional { type += ", optional" }
            table.add([.init(name), .init(type), .init(field.meaning ?? "")])
            switch field.type {
            case .object(let inner): add(inner, path: name, to: &table)
            case .array(.object(let inner)): add(inner, path: name + "[]", to: &table)
            default: break
            }
        }
    }

    private static func describe(_ type: FieldType) -> String {
        switch type {
        case .string(let format, let values, let constant):
            if let constant { return "\"\(constant)\"" }
            if !values.isEmpty { return values.map { "\"\($0)\"" }.joined(separator: " | ") }
            return format.map { "string (\($0))" } ?? "string"
        case .integer: return "integer"
        case .number: return "number"
        case .boolean(let constant): return constant.map { "\($0)" } ?? "boolean"
        case .object: return "object"
        case .map(let values): return "map of \(describe(values))"
        case .array(let items): return "array of \(describe(items))"
        case .union(let types): return types.map(describe).joined(separator: " | ")
        case .any: return "any"
        }
    }
}
