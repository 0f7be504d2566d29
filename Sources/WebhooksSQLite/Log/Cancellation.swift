internal import GRDB
internal import WebhookCore

/// Cancels within one transaction, and keeps the account.
struct Cancellation {
    let session: BatchSession
    /// The trial, where something was refused: then each event and delivery stands alone.
    let trial: RowTrial?
    let instant: Timestamp
    /// The reason, in words; `nil`: somebody wanted it so.
    let detail: String?
    var result = CancelResult()
    /// The subscriptions (rows) of what was cancelled.
    private var touched: Set<Int64> = []

    init(
        session: BatchSession,
        trial: RowTrial?,
        instant: Timestamp,
        detail: String? = nil,
        result: CancelResult = CancelResult()
    ) {
        self.session = session
        self.trial = trial
        self.instant = instant
        self.detail = detail
        self.result = result
    }

    /// An event that waits for its fan-out, or its deliveries; or what of it is one subscription's.
    mutating func cancel(event id: String, subscription: String? = nil) throws {
        let db = session.db
        let select = "SELECT id, cancelled FROM webhooks_events WHERE event_id = ?"
        guard let found = try Row.fetchOne(db, sql: select, arguments: [id]) else {
            result.unknown.append(id)
            return
        }
        let row: Int64 = found[0]
        let wasCancelled: Bool = found[1]
        if let subscription {
            return try cancel(event: row, named: id, wasCancelled: wasCancelled, subscription: subscription)
        }
        let wasWaiting = try session.item(trial, .event, 0, part: row) {
            // Also one that was set aside.
            try db.execute(sql: "DELETE FROM webhooks_pending WHERE event = ?", arguments: [row])
            guard db.changesCount == 1 else { return false }
            try db.execute(sql: "UPDATE webhooks_events SET cancelled = 1 WHERE id = ?", arguments: [row])
            return true
        }
        switch wasWaiting {
        case .success(true): result.events.append(id)
        case .success(false): break
        case .failure(let row): result.refused.append(RefusedItem(id: id, reason: row.reason))
        }
        let ids = "SELECT id FROM webhooks_deliveries WHERE event = ? ORDER BY id"
        let deliveries = try Int64.fetchAll(db, sql: ids, arguments: [row])
        if wasCancelled, deliveries.isEmpty { result.add(cancelledBefore: id) }
        for delivery in deliveries { try cancel(Delivery.ID(rawValue: delivery)) }
    }

    private mutating func cancel(
        event row: Int64,
        named id: String,
        wasCancelled: Bool,
        subscription: String
    ) throws {
        if try UnmatchedCancellations.add(subscription, event: row, session.db) {
            result.unmatchedEvents += 1
            return
        }
        let sql = """
            SELECT id FROM webhooks_deliveries
            WHERE event = ? AND subscription = (SELECT id FROM webhooks_subscriptions WHERE name = ?) ORDER BY id
            """
        let deliveries = try Int64.fetchAll(session.db, sql: sql, arguments: [row, subscription])
        if deliveries.isEmpty { wasCancelled ? result.add(cancelledBefore: id) : result.unknown.append(id) }
        for delivery in deliveries { try cancel(Delivery.ID(rawValue: delivery)) }
    }

    /// A delivery, if it is one subscription's.
    mutating func cancel(_ id: Delivery.ID, subscription: String) throws {
        let sql = """
            SELECT 1 FROM webhooks_deliveries
            WHERE id = ? AND subscription = (SELECT id FROM webhooks_subscriptions WHERE name = ?)
            """
        guard try Int.fetchOne(session.db, sql: sql, arguments: [id.rawValue, subscription]) != nil else {
            result.unknown.append(id.description)
            return
        }
        try cancel(id)
    }

    /// A delivery: at once where it is pending or waiting, after its attempt where it is in flight.
    ///
    /// - Parameter subscription: its subscription (row), where that is known.
    mutating func cancel(_ id: Delivery.ID, of subscription: Int64? = nil) throws {
        let settlement = Settlement(delivery: id, state: .cancelled, error: nil, detail: detail, at: instant)
        switch try session.item(trial, .settlement, 0, part: id.rawValue, { try session.settle(settlement) }) {
        case .success(true):
            result.deliveries.append(id)
            let sql = "SELECT subscription FROM webhooks_deliveries WHERE id = ?"
            let row = try subscription ?? Int64.fetchOne(session.db, sql: sql, arguments: [id.rawValue])
            if let row { touched.insert(row) }
            return
        case .success(false): break
        case .failure(let row):
            result.refused.append(RefusedItem(id: id.description, reason: row.reason))
            return
        }
        switch try session.item(trial, .settlement, 0, part: id.rawValue, { try session.markCancelledByHand(id) }) {
        case .success(true): return result.deliveries.append(id)
        case .success(false): break
        case .failure(let row): return result.refused.append(RefusedItem(id: id.description, reason: row.reason))
        }
        let sql = """
            SELECT d.state, s.name, d.settled_at
            FROM webhooks_deliveries d JOIN webhooks_subscriptions s ON s.id = d.subscription WHERE d.id = ?
            """
        guard let row = try Row.fetchOne(session.db, sql: sql, arguments: [id.rawValue]) else {
            result.unknown.append(id.description)
            return
        }
        let missed = CancelResult.Missed(
            delivery: id,
            subscription: row[1],
            state: try DeliveryState(code: row[0]),
            settledAt: (row[2] as Int64?).map { Timestamp(milliseconds: $0) }
        )
        if missed.state == .inFlight { try session.cancelInFlight(id, at: instant) }
        result.add(missed)
    }

    /// Tells engines whose deliveries wait no more. To be called at the end.
    func tellEngines() throws {
        let touch = try PreparedStatement(
            session.db,
            "UPDATE webhooks_subscriptions SET retries = retries + 1 WHERE id = ?"
        )
        for subscription in touched {
            try touch.bind(subscription)
            try touch.run()
        }
    }

    /// Cancels what events that wait for their fan-out would bring a subscription.
    mutating func cancelUnmatched(subscription name: String) throws {
        result.unmatchedEvents = try UnmatchedCancellations.add(name, session.db)
    }

    /// Cancels what waits of a subscription, at most `limit` deliveries; then what is in flight.
    /// - Returns: where to go on; `nil`: all is done.
    mutating func cancel(
        subscription name: String,
        after position: Refill.Position,
        limit: Int
    ) throws -> Refill.Position? {
        guard let row = try session.names.knownRow(of: name, session.db) else { return nil }
        let select = try PreparedStatement(
            session.db,
            """
            SELECT id, due_at FROM webhooks_deliveries INDEXED BY webhooks_deliveries_open
            WHERE subscription = ? AND due_at IS NOT NULL AND (due_at, id) > (?, ?) ORDER BY due_at, id LIMIT ?
            """
        )
        try select.bind(row)
        try select.bind(position.dueAt)
        try select.bind(position.delivery.rawValue)
        try select.bind(limit)
        var found: [Refill.Position] = []
        while try select.next() {
            found.append(
                Refill.Position(dueAt: select.timestamp(1), delivery: Delivery.ID(rawValue: select.int64(0)))
            )
        }
        for position in found { try cancel(position.delivery, of: row) }
        if found.count == limit, let last = found.last { return last }
        let inFlight = try Int64.fetchAll(
            session.db,
            sql: "SELECT id FROM webhooks_deliveries WHERE subscription = ? AND state = 2 ORDER BY id",
            arguments: [row]
        )
        for id in inFlight { try cancel(Delivery.ID(rawValue: id)) }
        return nil
    }
}
