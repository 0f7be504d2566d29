package import WebhookCore

extension ProfileSchema {
    /// A TypeScript declaration of the topic's `data`, exported, without a final line break.
    ///
    /// - Parameters:
    ///   - topic: what the profile knows.
    ///   - name: the topic's name where the profile's entry stands for every topic; default: the entry's own.
    package static func typeScript(for topic: ProfileTopic, named name: String? = nil) -> String {
        let typeName = typeScriptName(of: name ?? topic.topic)
        let heading = comment("\(topic.title). \(description(of: topic))", indent: 0)
        guard !topic.fields.isEmpty else { return heading + "export type \(typeName) = unknown;" }
        return heading + "export interface \(typeName) \(block(topic.fields, indent: 0))"
    }

    /// `course.created` gives `CourseCreatedData`; the entry for every topic gives `EventData`.
    static func typeScriptName(of topic: String) -> String {
        guard topic != ProfileTopic.anyName else { return "EventData" }
        let words = topic.split { $0 == "." || $0 == "_" }
        let name = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + "Data"
        return name.first?.isNumber == true ? "_" + name : name
    }

    private static func block(_ fields: [ProfileField], indent: Int) -> String {
        let inner = String(repeating: " ", count: indent + 2)
        let lines = fields.map { field in
            let meaning = field.meaning.map { comment($0, indent: indent + 2) } ?? ""
            let type =
                self.type(field.type, indent: indent + 2) + (field.isNullable && field.type != .any ? " | null" : "")
            return "\(meaning)\(inner)\(key(field.name))\(field.isOptional ? "?" : ""): \(type);\n"
        }
        return "{\n" + lines.joined() + String(repeating: " ", count: indent) + "}"
    }

    private static func type(_ type: FieldType, indent: Int) -> String {
        switch type {
        case .string(_, let values, let constant):
            if let constant { return JSON.string(constant) }
            return values.isEmpty ? "string" : values.map(JSON.string).joined(separator: " | ")
        case .integer, .number: return "number"
        case .boolean(let constant): return constant.map { $0 ? "true" : "false" } ?? "boolean"
        case .object(let fields): return fields.isEmpty ? "Record<string, unknown>" : block(fields, indent: indent)
        case .map(let value): return "Record<string, \(self.type(value, indent: indent))>"
        case .array(let item): return "Array<\(self.type(item, indent: indent))>"
        case .union(let types): return types.map { self.type($0, indent: indent) }.joined(separator: " | ")
        case .any: return "unknown"
        }
    }

    /// A key, in quotes where it is no identifier.
    private static func key(_ name: String) -> String {
        let isIdentifier = name.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                UInt8(ascii: "$"):
                true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
            default: false
            }
        }
        return isIdentifier && !name.isEmpty ? name : JSON.string(name)
    }

    private static func comment(_ text: String, indent: Int) -> String {
        let line = text.replacing("*/", with: "* /").split(whereSeparator: \.isNewline).joined(separator: " ")
        return "\(String(repeating: " ", count: indent))/** \(line) */\n"
    }
}
