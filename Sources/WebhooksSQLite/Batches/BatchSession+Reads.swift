internal import GRDB
internal import WebhookCore

extension BatchSession {
    /// Reads everything that a batch asks for.
    func read(_ reads: StoreReads) throws -> StoreReadResult {
        var result = StoreReadResult()
        damaged = []
        if reads.interrupted { result.interrupted = try interrupted() }
        result.health = try reads.health ? HealthRow.all(db) : HealthRow.of(reads.healthOf, db)
        try readEvents(reads, into: &result)
        if reads.openSubscriptions { result.openSubscriptions = try openSubscriptions() }
        if let id = reads.newDeliveriesAbove {
            result.touchedSubscriptions = try touchedSubscriptions(above: id)
            let highest = try Int64.fetchOne(db, sql: "SELECT max(id) FROM webhooks_deliveries")
            result.highestDelivery = highest.map { Delivery.ID(rawValue: $0) }
        }
        result.refills = try reads.refills.map { try refill($0) }
        result.takenOver = try reads.takeovers.flatMap { try openDeliveries(ofEvent: $0) }
        result.damaged = damaged
        return result
    }

    private func refill(_ refill: Refill) throws -> [OpenDelivery] {
        guard let subscription = try names.knownRow(of: refill.subscription, db) else { return [] }
        if refill.isOrdered, refill.after == nil { try givePlaces(subscription, limit: refill.limit) }
        var deliveries = try readable(refill, of: subscription)
        if refill.isOrdered, let attempted = try earliestAttempted(subscription, refill.subscription),
            !deliveries.contains(where: { $0.id == attempted.id })
        {
            deliveries.append(attempted)
        }
        return deliveries
    }

    /// Rows of a refill, as many as it asks for; damaged ones are given up.
    private func readable(_ refill: Refill, of subscription: Int64) throws -> [OpenDelivery] {
        var unreadable: Set<Int64> = []
        while true {
            let select = try statement(.selectRefill)
            try select.bind(subscription)
            try select.bind(refill.after?.dueAt.milliseconds ?? .min)
            try select.bind(refill.after?.delivery.rawValue ?? .min)
            try select.bind(refill.limit + unreadable.count)
            let rows = try openDeliveries(select) { _ in refill.subscription }
            let fresh = rows.damaged.filter { !unreadable.contains($0.id) }
            if fresh.isEmpty { return Array(rows.deliveries.prefix(refill.limit)) }
            for row in fresh where try !giveUp(row.id, row.damage) { unreadable.insert(row.id) }
        }
    }

    /// Puts first attempts of an ordered subscription into their places that have none.
    private func givePlaces(_ subscription: Int64, limit: Int) throws {
        // Two ranges of the index, and nothing of what has its place.
        let placeless = """
            SELECT id FROM (
                SELECT id FROM webhooks_deliveries INDEXED BY webhooks_deliveries_open
                WHERE subscription = ?1 AND due_at <= 0 AND state = 0 LIMIT ?3
            ) UNION ALL SELECT id FROM (
                SELECT id FROM webhooks_deliveries INDEXED BY webhooks_deliveries_open
                WHERE subscription = ?1 AND due_at >= ?2 AND state = 0 ORDER BY due_at LIMIT ?3
            )
            """
        func bind(_ statement: PreparedStatement, limit: Int) throws {
            try statement.bind(subscription)
            try statement.bind(AcceptancePlace.end)
            try statement.bind(limit)
        }
        let find = try PreparedStatement(db, placeless)
        try bind(find, limit: 1)
        guard try find.next() else { return }
        find.reset()
        try prepareToWrite()
        let give = try PreparedStatement(db, "UPDATE webhooks_deliveries SET due_at = event WHERE id IN (\(placeless))")
        try bind(give, limit: limit)
        try give.run()
    }

    private func earliestAttempted(_ row: Int64, _ name: String) throws -> OpenDelivery? {
        // What is indexed was accepted before what is not.
        for hot in [StatementKind.selectAttempted, .selectNewAttempted] {
            let select = try statement(hot)
            try select.bind(row)
            if let found = try openDeliveries(select, name: { _ in name }).deliveries.first { return found }
        }
        return nil
    }

    private func interrupted() throws -> [InterruptedDelivery] {
        let rows = try PreparedStatement(
            db,
            """
            SELECT \(OpenDelivery.columns), s.name
            FROM webhooks_deliveries d INDEXED BY webhooks_deliveries_in_flight
            CROSS JOIN webhooks_events e ON e.id = d.event JOIN webhooks_subscriptions s ON s.id = d.subscription
            WHERE d.state = 2 ORDER BY d.id
            """
        )
        return try readable(rows).map { InterruptedDelivery(delivery: $0, claimedAt: $0.dueAt) }
    }

    private func openDeliveries(ofEvent event: Int64) throws -> [OpenDelivery] {
        let rows = try PreparedStatement(
            db,
            """
            SELECT \(OpenDelivery.columns), s.name
            FROM webhooks_deliveries d JOIN webhooks_events e ON e.id = d.event
            JOIN webhooks_subscriptions s ON s.id = d.subscription
            WHERE d.event = ? AND d.state < 2 ORDER BY d.id
            """
        )
        try rows.bind(event)
        return try readable(rows)
    }

    /// All rows, with their subscriptions' names; damaged ones are given up.
    private func readable(_ rows: PreparedStatement) throws -> [OpenDelivery] {
        let found = try openDeliveries(rows) { $0.text(OpenDelivery.columnCount) }
        for row in found.damaged { _ = try giveUp(row.id, row.damage) }
        return found.deliveries
    }

    private func openDeliveries(
        _ rows: PreparedStatement,
        name: (PreparedStatement) -> String
    ) throws -> (deliveries: [OpenDelivery], damaged: [(id: Int64, damage: RowDamage)]) {
        var (deliveries, damaged): ([OpenDelivery], [(id: Int64, damage: RowDamage)]) = ([], [])
        while try rows.next() {
            switch try Self.readable({ try OpenDelivery(rows, subscription: name(rows)) }) {
            case .success(let delivery): deliveries.append(delivery)
            case .failure(let damage): damaged.append((rows.int64(0), damage))
            }
        }
        return (deliveries, damaged)
    }

    private func openSubscriptions() throws -> [String] {
        // One step in the index for each subscription, however many deliveries wait.
        let rows = try PreparedStatement(
            db,
            """
            SELECT name FROM webhooks_subscriptions s WHERE EXISTS (
                SELECT 1 FROM webhooks_deliveries d INDEXED BY webhooks_deliveries_open
                WHERE d.subscription = s.id AND d.due_at IS NOT NULL
            )
            ORDER BY name
            """
        )
        var names: [String] = []
        while try rows.next() { names.append(rows.text(0)) }
        return names
    }

    private func touchedSubscriptions(above id: Delivery.ID) throws -> [String] {
        // By id, and not through the index of all that waits: what is new is at the end of the table.
        let rows = try PreparedStatement(
            db,
            """
            SELECT name FROM webhooks_subscriptions WHERE id IN (
                SELECT subscription FROM webhooks_deliveries NOT INDEXED WHERE id > ? AND state < 2
            ) ORDER BY name
            """
        )
        try rows.bind(id.rawValue)
        var names: [String] = []
        while try rows.next() { names.append(rows.text(0)) }
        return names
    }
}
