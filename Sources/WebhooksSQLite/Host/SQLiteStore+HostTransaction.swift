internal import CWebhooksSQLite
package import GRDB
internal import GRDBSQLite
internal import Glibc
package import WebhookCore

/// For a host that keeps our tables in its own database, and whose dispatcher has connections of its own.
///
/// Its connections, too, must wait for the disk with every commit, and leave the log alone that the dispatcher keeps:
/// ``prepare(_:_:)`` sets that up. They need a busy timeout of their own.
extension SQLiteStore {
    /// Makes a host's database ready to carry events: our tables, and what the writing connection must do.
    ///
    /// Call it once the queue or pool is open, for a pool decides at its opening how durable it is. Sets
    /// `PRAGMA synchronous = FULL` and `PRAGMA wal_autocheckpoint = 0`, and keeps the connection from checkpointing
    /// when it closes: only the dispatcher checkpoints. So that it gets its turn, the connection pauses for two
    /// milliseconds after each commit that finds more than 64 MiB in the write-ahead log, by SQLite's
    /// `sqlite3_wal_hook`; its file is cut off at that size when the log starts again (`PRAGMA journal_size_limit`).
    /// - Throws: ``StoreError`` with `newerSchema` or `damaged`, or GRDB's `DatabaseError`.
    package static func prepare(_ database: some DatabaseWriter, _ prefix: TablePrefix = .standard) throws {
        try database.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
            try db.execute(sql: "PRAGMA journal_size_limit = \(Connection.keptWAL)")
            leaveGaps(db)
            if let connection = db.sqliteConnection {
                _ = webhooks_sqlite_disable_checkpoint_on_close(UnsafeMutableRawPointer(connection))
            }
            try db.inTransaction(.immediate) {
                try migrate(db, prefix)
                return .commit
            }
        }
    }

    /// A commit that finds this number of pages (of 4 KiB) in the log leaves a gap for the dispatcher, who looks every
    /// 0.2 ms.
    static let pagesBeforeGaps: Int32 = 16_384
    /// In microseconds.
    static let gap: UInt32 = 2_000

    private static func leaveGaps(_ db: Database) {
        // Called after the commit, when the connection holds no lock.
        sqlite3_wal_hook(
            db.sqliteConnection,
            { _, _, _, pages in
                if pages > SQLiteStore.pagesBeforeGaps { usleep(SQLiteStore.gap) }
                return SQLITE_OK
            },
            nil
        )
    }

    /// Makes or updates our tables (`webhooks_…`) in a host's database, within the transaction that is open.
    ///
    /// Uses neither `user_version` nor GRDB's migrations: both stay the host's.
    /// - Throws: ``StoreError`` with `newerSchema` or `damaged`, or GRDB's `DatabaseError`.
    package static func migrate(_ db: Database, _ prefix: TablePrefix = .standard) throws {
        try Schema.migrate(StoreDatabase(db, prefix), path: "the database")
    }

    /// The versions that the tables have had, each a migration.
    package static var schemaVersions: ClosedRange<Int> { 1...Schema.version }

    /// Brings our tables to one of their versions within the transaction that is open.
    package static func migrate(_ db: Database, _ prefix: TablePrefix = .standard, to version: Int) throws {
        try Schema.migrate(StoreDatabase(db, prefix), path: "the database", to: version)
    }

    /// Stores an event within the host's transaction: it exists if and only if the host's change does.
    ///
    /// One or two inserts, no deliveries: a dispatcher on the same file notices the commit and fans the event out. Let
    /// an error end the transaction.
    /// - Parameters:
    ///   - event: the event.
    ///   - db: a connection inside a transaction, of a database that ``prepare(_:_:)`` has made ready.
    ///   - prefix: of the store's tables.
    ///   - time: when it is accepted. Default: now.
    /// - Returns: `stored`, or `duplicate` where the same event is there already.
    /// - Throws: ``HostTransactionError``: another event has this id, no transaction is open, the connection doesn't
    ///   write durably, or the database's files are not those that it has opened; or GRDB's `DatabaseError`.
    @discardableResult
    package static func append(
        _ event: Event,
        in db: Database,
        _ prefix: TablePrefix = .standard,
        at instant: Timestamp = .now
    ) throws -> AcceptanceResult {
        try checkHost(db)
        let session = BatchSession(StoreDatabase(db, prefix), names: SubscriptionRowCache(), clock: SystemClock())
        let acceptance = Acceptance(event: event, createdAt: instant, deliveries: nil)
        let result: AcceptanceResult
        do {
            result = try session.accept(acceptance)
        } catch {
            throw try explain(error, session.db)
        }
        if case .conflict(let differences) = result {
            throw HostTransactionError(code: .conflict, description: event.conflictText(differences))
        }
        return result
    }

    /// Cancels, within the host's transaction, an event that waits for its fan-out, or its deliveries: at once those that
    /// wait, and after their attempt those in flight.
    ///
    /// - Parameters:
    ///   - event: its id.
    ///   - db: as for ``append(_:in:_:at:)``.
    /// - Throws: as ``append(_:in:_:at:)``.
    package static func cancel(
        _ event: String,
        in db: Database,
        _ prefix: TablePrefix = .standard,
        at instant: Timestamp = .now
    ) throws -> CancelResult {
        try checkHost(db)
        let session = BatchSession(StoreDatabase(db, prefix), names: SubscriptionRowCache(), clock: SystemClock())
        var cancellation = Cancellation(session: session, trial: nil, instant: instant)
        do {
            try cancellation.cancel(event: event)
            try cancellation.tellEngines()
        } catch {
            throw try explain(error, session.db)
        }
        return cancellation.result
    }

    /// An error of a database that lacks our tables says so.
    private static func explain(_ error: any Error, _ db: StoreDatabase) throws -> any Error {
        guard let found = error as? DatabaseError, found.resultCode == .SQLITE_ERROR, try Schema.version(of: db) == 0
        else { return error }
        let name = sqlite3_db_filename(db.sqliteConnection, "main").map { String(cString: $0) } ?? ""
        return HostDatabase.missingTables(name.isEmpty ? "the database in memory" : name, db.prefix)
    }

    private static func checkHost(_ db: Database) throws {
        guard db.isInsideTransaction else {
            throw HostTransactionError(
                code: .noTransaction,
                description: """
                    emitting and cancelling need the transaction that they belong to: do it within `write { db in … }` or \
                    `inTransaction`
                    """
            )
        }
        // Nothing outlasts a database in memory.
        if sqlite3_db_filename(db.sqliteConnection, "main").map({ $0.pointee == 0 }) ?? true { return }
        let level = try PreparedStatement(db, "PRAGMA synchronous")
        defer { level.reset() }
        // 2 is FULL, 3 is EXTRA.
        guard try level.next(), level.int(0) >= 2 else {
            throw HostTransactionError(
                code: .notDurable,
                description: """
                    this connection may lose what it commits by a power failure: execute `PRAGMA synchronous = FULL` on \
                    the writer once the queue or pool is open, outside of a transaction (a pool sets NORMAL after \
                    `prepareDatabase`; a dispatcher that is made with the database does it)
                    """
            )
        }
        if let problem = try HostFiles.problem(db) {
            throw HostTransactionError(
                code: .replaced,
                description: "\(problem): close the database, put the right files in place, and open it again"
            )
        }
    }
}

/// The reason why an event was not stored within a host's transaction. Let it end the transaction: the host's change
/// must not go on without its event.
package struct HostTransactionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of refusal. Stable, to match on.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        /// Another event with this id and other content is stored already.
        package static let conflict = Code(description: "conflict")
        /// No transaction is open: the event would be stored whatever happens to the host's change.
        package static let noTransaction = Code(description: "no_transaction")
        /// The connection doesn't wait for the disk: what it commits may be lost by a power failure.
        package static let notDurable = Code(description: "not_durable")
        /// A file of the database was deleted, renamed, replaced or given a second name while it was open.
        package static let replaced = Code(description: "replaced")
    }

    package var code: Code
    /// For people: what happened, and what to do next.
    package var description: String
}
