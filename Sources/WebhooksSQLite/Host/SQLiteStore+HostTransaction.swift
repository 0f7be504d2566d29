internal import CWebhooksSQLite
internal import Foundation
public import GRDB
internal import GRDBSQLite
internal import Glibc
package import WebhookCore

/// For a host that keeps our tables in its own database.
///
/// Its connections, too, must wait for the disk with every commit, and leave the log alone that the dispatcher keeps:
/// ``prepare(_:)`` sets that up. They need a busy timeout of their own.
extension SQLiteStore {
    /// Makes a host's database ready to carry events: our tables, and what the writing connection must do.
    ///
    /// Call it once the queue or pool is open, for a pool decides at its opening how durable it is. Sets
    /// `PRAGMA synchronous = FULL` and `PRAGMA wal_autocheckpoint = 0`, and keeps the connection from checkpointing
    /// when it closes: only the dispatcher checkpoints. So that it gets its turn, the connection pauses for two
    /// milliseconds after each commit that finds more than 64 MiB in the write-ahead log, by SQLite's
    /// `sqlite3_wal_hook`; its file is cut off at that size when the log starts again (`PRAGMA journal_size_limit`).
    /// - Throws: ``StoreError`` with `newerSchema` or `damaged`, or GRDB's `DatabaseError`.
    public static func prepare(_ database: some DatabaseWriter) throws {
        try database.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
            try db.execute(sql: "PRAGMA journal_size_limit = \(Connection.keptWAL)")
            leaveGaps(db)
            if let connection = db.sqliteConnection {
                _ = webhooks_sqlite_disable_checkpoint_on_close(UnsafeMutableRawPointer(connection))
            }
            try db.inTransaction(.immediate) {
                try migrate(db)
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
    public static func migrate(_ db: Database) throws {
        try Schema.migrate(db, path: "the database")
    }

    /// Stores an event within the host's transaction: it exists if and only if the host's change does.
    ///
    /// One or two inserts, no deliveries: a dispatcher on the same file notices the commit and fans the event out. Let
    /// an error end the transaction.
    /// - Parameters:
    ///   - event: the event.
    ///   - db: a connection inside a transaction, of a database that ``prepare(_:)`` has made ready.
    ///   - time: when it is accepted. Default: now.
    /// - Returns: `stored`, or `duplicate` where the same event is there already.
    /// - Throws: ``HostTransactionError``: another event has this id, no transaction is open, the connection doesn't
    ///   write durably, or the database's files are not those that it has opened; or GRDB's `DatabaseError`.
    @discardableResult
    package static func append(
        _ event: Event,
        in db: Database,
        at instant: Timestamp = .now
    ) throws -> AcceptanceResult {
        try checkHost(db)
        try db.execute(
            sql: """
                INSERT INTO webhooks_events
                (id, event_id, topic, tenant, occurred_at, occurred_given, created_at, deliver_at, test, checksum, data)
                VALUES (
                    1 + (
                        SELECT max(last_event, coalesce((SELECT max(id) FROM webhooks_events), 0))
                        FROM webhooks_schema
                    ),
                    ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
                )
                ON CONFLICT (event_id) DO NOTHING
                """,
            arguments: [
                event.id, event.topic, event.tenant, event.occurredAt.milliseconds, event.occurredAtIsGiven,
                instant.milliseconds, event.deliverAt?.milliseconds, event.isTest,
                Checksum(event).value,
                event.data.withUnsafeBytes { Data($0) },
            ]
        )
        guard db.changesCount == 1 else {
            let known = try KnownEvent.compare(event, db)
            if case .conflict(let differences) = known {
                throw HostTransactionError(code: .conflict, description: event.conflictText(differences))
            }
            return known
        }
        let row = db.lastInsertedRowID
        try db.execute(
            sql: "INSERT INTO webhooks_pending (event, due_at, place) VALUES (?, ?, ?)",
            arguments: [row, (event.deliverAt ?? instant).milliseconds, event.isDue(at: instant) ? row : nil]
        )
        return .stored(event: row, deliveries: [])
    }

    private static func checkHost(_ db: Database) throws {
        guard db.isInsideTransaction else {
            throw HostTransactionError(
                code: .noTransaction,
                description: """
                    an event needs the transaction that it belongs to: call append within `write { db in … }` or \
                    `inTransaction`
                    """
            )
        }
        let level = try PreparedStatement(db, "PRAGMA synchronous")
        defer { level.reset() }
        // 2 is FULL, 3 is EXTRA.
        guard try level.next(), level.int(0) >= 2 else {
            throw HostTransactionError(
                code: .notDurable,
                description: """
                    this connection may lose what it commits by a power failure: call SQLiteStore.prepare(_:) with the \
                    queue or pool once it is open (a pool sets `synchronous = NORMAL` after `prepareDatabase`), or \
                    execute `PRAGMA synchronous = FULL` outside of a transaction
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

/// Why an event was not stored within a host's transaction. Let it end the transaction: the host's change must not go
/// on without its event.
public struct HostTransactionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of refusal. Stable, to match on.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        public let description: String

        /// Another event with this id and other content is stored already.
        public static let conflict = Code(description: "conflict")
        /// No transaction is open: the event would be stored whatever happens to the host's change.
        public static let noTransaction = Code(description: "no_transaction")
        /// The connection doesn't wait for the disk: what it commits may be lost by a power failure.
        public static let notDurable = Code(description: "not_durable")
        /// A file of the database was deleted, renamed, replaced or given a second name while it was open.
        public static let replaced = Code(description: "replaced")
    }

    public var code: Code
    /// For people: what happened, and what to do next.
    public var description: String
}
