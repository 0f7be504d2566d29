internal import GRDB
internal import WebhookCore

/// Reads an ``Event`` from a row of events (`e`).
enum EventRow {
    /// What to select, before anything else.
    static let columns = """
        e.event_id, e.topic, e.tenant, e.occurred_at, e.occurred_given, e.deliver_at, e.test, e.data, e.sum
        """
    /// The first column behind them.
    static let end: Int32 = 9

    static func read(_ row: RawStatement) throws -> Event {
        let event = Event(
            stored: row.text(0),
            topic: row.text(1),
            data: row.bytes(7),
            tenant: row.optionalText(2),
            occurredAt: row.timestamp(3),
            occurredAtIsGiven: row.bool(4),
            deliverAt: row.optionalTimestamp(5),
            isTest: row.bool(6)
        )
        try Checksum(event).verify(row.int64(8), "event \(event.id)")
        return event
    }

    /// Rows of the list of events (`e`) that meet some conditions, newest first.
    /// - Parameters:
    ///   - access: which index to go by.
    ///   - limit: at most so many; -1 for all.
    static func fetch(
        _ db: Database,
        _ conditions: Conditions,
        by access: String = "",
        limit: Int
    ) throws -> [LoggedEvent] {
        let rows = try Row.fetchCursor(
            db,
            sql: select(conditions, by: access) + " LIMIT ?",
            arguments: conditions.arguments + [limit]
        )
        return try Array(rows.map { listed($0) })
    }

    static func select(_ conditions: Conditions, by access: String) -> String {
        """
        SELECT e.event_id, e.topic, e.tenant, e.occurred_at, e.created_at, e.deliver_at, e.test,
            e.cancelled, (SELECT count(*) FROM webhooks_deliveries d WHERE d.event = e.id),
            EXISTS (SELECT 1 FROM webhooks_pending p WHERE p.event = e.id),
            (SELECT set_aside FROM webhooks_pending p WHERE p.event = e.id)
        FROM webhooks_events e \(access) \(conditions.clause) ORDER BY e.id DESC
        """
    }

    private static func listed(_ row: Row) -> LoggedEvent {
        LoggedEvent(
            id: row[0],
            topic: row[1],
            tenant: row[2],
            occurredAt: Timestamp(milliseconds: row[3]),
            createdAt: Timestamp(milliseconds: row[4]),
            deliverAt: (row[5] as Int64?).map { Timestamp(milliseconds: $0) },
            isTest: row[6],
            isCancelled: row[7],
            deliveryCount: row[8],
            isUnmatched: row[9],
            setAside: row[10]
        )
    }
}
