internal import Synchronization
internal import WebhookCore

/// The rows that several ``InMemoryStore``s share.
final class InMemoryDatabase: Sendable {
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

        /// Why a connection can't go on.
        func lostFiles(_ connection: Int) -> StoreError? {
            connection < firstWithFiles ? StoreError(.replaced, "the store's files are gone") : nil
        }
    }

    let state = Mutex(State())

    /// A new connection's number.
    func connect() -> Int {
        state.withLock { state in
            state.known.append(state.writes)
            return state.known.count - 1
        }
    }

    /// Commits a change, or fails as injected. What only reads doesn't count as a write.
    func write<Value: Sendable>(
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

    func checkForeignWrites(of connection: Int) -> Result<Bool, StoreError> {
        state.withLock { state in
            if let lost = state.lostFiles(connection) { return .failure(lost) }
            defer { state.known[connection] = state.writes }
            return .success(state.known[connection] < state.writes)
        }
    }
}
