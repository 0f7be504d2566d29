internal import Synchronization
package import WebhookCore

/// The rows that several ``InMemoryStore``s share.
package final class InMemoryDatabase: Sendable {
    struct State: Sendable {
        var rows = InMemoryRows()
        /// Errors for the next commits.
        var faults: [StoreError] = []
        /// Commits so far.
        var writes = 0
        /// By connection: how many of ``writes`` it made itself or was told of.
        var known: [Int] = []
        /// Connections (numbers) below it have files open that are gone.
        var firstWithFiles = 0

        /// The reason why a connection can't go on.
        package func lostFiles(_ connection: Int) -> StoreError? {
            connection < firstWithFiles ? StoreError(.replaced, "the store's files are gone") : nil
        }
    }

    let state = Mutex(State())

    /// A new connection's number.
    package func connect() -> Int {
        state.withLock { state in
            state.known.append(state.writes)
            return state.known.count - 1
        }
    }

    /// Commits a change, or fails as injected. What only reads doesn't count as a write.
    package func write<Value: Sendable>(
        by connection: Int,
        onlyReads: Bool = false,
        _ change: (inout InMemoryRows) -> Value
    ) -> Result<Value, StoreError> {
        state.withLock { state in
            if let lost = state.lostFiles(connection) { return .failure(lost) }
            if !state.faults.isEmpty { return .failure(state.faults.removeFirst()) }
            if !onlyReads {
                state.writes += 1
                state.known[connection] += 1
            }
            return .success(change(&state.rows))
        }
    }

    func checkExternalWrites(of connection: Int) -> Result<Bool, StoreError> {
        state.withLock { state in
            if let lost = state.lostFiles(connection) { return .failure(lost) }
            defer { state.known[connection] = state.writes }
            return .success(state.known[connection] < state.writes)
        }
    }
}

/// Values in ascending order, each once.
package struct SortedValues<Value: Comparable & Sendable>: Sendable {
    package private(set) var values: [Value] = []

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

    /// The index at which a value is or would be.
    private func index(of value: Value) -> Int {
        var (low, high) = (0, values.count)
        while low < high {
            let middle = (low + high) / 2
            if values[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
