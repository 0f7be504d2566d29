internal import GRDB
package import WebhookCore

extension SQLiteStore {
    /// Counts what waits, by the indexes of what is open.
    ///
    /// - Parameters:
    ///   - now: what is due by then counts as due.
    ///   - late: what was due by then counts as late.
    package func backlog(at now: Timestamp, late: Timestamp) async throws(StoreError) -> StoreBacklog {
        try await read { db in try BacklogReader(db: db, now: now, late: late).run() }
    }
}

private struct BacklogReader {
    let db: Database
    let now: Timestamp
    let late: Timestamp

    func run() throws -> StoreBacklog {
        var backlog = StoreBacklog()
        try readEvents(into: &backlog)
        for row in try Row.fetchAll(db, sql: "SELECT id, name FROM webhooks_subscriptions ORDER BY name") {
            var subscription = StoreBacklog.Subscription(name: row[1])
            try readOpen(row[0], into: &subscription)
            if subscription.waiting > 0 || subscription.inFlight > 0 { backlog.subscriptions.append(subscription) }
        }
        return backlog
    }

    private func readEvents(into backlog: inout StoreBacklog) throws {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT count(*) FILTER (WHERE set_aside IS NULL AND (place IS NOT NULL OR due_at <= ?1)),
                    min(due_at) FILTER (WHERE set_aside IS NULL AND (place IS NOT NULL OR due_at <= ?1)),
                    count(set_aside)
                FROM webhooks_pending
                """,
            arguments: [now.milliseconds]
        )
        guard let row else { return }
        backlog.events = row[0]
        backlog.oldestEventAt = (row[1] as Int64?).map { Timestamp(milliseconds: $0) }
        backlog.setAside = row[2]
    }

    private func readOpen(_ id: Int64, into subscription: inout StoreBacklog.Subscription) throws {
        // A place in the order of acceptance stands below every time: such a delivery is due since it was made.
        let place = AcceptancePlace.end.milliseconds
        let open = "FROM webhooks_deliveries INDEXED BY webhooks_deliveries_open WHERE subscription = ?"
        func count(_ condition: String, _ values: Int64...) throws -> Int {
            let arguments = StatementArguments([id] + values)
            return try Int.fetchOne(db, sql: "SELECT count(*) \(open) AND \(condition)", arguments: arguments) ?? 0
        }
        subscription.waiting = try count("due_at IS NOT NULL")
        if subscription.waiting > 0 {
            subscription.due = try count("due_at <= ?", now.milliseconds)
            let lateByTime = try count("due_at >= ? AND due_at <= ?", place, late.milliseconds)
            let lateByPlace = try count("due_at < ? AND created_at <= ?", place, late.milliseconds)
            subscription.late = lateByTime + lateByPlace
            let oldest = try ["due_at < ?", "due_at >= ?"].compactMap { condition in
                try Int64.fetchOne(
                    db,
                    sql: "SELECT max(due_at, created_at) \(open) AND \(condition) ORDER BY due_at LIMIT 1",
                    arguments: [id, place]
                )
            }
            subscription.oldestDueAt = oldest.min().map { Timestamp(milliseconds: $0) }.flatMap { $0 <= now ? $0 : nil }
        }
        subscription.inFlight =
            try Int.fetchOne(
                db,
                sql: """
                    SELECT count(*) FROM webhooks_deliveries INDEXED BY webhooks_deliveries_in_flight
                    WHERE state = 2 AND subscription = ?
                    """,
                arguments: [id]
            ) ?? 0
    }
}
