extension Filter {
    /// The parts of a filter that an event is compared with, which is what the comparison costs.
    package struct Size: Sendable, Hashable {
        /// Conditions, those within others among them.
        package var conditions = 0
        /// Values in lists.
        package var values = 0
        /// Bytes of the longest path or value.
        package var longest = 0
    }

    package var size: Size {
        var size = Size()
        add(to: &size)
        return size
    }

    fileprivate func add(to size: inout Size) {
        for entry in entries {
            size.note(entry.path.reduce(entry.path.count - 1) { $0 + $1.utf8.count })
            entry.condition.add(to: &size)
        }
        for filter in alternatives.joined() { filter.add(to: &size) }
        for filter in exclusions { filter.add(to: &size) }
    }
}

extension PayloadValue {
    /// The parts of all its filters.
    package var filterSize: Filter.Size {
        var size = Filter.Size()
        add(to: &size)
        return size
    }

    private func add(to size: inout Filter.Size) {
        switch self {
        case .literal, .reference: break
        case .firstOf(let values), .list(let values), .join(let values, _):
            for value in values { value.add(to: &size) }
        case .object(let members):
            for case .value(_, _, let value) in members { value.add(to: &size) }
        case .each(let list, let item):
            list.add(to: &size)
            item.add(to: &size)
        case .lookup(let value, _): value.add(to: &size)
        case .conditional(let filter, let then, let otherwise):
            filter.add(to: &size)
            then.add(to: &size)
            otherwise?.add(to: &size)
        }
    }
}

extension Filter.Size {
    fileprivate mutating func note(_ bytes: Int) { longest = max(longest, bytes) }

    fileprivate mutating func note(_ operand: Filter.Operand) {
        switch operand {
        case .null, .bool: break
        case .number(let number): note(number.digits.count)
        case .text(let text): note(text.utf8.count)
        }
    }
}

extension Filter.Condition {
    fileprivate func add(to size: inout Filter.Size) {
        switch self {
        case .all(let conditions), .any(let conditions):
            for condition in conditions { condition.add(to: &size) }
            return
        case .not(let condition): return condition.add(to: &size)
        default: size.conditions += 1
        }
        switch self {
        case .equals(let operand), .notEquals(let operand), .greater(let operand), .greaterOrEqual(let operand),
            .less(let operand), .lessOrEqual(let operand), .contains(let operand):
            size.note(operand)
        case .isIn(let operands), .isNotIn(let operands):
            size.values += operands.count
            for operand in operands { size.note(operand) }
        case .startsWith(let text), .endsWith(let text): size.note(text.utf8.count)
        case .exists, .all, .any, .not: break
        }
    }
}
