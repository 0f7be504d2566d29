internal import WebhookCore

/// Reads an ``OpenDelivery`` from a row of deliveries (`d`) and events (`e`).
enum OpenDeliveryRow {
    /// What to select, before anything else.
    static let columns = """
        d.id, d.mode, d.content_type, d.attempts, d.free_attempts, d.interruptions, coalesce(d.due_at, d.claimed_at),
            e.id, e.event_id, e.topic, e.tenant, e.test, d.wait
        """
    /// The first column behind them.
    static let end: Int32 = 13

    static func read(_ row: RawStatement, subscription: String) throws -> OpenDelivery {
        OpenDelivery(
            id: Delivery.ID(rawValue: row.int64(0)),
            subscription: subscription,
            mode: try DeliveryMode(code: row.int(1)),
            contentType: try ContentType(code: row.int(2)),
            attempts: row.int(3),
            freeAttempts: row.int(4),
            interruptions: row.int(5),
            dueAt: row.timestamp(6),
            wait: row.optionalInt64(12).map { .milliseconds($0) },
            event: EventHeader(
                row: row.int64(7),
                id: row.text(8),
                topic: row.text(9),
                tenant: row.optionalText(10),
                isTest: row.bool(11)
            )
        )
    }
}
