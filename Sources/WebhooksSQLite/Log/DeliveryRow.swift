internal import GRDB
internal import WebhookCore

/// Reads ``Delivery``s.
enum DeliveryRow {
    /// Deliveries (`d`, their events `e`) that meet some conditions, newest first.
    /// - Parameters:
    ///   - access: which index to go by; default: none but the id.
    ///   - limit: the most rows; -1 for all.
    static func fetch(
        _ db: StoreDatabase,
        _ conditions: Conditions,
        by access: String = "NOT INDEXED",
        limit: Int
    ) throws -> [Delivery] {
        let rows = try Row.fetchCursor(
            db,
            sql: select(conditions, by: access) + " LIMIT ?",
            arguments: conditions.arguments + [limit]
        )
        return try Array(rows.map { try Delivery(FetchedRow(row: $0)) })
    }

    static func select(_ conditions: Conditions, by access: String) -> String {
        """
        SELECT d.id, e.event_id, e.topic, e.tenant, s.name, d.state, d.mode, d.attempts,
            CASE WHEN d.due_at < 0 THEN d.due_at + \(ByHand.offset) ELSE max(d.due_at, d.created_at) END, d.last_status,
            d.last_error, d.created_at, d.settled_at, d.test, d.retrigger_of, d.detail
        FROM webhooks_deliveries d \(access)
        CROSS JOIN webhooks_events e ON e.id = d.event
        CROSS JOIN webhooks_subscriptions s ON s.id = d.subscription
        \(conditions.clause) ORDER BY d.id DESC
        """
    }
}

/// Reads ``Attempt``s.
enum AttemptRow {
    /// A delivery's attempts in order; one in flight is the last.
    static func fetch(_ db: StoreDatabase, delivery: Delivery.ID) throws -> [Attempt] {
        let head = try PreparedStatement(
            db,
            """
            SELECT d.state, d.attempts, d.claimed_at, \(StoredBody.columns)
            FROM webhooks_deliveries d LEFT JOIN webhooks_bodies b ON b.id = d.body \(StoredBody.join) WHERE d.id = ?
            """
        )
        try head.bind(delivery.rawValue)
        guard try head.next() else { return [] }
        let (state, number, claimedAt) = (try DeliveryState(code: head.int(0)), head.int(1), head.timestamp(2))
        let body = head.isNull(3) ? .empty : try StoredBody.read(head, from: 3, "the body of \(delivery)")
        head.reset()

        let rows = try PreparedStatement(
            db,
            "SELECT \(Attempt.columns) FROM webhooks_attempts WHERE delivery = ? ORDER BY number"
        )
        try rows.bind(delivery.rawValue)
        var attempts: [Attempt] = []
        while try rows.next() { attempts.append(try Attempt(rows, requestBody: body)) }
        if state == .inFlight {
            attempts.append(
                Attempt(number: number, startedAt: claimedAt, url: "", requestHeaders: [], requestBody: body)
            )
        }
        return attempts
    }
}
