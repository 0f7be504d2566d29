internal import GRDB
internal import WebhookCore

/// Access to the two connections.
extension SQLiteStore {
    /// Runs one transaction on the writing connection, in the order of the calls.
    func write<Value: Sendable>(
        completion: @escaping @Sendable (Result<Value, StoreError>) -> Void,
        _ body: @escaping @Sendable (BatchSession) throws -> Value
    ) {
        guard let writer else {
            return completion(.failure(StoreError(.readOnly, "\(path) was opened for reading")))
        }
        writer.asyncWriteWithoutTransaction { [self] db in completion(transaction(db, body)) }
    }

    /// Runs one transaction on the writing connection.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (BatchSession) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            write(completion: { continuation.resume(returning: $0) }, body)
        }
        return try result.get()
    }

    /// Reads one consistent state on the reading connection.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            reader.asyncRead { [path] db in
                let result: Result<Value, StoreError>
                do {
                    let db = try db.get()
                    defer { db.endStatements() }
                    result = .success(try body(db))
                } catch {
                    result = .failure(StoreError(error, path: path))
                }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    /// Runs one transaction, and once more where there was no room for it and the log can start again.
    ///
    /// - Parameter body: is run again then.
    func transaction<Value>(
        _ db: Database,
        _ body: (BatchSession) throws -> Value
    ) -> Result<Value, StoreError> {
        var result = runTransaction(db, body)
        if case .failure(let error as DatabaseError) = result, error.isLackOfRoom, makeRoom(db) {
            result = runTransaction(db, body)
        }
        return result.mapError { explain($0, db) }
    }

    private func runTransaction<Value>(
        _ db: Database,
        _ body: (BatchSession) throws -> Value
    ) -> Result<Value, any Error> {
        do {
            // What a failed rollback may have left behind.
            if db.isInsideTransaction { try db.rollback() }
            try PreparedStatement(db, "BEGIN IMMEDIATE").run()
            let value = try body(BatchSession(db, names: names, clock: clock))
            // Before anything is written, and again before anybody relies on it.
            try verifyFiles(db)
            db.endStatements()
            try PreparedStatement(db, "COMMIT").run()
            names.commit()
            try opened?.check()
            if checkpointer.committed(db) { opened?.noteSize() }
            return .success(value)
        } catch {
            db.endStatements()
            if db.isInsideTransaction { try? db.rollback() }
            names.rollback()
            return .failure(error)
        }
    }

    /// Runs one transaction on the writing connection that takes no lock from other writers.
    ///
    /// - Returns: `nil` where what is read needs a change first: ``transaction(_:_:)`` has to do it.
    func reading<Value>(
        _ db: Database,
        _ body: (BatchSession) throws -> Value
    ) -> Result<Value, StoreError>? {
        defer { db.endStatements() }
        do {
            if db.isInsideTransaction { try db.rollback() }
            try PreparedStatement(db, "BEGIN").run()
            let value = try body(BatchSession(db, names: names, mayWrite: false, clock: clock))
            try PreparedStatement(db, "COMMIT").run()
            return .success(value)
        } catch {
            if db.isInsideTransaction { try? db.rollback() }
            if error is BatchSession.NeedsWriting { return nil }
            return .failure(explain(error, db))
        }
    }

    /// An error that may come from a schema that somebody has changed says so.
    private func explain(_ error: any Error, _ db: Database) -> StoreError {
        if let found = error as? DatabaseError, found.resultCode == .SQLITE_ERROR {
            do {
                try Schema.compare(db)
            } catch let error as StoreError {
                return StoreError(error, path: path)
            } catch {
                // The first error says more.
            }
        }
        return StoreError(error, path: path)
    }
}
