internal import GRDB
internal import Synchronization
internal import WebhookCore

extension SQLiteStore {
    /// Applies batches in one transaction; what the store refuses of them is left out.
    ///
    /// - Parameter next: gives more batches while the transaction is not full.
    func commit(
        _ first: StoreBatch,
        _ next: () -> StoreBatch?,
        _ db: StoreDatabase
    ) -> Result<[StoreBatchResult], StoreError> {
        var taken = [first]
        var isStoresFault = true
        let result = transaction(db) { session in
            isStoresFault = true
            do {
                // Where it is run again, it has taken more than the first.
                var results = try taken.map { try session.apply($0) }
                var size = taken.reduce(0) { $0 + $1.size }
                while size < Self.fullTransaction, let more = next() {
                    taken.append(more)
                    results.append(try session.apply(more))
                    size += more.size
                }
                return results
            } catch {
                isStoresFault = StoreFault(error) == .store
                throw error
            }
        }
        guard case .failure(let error) = result, !isStoresFault, !error.isFinal else { return result }
        // Somewhere among them is a row that would fail every transaction it is in.
        return commitSingly(taken, db)
    }

    private func commitSingly(
        _ batches: [StoreBatch],
        _ db: StoreDatabase
    ) -> Result<[StoreBatchResult], StoreError> {
        singly(db) { session, trial in
            try batches.enumerated().map { index, batch in
                trial.batch = index
                return try session.apply(batch, trial)
            }
        }
    }

    /// Runs one transaction in which each row stands alone.
    func singly<Value>(
        _ db: StoreDatabase,
        _ body: (BatchSession, RowTrial) throws -> Value
    ) -> Result<Value, StoreError> {
        let trial = RowTrial()
        while true {
            var isRestart = false
            let result = transaction(db) { session in
                do {
                    let value = try body(session, trial)
                    try trial.checkVerdicts()
                    return value
                } catch is RowTrial.Restart {
                    // Each time one more member is known to be refused: it comes to an end.
                    isRestart = true
                    throw StoreError(.unavailable, "a trigger rolled the transaction back")
                }
            }
            if !isRestart { return result }
        }
    }
}

/// Batches for a transaction to take, given beforehand.
final class BatchSource: Sendable {
    private let batches: Mutex<ArraySlice<StoreBatch>>

    init(_ batches: [StoreBatch]) { self.batches = Mutex(batches[...]) }

    func take() -> StoreBatch? { batches.withLock { $0.popFirst() } }
}
