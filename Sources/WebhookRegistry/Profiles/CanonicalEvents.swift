internal import WebhookCore

/// The paths that an event's data may have: those of the canonical event and of the platforms' own dialects.
struct CanonicalEvents {
    /// The catalogue's description of a topic's canonical event; `nil` where it has none.
    let topic: (_ name: String) -> ProfileTopic?
    /// The topics that it describes.
    var names: () -> [String] = { [] }

    /// Nothing is known: no path is judged.
    static var unknown: CanonicalEvents { CanonicalEvents { _ in nil } }

    init(topic: @escaping (_ name: String) -> ProfileTopic?) {
        self.topic = topic
    }

    /// Takes the events of a catalogue.
    init(_ catalog: ProfileCatalog) {
        topic = { catalog.profile(named: ProfileCatalog.canonicalName)?.topic($0) }
        names = { catalog.profile(named: ProfileCatalog.canonicalName)?.topics.map(\.topic) ?? [] }
    }

    /// The reason why the data of a topic can't have a path; `nil` where they can, or where nothing is known.
    ///
    /// - Parameter own: what the platform says of the topic, whose data may come in as they are.
    func problem(_ path: [String], of name: String, own: [ProfileField], for audience: Audience) -> String? {
        guard let canonical = topic(name), !canonical.fields.isEmpty else { return nil }
        let known = [canonical.fields, own].filter { !$0.isEmpty }
        guard !known.contains(where: { FieldPath.isKnown(path, in: $0) }) else { return nil }
        let hint = known.lazy.compactMap { FieldPath.suggestion(for: path, in: $0) }.first
        let shown = path.allSatisfy(KeyText.isPlain) ? " `data.\(path.joined(separator: "."))`" : " this path"
        let message = "neither the canonical event of \(name) nor the topic's `fields` have\(shown)"
        return hint.map { "\(message); did you mean `data.\($0)`?" }
            ?? Remedy.showTopic(name).text(after: message, for: audience)
    }
}

/// Paths through the fields of a topic.
enum FieldPath {
    /// Tells whether a path leads somewhere, or where nobody knows what there is.
    static func isKnown(_ path: [String], in fields: [ProfileField]) -> Bool {
        isKnown(path[...], .object(fields))
    }

    private static func isKnown(_ path: ArraySlice<String>, _ type: FieldType) -> Bool {
        guard let name = path.first else { return true }
        let rest = path.dropFirst()
        switch type {
        case .any: return true
        case .object(let fields):
            guard !fields.isEmpty else { return true }
            return fields.contains { $0.name.utf8.elementsEqual(name.utf8) && isKnown(rest, $0.type) }
        case .map(let type): return isKnown(rest, type)
        case .array(let type): return Int(name) != nil && isKnown(rest, type)
        case .union(let types): return types.contains { isKnown(path, $0) }
        case .string, .integer, .number, .boolean: return false
        }
    }

    /// The values that may stand at a path; none where it leads nowhere.
    static func values(at path: some Collection<String>, in fields: [ProfileField]) -> [ExpectedValue] {
        values(at: Array(path)[...], ExpectedValue(type: .object(fields), isNullable: false))
    }

    private static func values(at path: ArraySlice<String>, _ value: ExpectedValue) -> [ExpectedValue] {
        if case .union(let types) = value.type {
            return types.flatMap { values(at: path, ExpectedValue(type: $0, isNullable: value.isNullable)) }
        }
        guard let name = path.first else { return [value] }
        let rest = path.dropFirst()
        switch value.type {
        case .any: return [ExpectedValue(type: .any, isNullable: true)]
        case .object(let fields):
            guard !fields.isEmpty else { return [ExpectedValue(type: .any, isNullable: true)] }
            return fields.filter { $0.name.utf8.elementsEqual(name.utf8) }.flatMap {
                values(at: rest, ExpectedValue(type: $0.type, isNullable: $0.isNullable))
            }
        case .map(let type): return values(at: rest, ExpectedValue(type: type, isNullable: false))
        case .array(let type):
            return Int(name) == nil ? [] : values(at: rest, ExpectedValue(type: type, isNullable: false))
        case .string, .integer, .number, .boolean, .union: return []
        }
    }

    /// The nearest path that is known, with one name of it replaced.
    static func suggestion(for path: [String], in fields: [ProfileField]) -> String? {
        for index in path.indices.reversed() {
            let names = names(at: path[..<index], .object(fields))
            guard let near = Suggestion.nearest(to: path[index], in: names), near != path[index] else { continue }
            var changed = path
            changed[index] = near
            if isKnown(changed, in: fields) { return changed.joined(separator: ".") }
        }
        return nil
    }

    private static func names(at path: ArraySlice<String>, _ type: FieldType) -> [String] {
        switch type {
        case .object(let fields):
            guard let name = path.first else { return fields.map(\.name) }
            return fields.filter { $0.name == name }.flatMap { names(at: path.dropFirst(), $0.type) }
        case .array(let type): return path.isEmpty ? [] : names(at: path.dropFirst(), type)
        case .union(let types): return types.flatMap { names(at: path, $0) }
        case .string, .integer, .number, .boolean, .map, .any: return []
        }
    }
}

/// A value that the catalogue describes.
struct ExpectedValue: Hashable {
    /// No choice of types: each of them is a value of its own.
    var type: FieldType
    var isNullable: Bool
}
