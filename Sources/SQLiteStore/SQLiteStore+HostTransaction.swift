internal import Foundation
public import GRDB
public import WebhookCore

/// For a host that keeps our tables in its own database.
///
/// Its connections, too, must leave the log alone that the dispatcher keeps: `PRAGMA wal_autocheckpoint = 0`; and they
/// need `PRAGMA synchronous = FULL` where an event must survive a power failure, and a busy timeout.
extension SQLiteStore {
    /// Makes or updates our tables (`webhooks_…`) in a host's database, within the transaction that is open.
    ///
    /// Uses neither `user_version` nor GRDB's migrations: both stay the host's.
    /// - Throws: ``StoreError`` with `newerSchema`, or GRDB's `DatabaseError`.
    public static func migrate(_ db: Database) throws {
        try Schema.migrate(db, path: "the database")
    }

    /// Stores an event within the host's transaction: it exists if and only if the host's change does.
    ///
    /// One or two inserts, no deliveries: a dispatcher on the same file notices the commit and fans the event out.
    /// - Parameters:
    ///   - event: the event.
    ///   - db: a connection inside a transaction, of a database that ``migrate(_:)`` has prepared.
    ///   - moment: when it is accepted. Default: now.
    /// - Returns: `stored`, `duplicate` or `conflict`; nothing is stored in the latter two cases.
    /// - Throws: GRDB's `DatabaseError`.
    @discardableResult
    public static func append(
        _ event: Event,
        in db: Database,
        at moment: Timestamp = .now
    ) throws -> AcceptanceResult {
        try db.execute(
            sql: """
                INSERT INTO webhooks_events
                (id, event_id, topic, tenant, occurred_at, occurred_given, created_at, deliver_at, test, sum, data)
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
                moment.milliseconds, event.deliverAt?.milliseconds, event.isTest,
                Checksum(event).value,
                event.data.withUnsafeBytes { Data($0) },
            ]
        )
        guard db.changesCount == 1 else { return try KnownEvent.compare(event, db) }
        let row = db.lastInsertedRowID
        try db.execute(
            sql: "INSERT INTO webhooks_pending (event, due_at, place) VALUES (?, ?, ?)",
            arguments: [row, (event.deliverAt ?? moment).milliseconds, event.isDue(at: moment) ? row : nil]
        )
        return .stored(event: row, deliveries: [])
    }
}
