extension Filter {
    /// The first part of a filter that an event doesn't meet.
    package indirect enum Mismatch: Sendable, Hashable {
        /// A path whose value, as JSON, doesn't meet the condition; `nil`: the path leads nowhere.
        case entry(Entry, actual: String?)
        /// None of the filters of an `any:` list accepts the event; with what the event doesn't meet of each.
        case noAlternative([Mismatch])
        /// A filter under `not:` accepts it.
        case exclusion
        /// The event's data is no JSON.
        case unreadableData
    }

    /// Returns the first condition that doesn't hold for an event; `nil` where it passes. `data` is its parsed payload.
    package func firstMismatch(for event: Event, data: JSONValue) -> Mismatch? {
        for entry in entries {
            let value = Self.lookUp(entry.path, event, data)
            guard !entry.condition.holds(for: value) else { continue }
            return .entry(entry, actual: value.map(\.shown))
        }
        for filters in alternatives {
            let mismatches = filters.compactMap { $0.firstMismatch(for: event, data: data) }
            if mismatches.count == filters.count { return .noAlternative(mismatches) }
        }
        return exclusions.contains { $0.accepts(event, data: data) } ? .exclusion : nil
    }
}

extension JSONValue {
    /// As JSON, also where it stands in no document.
    fileprivate var shown: String {
        switch kind {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let text): text
        case .string(let text): JSON.string(text)
        case .array, .object: raw.text
        }
    }
}

extension Filter.Condition: CustomStringConvertible {
    /// As it stands in a configuration: `{ gte: 100 }`.
    package var description: String {
        switch self {
        case .equals(let operand): operand.description
        case .all(let conditions): "{ " + conditions.map(\.inner).joined(separator: ", ") + " }"
        default: "{ \(inner) }"
        }
    }

    private var inner: String {
        switch self {
        case .equals(let operand): "eq: \(operand)"
        case .notEquals(let operand): "ne: \(operand)"
        case .isIn(let operands): "in: \(Self.list(operands))"
        case .isNotIn(let operands): "nin: \(Self.list(operands))"
        case .greater(let operand): "gt: \(operand)"
        case .greaterOrEqual(let operand): "gte: \(operand)"
        case .less(let operand): "lt: \(operand)"
        case .lessOrEqual(let operand): "lte: \(operand)"
        case .exists(let expected): "exists: \(expected)"
        case .startsWith(let text): "startsWith: \(JSON.string(text))"
        case .endsWith(let text): "endsWith: \(JSON.string(text))"
        case .contains(let operand): "contains: \(operand)"
        case .all(let conditions): conditions.map(\.inner).joined(separator: ", ")
        case .any(let conditions): "any: [" + conditions.map(\.description).joined(separator: ", ") + "]"
        case .not(let condition): "not: \(condition)"
        }
    }

    private static func list(_ operands: [Filter.Operand]) -> String {
        "[" + operands.map(\.description).joined(separator: ", ") + "]"
    }
}

extension Filter.Operand: CustomStringConvertible {
    /// As JSON.
    package var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let number): number.description
        case .text(let text): JSON.string(text)
        }
    }
}
