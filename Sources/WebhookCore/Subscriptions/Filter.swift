/// Which events a subscription takes, judged by their content. All entries must hold.
///
/// Paths start at the event: `data.course.id`, `topic`, `tenant`, `id`, `test`. A missing path makes an entry false,
/// except for `exists: false`.
public struct Filter: Sendable, Hashable {
    /// A path with the condition on its value.
    public struct Entry: Sendable, Hashable {
        public var path: [String]
        public var condition: Condition

        public init(path: [String], condition: Condition) {
            self.path = path
            self.condition = condition
        }
    }

    /// A condition on one value. Numbers compare as exact decimals, texts by Unicode scalars; different types are unequal.
    public indirect enum Condition: Sendable, Hashable {
        case equals(Operand)
        case notEquals(Operand)
        case isIn([Operand])
        case isNotIn([Operand])
        case greater(Operand)
        case greaterOrEqual(Operand)
        case less(Operand)
        case lessOrEqual(Operand)
        case exists(Bool)
        case startsWith(String)
        case endsWith(String)
        case contains(Operand)
        case all([Condition])
        case any([Condition])
        case not(Condition)
    }

    /// A scalar to compare with.
    public enum Operand: Sendable, Hashable {
        case null
        case bool(Bool)
        case number(ExactDecimal)
        case text(String)
    }

    public var entries: [Entry]
    /// From `any:` beside the paths: of each list, one filter at least must accept the event.
    public var alternatives: [[Filter]]
    /// From `not:` beside the paths: filters that must not accept the event.
    public var exclusions: [Filter]

    public init(entries: [Entry], alternatives: [[Filter]] = [], exclusions: [Filter] = []) {
        self.entries = entries
        self.alternatives = alternatives
        self.exclusions = exclusions
    }

    /// Whether an event passes. `data` is its parsed payload.
    public func accepts(_ event: Event, data: JSONValue) -> Bool {
        entries.allSatisfy { $0.condition.holds(for: Self.lookUp($0.path, event, data)) }
            && alternatives.allSatisfy { $0.contains { $0.accepts(event, data: data) } }
            && !exclusions.contains { $0.accepts(event, data: data) }
    }

    static func lookUp(_ path: [String], _ event: Event, _ data: JSONValue) -> JSONValue? {
        switch path.first {
        case "data": data.value(at: path.dropFirst())
        case "topic" where path.count == 1: .text(event.topic)
        case "id" where path.count == 1: .text(event.id)
        case "tenant" where path.count == 1: event.tenant.map(JSONValue.text)
        case "test" where path.count == 1: JSONValue(kind: .bool(event.isTest), document: .empty, range: 0..<0)
        default: nil
        }
    }
}

extension JSONValue {
    /// A text that stands in no document.
    static func text(_ text: String) -> JSONValue { JSONValue(kind: .string(text), document: .empty, range: 0..<0) }
}
