internal import GRDB
internal import WebhookCore

/// Reads ``Delivery``s.
enum DeliveryRow {
    /// Deliveries (`d`, their events `e`) that meet some conditions, newest first.
    /// - Parameters:
    ///   - access: which index to go by; default: none but the id.
    ///   - limit: at most so many; -1 for all.
    static func fetch(
        _ db: Database,
        _ conditions: Conditions,
        by access: String = "NOT INDEXED",
        limit: Int
    ) throws -> [Delivery] {
        let rows = try Row.fetchCursor(
            db,
            sql: select(conditions, by: access) + " LIMIT ?",
            arguments: conditions.arguments + [limit]
        )
        return try Array(rows.map { try delivery($0) })
    }

    static func select(_ conditions: Conditions, by access: String) -> String {
        """
        SELECT d.id, e.event_id, e.topic, e.tenant, s.name, d.state, d.mode, d.attempts, max(d.due_at, d.created_at),
            d.last_status, d.last_error, d.created_at, d.settled_at, d.test, d.retrigger_of, d.detail
        FROM webhooks_deliveries d \(access)
        CROSS JOIN webhooks_events e ON e.id = d.event
        CROSS JOIN webhooks_subscriptions s ON s.id = d.subscription
        \(conditions.clause) ORDER BY d.id DESC
        """
    }

    private static func delivery(_ row: Row) throws -> Delivery {
        Delivery(
            id: Delivery.ID(rawValue: row[0]),
            event: row[1],
            topic: row[2],
            tenant: row[3],
            subscription: row[4],
            state: try DeliveryState(code: row[5]),
            mode: try DeliveryMode(code: row[6]),
            attempts: row[7],
            nextAttemptAt: moment(row[8]),
            lastStatus: row[9],
            lastError: try DeliveryError(code: row[10] as Int?),
            createdAt: Timestamp(milliseconds: row[11]),
            settledAt: moment(row[12]),
            isTest: row[13],
            retriggerOf: (row[14] as Int64?).map { Delivery.ID(rawValue: $0) },
            detail: row[15]
        )
    }

    private static func moment(_ milliseconds: Int64?) -> Timestamp? {
        milliseconds.map { Timestamp(milliseconds: $0) }
    }
}
