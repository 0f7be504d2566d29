internal import WebhookCore

/// Reads an ``Event`` from a row of events (`e`).
enum EventRow {
    /// What to select, before anything else.
    static let columns = """
        e.event_id, e.topic, e.tenant, e.occurred_at, e.occurred_given, e.deliver_at, e.test, e.data
        """
    /// The first column behind them.
    static let end: Int32 = 8

    static func read(_ row: RawStatement) -> Event {
        Event(
            stored: row.text(0),
            topic: row.text(1),
            data: row.bytes(7),
            tenant: row.optionalText(2),
            occurredAt: row.timestamp(3),
            occurredAtIsGiven: row.bool(4),
            deliverAt: row.optionalTimestamp(5),
            isTest: row.bool(6)
        )
    }
}
