internal import GRDB
internal import Glibc
package import WebhookCore

extension SQLiteStore {
    /// The size of the write-ahead log in bytes; 0 where there is none.
    ///
    /// It grows while a reader holds its transaction: a dispatcher looks now and then, and warns.
    package func walSize() -> Int { FileIdentity(files.wal).map { Int($0.size) } ?? 0 }

    /// The stamp that tells whether anybody has written to the log; `nil`: somebody may have this very moment.
    package func walStamp() -> WALStamp? { WALStamp(files.wal) }

    /// Moves the log into the database and empties it as far as nobody is in the way. For a dispatcher; takes as long
    /// as the disk does, and holds other writers up for a part of it.
    ///
    /// - Throws: ``StoreError``; `readOnly` unless the store is a dispatcher's.
    @discardableResult
    package func checkpoint() throws(StoreError) -> CheckpointResult {
        guard role == .dispatcher, let writer else {
            throw StoreError(.readOnly, "only a dispatcher checkpoints")
        }
        if walSize() == 0 { return .emptied }
        do {
            return try writer.writeWithoutTransaction { db in try emptyWAL(StoreDatabase(db, prefix)) }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Does the same without holding up the calling thread.
    ///
    /// - Parameter leavesNothing: whether a host's log is emptied, too, however small it is; defaults to `false`.
    package func emptyWAL(leavesNothing: Bool = false) async throws(StoreError) -> CheckpointResult {
        guard role == .dispatcher, writer != nil else {
            throw StoreError(.readOnly, "only a dispatcher checkpoints")
        }
        if walSize() <= (leavesNothing ? 0 : leftInWAL) { return .emptied }
        return try await moveWAL(leavesNothing: leavesNothing)
    }

    /// Moves the log, however small it is.
    func moveWAL(leavesNothing: Bool = false) async throws(StoreError) -> CheckpointResult {
        let result: Result<CheckpointResult, StoreError> = await withCheckedContinuation { continuation in
            onWriter { [self] db in
                do {
                    continuation.resume(returning: .success(try emptyWAL(db, leavesNothing: leavesNothing)))
                } catch {
                    continuation.resume(returning: .failure(storeError(error)))
                }
            } orElse: { error in
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// A log that is no larger, in bytes, is left alone: a host's connection checkpoints by itself, and its file keeps the
    /// size that it once had.
    package var leftInWAL: Int { isHosts ? Connection.keptWAL : 0 }

    /// Moves what is in a host's log, on its own writing connection, and has the log begin again. Waits for nobody, or for a
    /// moment: a reader in the way keeps it as it is.
    ///
    /// Each checkpoint follows a commit of the same connection, as SQLite's own do: see ``Checkpointer``.
    ///
    /// - Parameter cutsOff: whether nothing may stay in the file. Then it waits for readers, but no longer than
    ///   ``Checkpointer/readerLimit``: nobody can write meanwhile.
    private func restartWAL(_ db: StoreDatabase, cutsOff: Bool) throws -> CheckpointResult {
        func commit() throws {
            try db.connection.inTransaction(.immediate) {
                try verifyHostTables(db)
                try PreparedStatement(db, "UPDATE webhooks_schema SET checkpoints = checkpoints + 1").run()
                return .commit
            }
        }
        try commit()
        let isMoved = try db.connection.limitingBusyWait(to: Checkpointer.readerLimit) {
            try Checkpointer.move(db.connection, cutsOff: cutsOff)
        }
        guard isMoved else { return .readerInTheWay }
        if cutsOff { return .emptied }
        // The first commit behind it starts the log again, and cuts its file off at the connection's limit.
        try commit()
        return .restarted
    }

    private func emptyWAL(_ db: StoreDatabase, leavesNothing: Bool = false) throws -> CheckpointResult {
        try verifyFiles(db)
        if isHosts { return try restartWAL(db, cutsOff: leavesNothing) }
        defer { opened?.noteSize() }
        return try checkpointer.empty(db, size: walSize(), busyWait) { try openMover(db) }
    }

    /// Makes room for a transaction that has found none.
    ///
    /// - Returns: whether it is worth while to run it again.
    func makeRoom(_ db: StoreDatabase) -> Bool {
        guard role == .dispatcher, !isHosts, walSize() > 0, (try? verifyFiles(db)) != nil else { return false }
        defer { opened?.noteSize() }
        return checkpointer.makeRoom(db, busyWait) { try openMover(db) }
    }

    private func openMover(_ db: StoreDatabase) throws -> DatabaseQueue {
        let mover = try Connection.openMover(files)
        // It has the files open that have the names now.
        try verifyFiles(db)
        return mover
    }

    /// The room that is left beside the store, in bytes; `nil`: nobody knows.
    package func freeSpace() -> Int? { DiskSpace(of: files.path)?.free }

    /// Commits a page as it is, to tell whether anything can be recorded.
    package func tryWriting() async -> Result<Void, StoreError> {
        do throws(StoreError) {
            try await write { try $0.tryWriting() }
            return .success(())
        } catch {
            return .failure(error)
        }
    }
}

/// The room of a file system, in bytes. A quota's may be less.
struct DiskSpace {
    var size: Int
    /// For those who are not root.
    var free: Int

    init?(of path: String) {
        var found = statvfs()
        // Some that have no size of their own tell none.
        guard statvfs(path, &found) == 0, found.f_blocks > 0 else { return nil }
        func bytes(_ blocks: fsblkcnt_t) -> Int {
            let product = UInt64(blocks).multipliedReportingOverflow(by: UInt64(found.f_frsize))
            return product.overflow ? .max : Int(clamping: product.partialValue)
        }
        (size, free) = (bytes(found.f_blocks), bytes(found.f_bavail))
    }
}

extension DatabaseError {
    /// There was no room to write: the disk is full, or something bounds what this process may write.
    var isLackOfRoom: Bool {
        resultCode == .SQLITE_FULL || [.SQLITE_IOERR_WRITE, .SQLITE_IOERR_SHMSIZE].contains(extendedResultCode)
    }
}
