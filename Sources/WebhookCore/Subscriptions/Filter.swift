/// A filter on the content of events. All entries must hold.
///
/// Paths start at the event: `data.course.id`, `topic`, `tenant`, `id`, `test`. A missing path makes an entry false,
/// except for `exists: false`.
package struct Filter: Sendable, Hashable {
    /// A path with the condition on its value.
    package struct Entry: Sendable, Hashable {
        /// The path to the value, from the event or its data.
        package var path: [String]
        /// The condition that the value must meet.
        package var condition: Condition

        /// Makes an entry of a path and a condition.
        package init(path: [String], condition: Condition) {
            self.path = path
            self.condition = condition
        }
    }

    /// A condition on one value. Numbers compare as exact decimals, texts by Unicode scalars; different types are unequal.
    package indirect enum Condition: Sendable, Hashable {
        /// The same value.
        case equals(Operand)
        /// Another value.
        case notEquals(Operand)
        /// One of the values.
        case isIn([Operand])
        /// None of the values.
        case isNotIn([Operand])
        /// A larger number, or a text further on, character by character.
        case greater(Operand)
        /// The same or a larger number, or likewise a text.
        case greaterOrEqual(Operand)
        /// A smaller number, or a text before.
        case less(Operand)
        /// The same or a smaller number, or likewise a text.
        case lessOrEqual(Operand)
        /// There is a value, or with `false` none.
        case exists(Bool)
        /// A text that begins so.
        case startsWith(String)
        /// A text that ends so.
        case endsWith(String)
        /// A text that contains this, or an array that has it.
        case contains(Operand)
        /// All of the conditions.
        case all([Condition])
        /// At least one of the conditions.
        case any([Condition])
        /// The condition doesn't hold.
        case not(Condition)
    }

    /// A scalar to compare with.
    package enum Operand: Sendable, Hashable {
        /// `null`.
        case null
        /// `true` or `false`.
        case bool(Bool)
        /// A number, exactly as written.
        case number(ExactDecimal)
        /// A text.
        case text(String)
    }

    /// The conditions that must all hold.
    package var entries: [Entry]
    /// From `any:` beside the paths: of each list, one filter at least must accept the event.
    package var alternatives: [[Filter]]
    /// From `not:` beside the paths: filters that must not accept the event.
    package var exclusions: [Filter]

    /// Makes a filter of entries that must all hold, lists that need one accepting filter each, and filters that must not accept.
    package init(entries: [Entry], alternatives: [[Filter]] = [], exclusions: [Filter] = []) {
        self.entries = entries
        self.alternatives = alternatives
        self.exclusions = exclusions
    }

    /// Tells whether an event passes. `data` is its parsed payload.
    package func accepts(_ event: Event, data: JSONValue) -> Bool {
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

extension Filter.Condition {
    /// Tells whether the condition holds for a value, or for a path that leads nowhere (`nil`).
    package func holds(for value: JSONValue?) -> Bool { holds(for: value.map(Filter.ComparedValue.init)) }

    private func holds(for value: Filter.ComparedValue?) -> Bool {
        switch self {
        case .exists(let expected): return (value != nil) == expected
        case .not(let condition):
            return value != nil
                ? !condition.holds(for: value) : condition.isAboutAbsence && !condition.holds(for: value)
        case .all(let conditions): return conditions.allSatisfy { $0.holds(for: value) }
        case .any(let conditions): return conditions.contains { $0.holds(for: value) }
        default: break
        }
        guard let value else { return false }
        switch self {
        case .equals(let operand): return value.equals(operand)
        case .notEquals(let operand): return !value.equals(operand)
        case .isIn(let operands): return operands.contains { value.equals($0) }
        case .isNotIn(let operands): return !operands.contains { value.equals($0) }
        case .greater(let operand): return value.compares(with: operand) { $0 > $1 }
        case .greaterOrEqual(let operand): return value.compares(with: operand) { $0 >= $1 }
        case .less(let operand): return value.compares(with: operand) { $0 < $1 }
        case .lessOrEqual(let operand): return value.compares(with: operand) { $0 <= $1 }
        case .startsWith(let text): return value.begins(with: text)
        case .endsWith(let text): return value.ends(with: text)
        case .contains(let operand): return value.contains(operand)
        case .exists, .not, .all, .any: return false
        }
    }

    /// True when the condition says something about a path that leads nowhere.
    private var isAboutAbsence: Bool {
        switch self {
        case .exists: true
        case .not(let condition): condition.isAboutAbsence
        case .all(let conditions), .any(let conditions): conditions.allSatisfy(\.isAboutAbsence)
        default: false
        }
    }
}
