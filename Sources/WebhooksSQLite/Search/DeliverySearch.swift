internal import GRDB
internal import WebhookCore

/// Finds deliveries, newest first: those that are not indexed yet by reading them, the others through one index, the
/// rest of the conditions being checked on each row.
struct DeliverySearch {
    let db: StoreDatabase
    let query: DeliveryQuery

    func run() throws -> [Delivery] {
        let conditions = conditions
        if !query.events.isEmpty { return try ofEvents(conditions) }
        if query.isTest == true { return try tests(conditions) }
        let walk = NewestFirst(
            limit: query.limit,
            between: { try between($0, conditions, limit: $1) },
            sequences: sequences,
            rows: { ids in
                var some = conditions
                some.add("d.id", oneOf: ids)
                return try DeliveryRow.fetch(db, some, limit: -1)
            }
        )
        let mark = try LogIndexer.mark(db).delivery
        return try walk.run(from: IDRange().below(query.after?.rawValue ?? .max), mark: mark) {
            try IDRange.indexed(db, isEvent: false, since: query.since, until: query.until, mark: mark)
        }
    }

    private func between(_ range: IDRange, _ conditions: Conditions, limit: Int) throws -> [Delivery] {
        guard !range.isEmpty else { return [] }
        var conditions = conditions
        conditions.add("d.id > ?", range.above)
        conditions.add("d.id < ?", range.below)
        return try DeliveryRow.fetch(db, conditions, limit: limit)
    }

    /// An event's deliveries are few: they are sorted.
    private func ofEvents(_ conditions: Conditions) throws -> [Delivery] {
        var conditions = conditions
        let marks = Conditions.marks(query.events.count)
        conditions.add(
            "d.event IN (SELECT id FROM webhooks_events WHERE event_id IN (\(marks)))",
            values: query.events
        )
        conditions.add("d.id < ?", query.after?.rawValue)
        return try DeliveryRow.fetch(db, conditions, by: "INDEXED BY webhooks_deliveries_event", limit: query.limit)
    }

    private func tests(_ conditions: Conditions) throws -> [Delivery] {
        var conditions = conditions
        conditions.add("d.id < ?", query.after?.rawValue)
        return try DeliveryRow.fetch(db, conditions, by: "INDEXED BY webhooks_deliveries_test", limit: query.limit)
    }

    /// The conditions that every row must meet, whatever has led to it.
    private var conditions: Conditions {
        var conditions = Conditions()
        if let name = query.subscription {
            conditions.add("d.subscription = (SELECT id FROM webhooks_subscriptions WHERE name = ?)", name)
        }
        conditions.add("d.state", oneOf: query.states.map(\.code).sorted())
        conditions.add("d.last_error", oneOf: query.errors.map(\.code).sorted())
        conditions.add("d.created_at >= ?", query.since?.milliseconds)
        conditions.add("d.created_at < ?", query.until?.milliseconds)
        conditions.add("e.topic", oneOf: query.topics)
        conditions.add("e.tenant = ?", query.tenant)
        if query.newestOnly {
            conditions.add(
                """
                NOT EXISTS (
                    SELECT 1 FROM webhooks_deliveries n INDEXED BY webhooks_deliveries_event
                    WHERE n.event = d.event AND n.id > d.id AND n.subscription = d.subscription
                )
                """,
                values: [] as [Int]
            )
        }
        // As a constant, so that the index of tests serves.
        if let isTest = query.isTest { conditions.add(isTest ? "d.test = 1" : "d.test = 0", values: [] as [Int]) }
        return conditions
    }

    // MARK: What leads to indexed rows

    /// Descending ids, by the condition that leaves the fewest; `nil`: nothing to go by but the id.
    private func sequences(above: Int64) throws -> IDSequences? {
        let states = statesToSearch
        let rareStates = !states.isEmpty && !states.contains(.delivered)
        if query.subscription != nil || rareStates { return try byState(above) }
        if let tenant = query.tenant { return try IDSequences(db, .deliveryTenant, [tenant], above: above) }
        if !query.topics.isEmpty { return try IDSequences(db, .deliveryTopic, query.topics, above: above) }
        return states.isEmpty ? nil : try byState(above)
    }

    /// The states to look through. Deliveries missed while a subscription was disabled are cancelled: for them, no
    /// other.
    private var statesToSearch: Set<DeliveryState> {
        query.states.isEmpty && query.errors == [.disabled] ? [.cancelled] : query.states
    }

    private func byState(_ above: Int64) throws -> IDSequences {
        let states = statesToSearch.isEmpty ? Set(DeliveryState.allCases) : statesToSearch
        let rows: [Int64]
        if let name = query.subscription {
            let sql = "SELECT id FROM webhooks_subscriptions WHERE name = ?"
            rows = try Int64.fetchAll(db, sql: sql, arguments: [name])
        } else {
            rows = try Int64.fetchAll(db, sql: "SELECT id FROM webhooks_subscriptions")
        }
        return try IDSequences(db, subscriptions: rows, states: states, above: above)
    }
}
