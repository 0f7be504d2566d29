internal import GRDB
internal import WebhookCore

/// Reads an ``Event`` from a row of events (`e`).
enum EventRow {
    /// The columns to select, before anything else.
    static let columns = Event.columns(messages: "webhooks_messages")

    static func read(_ row: PreparedStatement) throws -> Event {
        let event = Event(row)
        try Checksum(event).verify(row.int64(8), "event \(event.id)")
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
        return try Array(rows.map { LoggedEvent(FetchedRow(row: $0)) })
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
}
