internal import WebhookCore

/// `fields:` of a topic or an object.
struct FieldLoader {
    private enum TypeName: String, CaseIterable {
        case string, integer, number, boolean, object, array, any
    }

    private enum Format: String, CaseIterable {
        case dateTime = "date-time"
        case date, time, email, uri
    }

    /// Types are copied where they are used, and a few lines that use each other twice would fill the memory.
    private static let fieldLimit = 2_000
    private static let typeKeys = ["type", "oneOf", "format", "enum", "const", "fields", "values", "items"]
    private static let fieldKeys = ["name", "nullable", "optional", "meaning"] + typeKeys

    let problems: Problems
    /// The profile's own types, by name.
    private var types: [String: FieldType] = [:]

    /// A loader that knows the types that a profile defines under `types`. Each may use those above it, so none contains
    /// itself.
    init(typesOf profile: Section, problems: Problems) {
        self.problems = problems
        guard let node = profile.container("types") else { return }
        guard case .mapping(let members) = node.value else {
            problems.error(node.place, "`types` must be a mapping of names to types")
            return
        }
        for member in members {
            guard TypeName(rawValue: member.key) == nil else {
                problems.error(member.place, "`\(member.key)` is a built-in type")
                continue
            }
            guard let type = type(member.value) else { continue }
            guard type.fieldCount <= Self.fieldLimit else {
                let limit = "more than \(Self.fieldLimit) fields, those of the types in it included"
                problems.error(member.place, "the type has \(limit)")
                continue
            }
            types[member.key] = type
        }
    }

    /// The fields of a section that has `fields`; none where it hasn't.
    func fields(_ section: Section) -> [ProfileField] {
        var names: Set<String> = []
        return (section.items("fields") ?? []).compactMap { item in
            guard let entry = Section(item, "a field", keys: Self.fieldKeys, problems: problems) else { return nil }
            entry.require("name")
            let type = type(entry)
            guard let name = entry.text("name"), let type else { return nil }
            if !names.insert(name.value).inserted { problems.error(name.place, "this field stands here twice") }
            return ProfileField(
                name: name.value,
                type: type,
                isNullable: entry.bool("nullable")?.value ?? false,
                isOptional: entry.bool("optional")?.value ?? false,
                meaning: entry.text("meaning")?.value
            )
        }
    }

    /// A type on its own, as an item of an array has one.
    private func type(_ node: ConfigNode) -> FieldType? {
        Section(node, "a type", keys: Self.typeKeys, problems: problems).flatMap(type)
    }

    private func type(_ entry: Section) -> FieldType? {
        if let union = entry.items("oneOf") {
            reject(entry, except: ["oneOf"], of: "a choice of types")
            guard union.count > 1 else {
                problems.error(entry.keyPlace("oneOf") ?? entry.place, "`oneOf` needs at least two types")
                return nil
            }
            return .union(union.compactMap(type))
        }
        entry.require("type", "or `oneOf`")
        if let (name, type) = ownType(entry) {
            reject(entry, except: ["type"], of: "type \(name)")
            return type
        }
        guard let name = entry.choice("type", of: TypeName.self)?.value else { return nil }
        let allowed: [TypeName: [String]] = [
            .string: ["format", "enum", "const"], .boolean: ["const"], .object: ["fields", "values"], .array: ["items"],
        ]
        reject(entry, except: ["type"] + (allowed[name] ?? []), of: "type \(name.rawValue)")
        switch name {
        case .string: return string(entry)
        case .integer: return .integer
        case .number: return .number
        case .boolean: return .boolean(constant: entry.bool("const")?.value)
        case .any: return .any
        case .array: return .array(entry.node("items").flatMap(type) ?? .any)
        case .object:
            guard let values = entry.node("values") else { return .object(fields(entry)) }
            if let place = entry.keyPlace("fields") {
                problems.error(place, "`fields` and `values` exclude each other")
            }
            return type(values).map { .map($0) }
        }
    }

    private func ownType(_ entry: Section) -> (name: String, type: FieldType)? {
        guard case .scalar(let name, _)? = entry.container("type")?.value else { return nil }
        return types[name].map { (name, $0) }
    }

    private func string(_ entry: Section) -> FieldType {
        .string(
            format: entry.choice("format", of: Format.self)?.value.rawValue,
            values: (entry.items("enum") ?? []).compactMap { entry.read.text($0, "a value of `enum`")?.value },
            constant: entry.text("const")?.value
        )
    }

    private func reject(_ entry: Section, except allowed: [String], of name: String) {
        for key in Self.typeKeys where !allowed.contains(key) {
            if let place = entry.keyPlace(key) { problems.error(place, "`\(key)` does not go with \(name)") }
        }
    }
}

extension FieldType {
    /// The number of fields that a type has, those of the types in it included.
    fileprivate var fieldCount: Int {
        switch self {
        case .object(let fields): fields.reduce(fields.count) { $0 + $1.type.fieldCount }
        case .map(let type), .array(let type): type.fieldCount
        case .union(let types): types.reduce(0) { $0 + $1.fieldCount }
        case .string, .integer, .number, .boolean, .any: 0
        }
    }
}
