internal import GRDB
internal import WebhookCore

/// Subscriptions whose deliveries were cancelled while events waited to be matched, with the rows of those events.
struct UnmatchedCancellations {
    private let events: [String: [ClosedRange<Int64>]]

    init(_ db: StoreDatabase) throws {
        let rows = try PreparedStatement(db, "SELECT subscription, from_event, up_to_event FROM webhooks_cancellations")
        var events: [String: [ClosedRange<Int64>]] = [:]
        while try rows.next() {
            let (from, upTo) = (rows.int64(1), rows.int64(2))
            if from <= upTo { events[rows.text(0), default: []].append(from...upTo) }
        }
        self.events = events
    }

    var isEmpty: Bool { events.isEmpty }

    /// Makes deliveries of an event settle at once where their subscription was cancelled.
    ///
    /// - Returns: their positions.
    func apply(to deliveries: inout NewDeliveries, event: Int64) -> Set<Int> {
        guard !isEmpty else { return [] }
        return deliveries.cancel { name in events[name]?.contains { $0.contains(event) } ?? false }
    }

    /// Cancels what events that wait now would bring a subscription.
    ///
    /// - Returns: how many such events there are.
    static func add(_ subscription: String, _ db: StoreDatabase) throws -> Int {
        let sql = """
            SELECT count(*), max(p.event) FROM webhooks_pending p CROSS JOIN webhooks_events e ON e.id = p.event
            WHERE e.target IS NULL OR e.target = ?
            """
        guard let row = try Row.fetchOne(db, sql: sql, arguments: [subscription]), let last = row[1] as Int64? else {
            return 0
        }
        try add(subscription, 0...last, db)
        return row[0]
    }

    /// Cancels what an event that waits now would bring a subscription.
    ///
    /// - Returns: whether it waits, and would bring it something.
    static func add(_ subscription: String, event: Int64, _ db: StoreDatabase) throws -> Bool {
        let sql = """
            SELECT 1 FROM webhooks_pending p CROSS JOIN webhooks_events e ON e.id = p.event
            WHERE p.event = ? AND (e.target IS NULL OR e.target = ?)
            """
        guard try Int.fetchOne(db, sql: sql, arguments: [event, subscription]) != nil else { return false }
        try add(subscription, event...event, db)
        return true
    }

    private static func add(_ subscription: String, _ events: ClosedRange<Int64>, _ db: StoreDatabase) throws {
        try db.execute(
            sql: """
                INSERT INTO webhooks_cancellations (subscription, from_event, up_to_event) VALUES (?, ?, ?)
                ON CONFLICT (subscription, from_event)
                DO UPDATE SET up_to_event = max(up_to_event, excluded.up_to_event)
                """,
            arguments: [subscription, events.lowerBound, events.upperBound]
        )
    }

    /// Forgets those under which nothing waits any more.
    static func prune(_ db: StoreDatabase) throws {
        try db.execute(
            sql: """
                DELETE FROM webhooks_cancellations
                WHERE NOT EXISTS (SELECT 1 FROM webhooks_pending WHERE event BETWEEN from_event AND up_to_event)
                """
        )
    }
}
