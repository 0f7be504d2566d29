internal import GRDB
internal import WebhookCore

/// Subscriptions whose deliveries were all cancelled while events waited to be matched: up to which event (row) that holds.
struct UnmatchedCancellations {
    private let upTo: [String: Int64]

    init(_ db: Database) throws {
        let rows = try RawStatement(db, "SELECT subscription, up_to_event FROM webhooks_cancellations")
        var upTo: [String: Int64] = [:]
        while try rows.next() { upTo[rows.text(0)] = rows.int64(1) }
        self.upTo = upTo
    }

    var isEmpty: Bool { upTo.isEmpty }

    /// Makes deliveries of an event settle at once where their subscription was cancelled.
    ///
    /// - Returns: their positions.
    func apply(to deliveries: inout NewDeliveries, event: Int64) -> Set<Int> {
        guard !isEmpty else { return [] }
        return deliveries.cancel { name in upTo[name].map { event <= $0 } ?? false }
    }

    /// Cancels what events that wait now would bring a subscription.
    ///
    /// - Returns: how many such events there are.
    static func add(_ subscription: String, _ db: Database) throws -> Int {
        let sql = """
            SELECT count(*), max(p.event) FROM webhooks_pending p CROSS JOIN webhooks_events e ON e.id = p.event
            WHERE e.target IS NULL OR e.target = ?
            """
        guard let row = try Row.fetchOne(db, sql: sql, arguments: [subscription]), let last = row[1] as Int64? else {
            return 0
        }
        try db.execute(
            sql: """
                INSERT INTO webhooks_cancellations (subscription, up_to_event) VALUES (?, ?)
                ON CONFLICT (subscription) DO UPDATE SET up_to_event = max(up_to_event, excluded.up_to_event)
                """,
            arguments: [subscription, last]
        )
        return row[0]
    }

    /// Forgets those under which nothing waits any more.
    static func prune(_ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM webhooks_cancellations
                WHERE NOT EXISTS (SELECT 1 FROM webhooks_pending WHERE event <= up_to_event)
                """
        )
    }
}
