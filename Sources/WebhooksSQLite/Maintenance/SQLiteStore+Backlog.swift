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

    package func deliveriesBehind(among ids: [Delivery.ID]) async throws(StoreError) -> Set<Delivery.ID> {
        try await read { db in
            let place = AcceptancePlace.end.milliseconds
            let find = try PreparedStatement(
                db,
                "SELECT subscription FROM webhooks_deliveries WHERE id = ? AND due_at > 0 AND due_at < ?"
            )
            var isTriedAgain: [Int64: Bool] = [:]
            var behind: Set<Delivery.ID> = []
            for id in ids {
                try find.bind(id.rawValue)
                try find.bind(place)
                guard try find.next() else { continue }
                let subscription = find.int64(0)
                find.reset()
                let known = try isTriedAgain[subscription] ?? TriedAgain.exists(of: subscription, db)
                isTriedAgain[subscription] = known
                if known { behind.insert(id) }
            }
            return behind
        }
    }
}

/// The delivery of an ordered subscription that has failed and is tried again: the others stand behind it until it has settled.
private enum TriedAgain {
    private static let waiting = """
        SELECT 1 FROM webhooks_deliveries INDEXED BY webhooks_deliveries_open
        WHERE subscription = ? AND due_at >= ? AND state = 1 LIMIT 1
        """
    /// One whose retry a person has brought forward.
    private static let first = """
        SELECT 1 FROM webhooks_deliveries INDEXED BY webhooks_deliveries_open
        WHERE subscription = ? AND due_at <= 0 AND state = 1 LIMIT 1
        """
    private static let underWay = """
        SELECT 1 FROM webhooks_deliveries INDEXED BY webhooks_deliveries_in_flight
        WHERE state = 2 AND subscription = ? AND attempts > 1 LIMIT 1
        """

    static func exists(of subscription: Int64, _ db: StoreDatabase) throws -> Bool {
        for (sql, values) in [
            (waiting, [subscription, AcceptancePlace.end.milliseconds]), (first, [subscription]),
            (underWay, [subscription]),
        ] {
            let statement = try PreparedStatement(db, sql)
            for value in values { try statement.bind(value) }
            defer { statement.reset() }
            if try statement.next() { return true }
        }
        return false
    }
}

private struct BacklogReader {
    let db: StoreDatabase
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
        subscription.waiting = try count(.waiting, id)
        if subscription.waiting > 0 {
            let inOrder = try count(.inOrder, id, place)
            if inOrder > 0, try TriedAgain.exists(of: id, db) { subscription.behind = inOrder }
            // What stands behind another in the order is left out of all that follows.
            let bound = subscription.behind > 0 ? 1 : place
            subscription.due = try count(.due, id, now.milliseconds) - subscription.behind
            let lateByTime = try count(.lateByTime, id, place, late.milliseconds)
            let lateByPlace = try count(.lateByPlace, id, bound, late.milliseconds)
            let lateByHand = try count(.lateByHand, id, late.milliseconds)
            subscription.late = lateByTime + lateByPlace + lateByHand
            let oldest = try [
                number(.oldestByHand, [id]), number(.oldestByPlace, [id, bound]), number(.oldestByTime, [id, place]),
            ].compactMap(\.self)
            subscription.oldestDueAt = oldest.min().map { Timestamp(milliseconds: $0) }.flatMap { $0 <= now ? $0 : nil }
        }
        subscription.inFlight = try count(.inFlight, id)
    }

    /// The statements that are run for every subscription, each prepared once: to compile it takes ten times as long
    /// as to run it where little waits, and a dispatcher asks for its metrics every few seconds.
    private enum Question {
        case waiting, due, inOrder, lateByTime, lateByPlace, lateByHand
        case oldestByPlace, oldestByTime, oldestByHand, inFlight

        var sql: String {
            let open = "FROM webhooks_deliveries INDEXED BY webhooks_deliveries_open WHERE subscription = ?"
            return switch self {
            case .waiting: "SELECT count(*) \(open) AND due_at IS NOT NULL"
            case .due: "SELECT count(*) \(open) AND due_at <= ?"
            case .inOrder: "SELECT count(*) \(open) AND due_at > 0 AND due_at < ?"
            case .lateByTime: "SELECT count(*) \(open) AND due_at >= ? AND due_at <= ?"
            case .lateByPlace: "SELECT count(*) \(open) AND due_at >= 0 AND due_at < ? AND created_at <= ?"
            case .lateByHand: "SELECT count(*) \(open) AND due_at < 0 AND due_at <= ? - \(ByHand.offset)"
            case .oldestByPlace:
                "SELECT max(due_at, created_at) \(open) AND due_at >= 0 AND due_at < ? ORDER BY due_at LIMIT 1"
            case .oldestByTime:
                "SELECT max(due_at, created_at) \(open) AND due_at >= ? ORDER BY due_at LIMIT 1"
            case .oldestByHand: "SELECT due_at + \(ByHand.offset) \(open) AND due_at < 0 ORDER BY due_at LIMIT 1"
            case .inFlight:
                """
                SELECT count(*) FROM webhooks_deliveries INDEXED BY webhooks_deliveries_in_flight
                WHERE state = 2 AND subscription = ?
                """
            }
        }
    }

    private func count(_ question: Question, _ values: Int64...) throws -> Int {
        Int(try number(question, values) ?? 0)
    }

    private func number(_ question: Question, _ values: [Int64]) throws -> Int64? {
        let statement = try PreparedStatement(db, question.sql)
        for value in values { try statement.bind(value) }
        guard try statement.next() else { return nil }
        defer { statement.reset() }
        return statement.int64(0)
    }
}
