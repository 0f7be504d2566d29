internal import WebhookCore

/// A value with its place.
struct Located<Value> {
    var value: Value
    var place: SourcePlace

    func map<Other>(_ transform: (Value) -> Other) -> Located<Other> {
        Located<Other>(value: transform(value), place: place)
    }
}

extension Located: Sendable where Value: Sendable {}
extension Located: Equatable where Value: Equatable {}

/// One mapping of a document, read key by key. Unknown keys are reported when it is opened.
struct Section {
    /// The place of the mapping.
    let place: SourcePlace
    let read: ValueReader
    private let members: [String: ConfigNode.Member]

    /// Opens a mapping; an empty value is one without members. Reports another type and gives `nil`.
    ///
    /// - Parameters:
    ///   - name: what the mapping is, for messages: "`delivery`", "a subscription".
    ///   - keys: the keys it may have.
    ///   - otherKeys: keys that are not known here, with what to say about each.
    ///   - extensions: the beginnings of keys that are for people and other programs, and mean nothing here.
    ///   - isSensitive: whether a slip might put a secret where a key belongs; unknown keys are not quoted then.
    init?(
        _ node: ConfigNode,
        _ name: String,
        keys: [String],
        otherKeys: [String: String] = [:],
        extensions: [String] = [],
        isSensitive: Bool = false,
        problems: Problems
    ) {
        read = ValueReader(problems: problems)
        place = node.place
        switch node.value {
        case .mapping(let list):
            for member in list where !keys.contains(member.key) {
                if extensions.contains(where: member.key.hasPrefix) { continue }
                let message =
                    otherKeys[member.key]
                    ?? Self.unknown(member.key, in: name, keys: keys, isSensitive: isSensitive)
                problems.error(member.place, message)
            }
            members = Dictionary(list.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        case .null:
            members = [:]
        case .scalar, .sequence:
            problems.error(node.place, "\(name) must be a mapping: key, colon, space, value")
            return nil
        }
    }

    private static func unknown(_ key: String, in name: String, keys: [String], isSensitive: Bool) -> String {
        if key == "<<" { return "merge keys (<<) are not read; use `defaults`, or an alias for the whole value" }
        let noun = isSensitive ? "unknown key" : KeyText.named("unknown key", key)
        if let near = Suggestion.nearest(to: key, in: keys) { return "\(noun) in \(name); did you mean `\(near)`?" }
        return "\(noun) in \(name); it may have \(Suggestion.list(keys))"
    }

    /// The place of a key, where it is there.
    func keyPlace(_ key: String) -> SourcePlace? { members[key]?.place }

    /// The value of a key, with an empty one reported.
    func node(_ key: String) -> ConfigNode? {
        guard let member = members[key] else { return nil }
        if case .null = member.value.value {
            read.problems.error(member.place, "`\(key)` needs a value")
            return nil
        }
        return member.value
    }

    /// The value of a key that may be empty, as a mapping or list without entries is.
    func container(_ key: String) -> ConfigNode? { members[key]?.value }

    /// Reports a key that is missing.
    func require(_ key: String, _ hint: String = "") {
        guard members[key] == nil else { return }
        read.problems.error(place, "`\(key)` is missing\(hint.isEmpty ? "" : "; \(hint)")")
    }

    func text(_ key: String) -> Located<String>? { node(key).flatMap { read.text($0, "`\(key)`") } }

    func bool(_ key: String) -> Located<Bool>? { node(key).flatMap { read.bool($0, "`\(key)`") } }

    func integer(_ key: String, _ range: ClosedRange<Int>) -> Located<Int>? {
        node(key).flatMap { read.integer($0, "`\(key)`", range) }
    }

    func duration(_ key: String, allowsZero: Bool = false) -> Located<Duration>? {
        node(key).flatMap { read.duration($0, "`\(key)`", allowsZero: allowsZero) }
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, of type: Choice.Type) -> Located<Choice>?
    where Choice.RawValue == String {
        node(key).flatMap { read.choice($0, "`\(key)`", of: type) }
    }

    /// The items of a list; an empty value is one without items.
    func items(_ key: String) -> [ConfigNode]? {
        container(key).flatMap { read.items($0, "`\(key)`") }
    }
}

/// Keys that mean nothing here.
extension Section {
    /// The beginnings of keys that any mapping of the configuration may have: notes, and values that aliases repeat.
    static let extensions = ["x-"]

    /// Opens the configuration itself, which may also name the schema that an editor checks it by.
    init?(_ root: ConfigNode, keys: [String], problems: Problems) {
        let extensions = Self.extensions + ["$schema"]
        self.init(root, "the configuration", keys: keys, extensions: extensions, problems: problems)
    }
}
