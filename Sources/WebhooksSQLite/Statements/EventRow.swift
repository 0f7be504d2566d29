internal import GRDB
internal import WebhookCore

/// Reads an ``Event`` from a row of events (`e`).
enum EventRow {
    /// The columns to select, before anything else.
    static let columns = """
        e.event_id, e.topic, e.tenant, e.occurred_at, e.occurred_given, e.deliver_at, e.test, e.data, e.checksum,
            e.trace
        """
    /// The first column behind them.
    static let end: Int32 = 10

    static func read(_ row: PreparedStatement) throws -> Event {
        var event = Event(
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
        event.trace = row.optionalText(9).flatMap { TraceContext(stored: $0) }
        return event
    }

    /// Rows of the list of events (`e`) that meet some conditions, newest first.
    /// - Parameters:
    ///   - access: which index to go by.
    ///   - limit: the most rows; -1 for all.
    static func fetch(
        _ db: StoreDatabase,
        _ conditions: Conditions,
        by access: String = "",
        limit: Int
    ) throws -> [LoggedEvent] {
        let rows = try Row.fetchCursor(
            db,
            sql: select(conditions, by: access) + " LIMIT ?",
            arguments: conditions.arguments + [limit]
        )
        return try Array(rows.map { indexed($0) })
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

    private static func indexed(_ row: Row) -> LoggedEvent {
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

/// Reads an ``OpenDelivery`` from a row of deliveries (`d`) and events (`e`).
enum OpenDeliveryRow {
    /// The columns to select, before anything else.
    static let columns = """
        d.id, d.mode, d.content_type, d.attempts, d.uncounted_attempts, d.interruptions, coalesce(d.due_at, d.claimed_at),
            e.id, e.event_id, e.topic, e.tenant, e.test, d.wait, e.trace
        """
    /// The first column behind them.
    static let end: Int32 = 14

    static func read(_ row: PreparedStatement, subscription: String) throws -> OpenDelivery {
        OpenDelivery(
            id: Delivery.ID(rawValue: row.int64(0)),
            subscription: subscription,
            mode: try DeliveryMode(code: row.int(1)),
            contentType: try ContentType(code: row.int(2)),
            attempts: row.int(3),
            uncountedAttempts: row.int(4),
            interruptions: row.int(5),
            dueAt: row.timestamp(6),
            wait: row.optionalInt64(12).map { .milliseconds($0) },
            event: EventHeader(
                row: row.int64(7),
                id: row.text(8),
                topic: row.text(9),
                tenant: row.optionalText(10),
                isTest: row.bool(11),
                trace: row.optionalText(13).flatMap { TraceContext(stored: $0) }
            )
        )
    }
}
