/// Values in ascending order, each once.
struct SortedValues<Value: Comparable & Sendable>: Sendable {
    private(set) var values: [Value] = []

    var first: Value? { values.first }
    var isEmpty: Bool { values.isEmpty }

    mutating func insert(_ value: Value) {
        let index = index(of: value)
        if index < values.count, values[index] == value { return }
        values.insert(value, at: index)
    }

    mutating func remove(_ value: Value) {
        let index = index(of: value)
        if index < values.count, values[index] == value { values.remove(at: index) }
    }

    /// The values behind one, or all.
    func after(_ value: Value?) -> ArraySlice<Value> {
        guard let value else { return values[...] }
        let index = index(of: value)
        return values[(index < values.count && values[index] == value ? index + 1 : index)...]
    }

    /// Where a value is or would be.
    private func index(of value: Value) -> Int {
        var (low, high) = (0, values.count)
        while low < high {
            let middle = (low + high) / 2
            if values[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
