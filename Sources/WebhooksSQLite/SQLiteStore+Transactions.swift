internal import GRDB
internal import WebhookCore

/// Access to the two connections.
extension SQLiteStore {
    /// Runs one transaction on the writing connection, in the order of the calls.
    func write<Value: Sendable>(
        completion: @escaping @Sendable (Result<Value, StoreError>) -> Void,
        _ body: @escaping @Sendable (BatchSession) throws -> Value
    ) {
        onWriter { [self] db in
            completion(transaction(db, body))
        } orElse: { error in
            completion(.failure(error))
        }
    }

    /// Runs work on the writing connection, outside of a transaction, in the order of the calls.
    ///
    /// - Parameter giveUp: called instead where the connection can't be had.
    func onWriter(
        _ work: @escaping @Sendable (StoreDatabase) -> Void,
        orElse giveUp: @escaping @Sendable (StoreError) -> Void
    ) {
        guard let writer else { return giveUp(StoreError(.readOnly, "\(path) was opened for reading")) }
        let prefix = prefix
        guard let turns else {
            return writer.asyncWriteWithoutTransaction { db in work(StoreDatabase(db, prefix)) }
        }
        turns.write(on: writer) { [externalWrites] db in
            externalWrites.turnBegins(db)
            work(StoreDatabase(db, prefix))
            externalWrites.turnEnds(db)
        } orElse: {
            giveUp($0)
        }
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
        _ body: @escaping @Sendable (StoreDatabase) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            let work: @Sendable (Result<Database, any Error>) -> Void = { [self] db in
                let result: Result<Value, StoreError>
                do {
                    let db = try db.get()
                    defer { db.endStatements() }
                    result = .success(try body(StoreDatabase(db, prefix)))
                } catch {
                    result = .failure(storeError(error))
                }
                continuation.resume(returning: result)
            }
            guard let turns, let writer else { return reader.asyncRead(work) }
            turns.read(on: writer, work) { continuation.resume(returning: .failure($0)) }
        }
        return try result.get()
    }

    /// Runs one transaction, and once more where there was no room for it and the log can start again.
    ///
    /// - Parameter body: is run again then.
    func transaction<Value>(
        _ db: StoreDatabase,
        _ body: (BatchSession) throws -> Value
    ) -> Result<Value, StoreError> {
        var result = runTransaction(db, body)
        if case .failure(let error as DatabaseError) = result, error.isLackOfRoom, makeRoom(db) {
            result = runTransaction(db, body)
        }
        return result.mapError { explain($0, db) }
    }

    private func runTransaction<Value>(
        _ db: StoreDatabase,
        _ body: (BatchSession) throws -> Value
    ) -> Result<Value, any Error> {
        do {
            try begin(db)
            let value = try body(BatchSession(db, names: names, clock: clock))
            // Before anything is written, and again before anybody relies on it.
            try verifyFiles(db)
            db.endStatements()
            // A host's observers learn of it from GRDB alone.
            if isHosts { try db.commit() } else { try PreparedStatement(db, "COMMIT").run() }
            names.commit()
            try opened?.checkCommitted()
            if checkpointer.committed(db) { opened?.noteSize() }
            return .success(value)
        } catch {
            db.endStatements()
            if db.isInsideTransaction { try? db.rollback() }
            names.rollback()
            return .failure(error)
        }
    }

    private func begin(_ db: StoreDatabase) throws {
        guard isHosts else {
            // What a failed rollback may have left behind.
            if db.isInsideTransaction { try db.rollback() }
            try PreparedStatement(db, "BEGIN IMMEDIATE").run()
            return
        }
        // A host may have changed it since it was looked at, as for an import.
        if try Int.fetchOne(db.cachedStatement(sql: "PRAGMA synchronous")) ?? 0 < 2 {
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        var tries = 0
        while true {
            do {
                try db.connection.beginTransaction(.immediate)
                break
            } catch let error as DatabaseError where error.isBusy && busyWait.looksAgain(after: tries) {
                // GRDB's connections don't wait for another process's by themselves.
                tries += 1
            }
        }
        try verifyHostTables(db)
    }

    /// Throws where a host's database has other tables than those that the store was opened on.
    func verifyHostTables(_ db: StoreDatabase) throws {
        guard let hostTables else { return }
        let found = try StoreIdentity.read(db)
        guard found != hostTables.identity else { return }
        // A dispatcher remembers rows that are gone.
        guard role != .dispatcher else { throw HostDatabase.erased(path) }
        guard let found else { throw HostDatabase.missingTables(path, prefix) }
        names.forget()
        hostTables.identity = found
    }

    /// Runs one transaction on the writing connection that takes no lock from other writers.
    ///
    /// - Returns: `nil` where what is read needs a change first: ``transaction(_:_:)`` has to do it.
    func reading<Value>(
        _ db: StoreDatabase,
        _ body: (BatchSession) throws -> Value
    ) -> Result<Value, StoreError>? {
        defer { db.endStatements() }
        do {
            if db.isInsideTransaction { try db.rollback() }
            try PreparedStatement(db, "BEGIN").run()
            try verifyHostTables(db)
            let value = try body(BatchSession(db, names: names, mayWrite: false, clock: clock))
            db.endReading()
            return .success(value)
        } catch {
            db.endReading()
            if error is BatchSession.NeedsWriting { return nil }
            return .failure(explain(error, db))
        }
    }

    /// An error that may come from a schema that somebody has changed says so.
    private func explain(_ error: any Error, _ db: StoreDatabase) -> StoreError {
        if let found = error as? DatabaseError, found.resultCode == .SQLITE_ERROR {
            do {
                try verifyHostTables(db)
                try Schema.compare(db)
            } catch let error as StoreError {
                return StoreError(error, path: path)
            } catch {
                // The first error says more.
            }
        }
        return storeError(error)
    }

    /// An error of a host's connection that is closed, or whose tables are gone, says who has done it.
    func storeError(_ error: any Error) -> StoreError {
        guard isHosts, let found = error as? DatabaseError else { return StoreError(error, path: path) }
        if found.resultCode == .SQLITE_MISUSE { return HostDatabase.closed(path) }
        if found.message?.hasPrefix("no such table: \(prefix)") == true {
            return HostDatabase.missingTables(path, prefix)
        }
        return StoreError(error, path: path)
    }
}
