internal import GRDB
internal import WebhookCore

/// Changes of several rows: where one is refused, it is left out and the others are written.
extension SQLiteStore {
    /// Runs one transaction on the writing connection, in the order of the calls. Where the store refuses a row, all is
    /// done again with each item in a savepoint.
    ///
    /// - Parameter body: puts each item through ``BatchSession/item(_:_:_:part:_:)``.
    func writeItems<Value: Sendable>(
        _ body: @escaping @Sendable (BatchSession, RowTrial?) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            onWriter { [self] db in
                continuation.resume(returning: items(db, body))
            } orElse: { error in
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    func items<Value>(
        _ db: StoreDatabase,
        _ body: (BatchSession, RowTrial?) throws -> Value
    ) -> Result<Value, StoreError> {
        var isStoresFault = true
        let result = transaction(db) { session in
            isStoresFault = true
            do {
                return try body(session, nil)
            } catch {
                isStoresFault = StoreFault(error) == .store
                throw error
            }
        }
        guard case .failure(let error) = result, !isStoresFault, !error.isFinal else { return result }
        return singly(db, body)
    }
}

extension BatchSession {
    /// Does something for an item.
    ///
    /// - Parameters:
    ///   - trial: `nil` as long as nothing was refused.
    ///   - kind: what the item is.
    ///   - member: its number among those of its kind.
    /// - Returns: why the store refuses it, where it does.
    func item<Value>(
        _ trial: RowTrial?,
        _ kind: RowTrial.Step.Kind,
        _ member: Int,
        part: Int64 = 0,
        _ body: () throws -> Value
    ) throws -> Result<Value, RefusedRow> {
        guard let trial else { return .success(try body()) }
        let step = RowTrial.Step(kind: kind, member: member, part: part)
        if let value = try trial.take(step, in: self, body) { return .success(value) }
        return .failure(RefusedRow(reason: trial.reason(step)))
    }

    /// The reason why the store refuses a row.
    struct RefusedRow: Error {
        var reason: String
    }
}
