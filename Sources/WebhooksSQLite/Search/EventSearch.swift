internal import GRDB
internal import WebhookCore

/// Finds events, newest first, as ``DeliverySearch`` finds deliveries.
struct EventSearch {
    let db: StoreDatabase
    let query: EventQuery

    func run() throws -> [LoggedEvent] {
        var start = IDRange()
        if let after = query.after {
            let sql = "SELECT id FROM webhooks_events WHERE event_id = ?"
            guard let row = try Int64.fetchOne(db, sql: sql, arguments: [after]) else { return [] }
            start.below = row
        }
        var conditions = conditions
        if !query.ids.isEmpty || query.isTest == true {
            if !query.ids.isEmpty { conditions.add("e.event_id", oneOf: query.ids) }
            return try between(start, conditions, limit: query.limit)
        }
        let walk = NewestFirst(
            limit: query.limit,
            between: { [conditions] in try between($0, conditions, limit: $1) },
            sequences: sequences,
            rows: { [conditions] ids in
                var some = conditions
                some.add("e.id", oneOf: ids)
                return try EventRow.fetch(db, some, limit: -1)
            }
        )
        let mark = try LogIndexer.mark(db).event
        return try walk.run(from: start, mark: mark) {
            try IDRange.indexed(db, isEvent: true, since: query.since, until: query.until, mark: mark)
        }
    }

    private func between(_ range: IDRange, _ conditions: Conditions, limit: Int) throws -> [LoggedEvent] {
        guard !range.isEmpty else { return [] }
        var conditions = conditions
        conditions.add("e.id > ?", range.above)
        conditions.add("e.id < ?", range.below)
        return try EventRow.fetch(db, conditions, by: access, limit: limit)
    }

    /// Tests are rare and have an index of their own; otherwise SQLite goes by the id, or by the ids asked for.
    private var access: String { query.isTest == true && query.ids.isEmpty ? "INDEXED BY webhooks_events_test" : "" }

    private var conditions: Conditions {
        var conditions = Conditions()
        conditions.add("e.created_at >= ?", query.since?.milliseconds)
        conditions.add("e.created_at < ?", query.until?.milliseconds)
        conditions.add("e.topic", oneOf: query.topics)
        conditions.add("e.tenant = ?", query.tenant)
        if let isTest = query.isTest { conditions.add(isTest ? "e.test = 1" : "e.test = 0", values: [] as [Int]) }
        return conditions
    }

    private func sequences(above: Int64) throws -> IDSequences? {
        if let tenant = query.tenant { return try IDSequences(db, .eventTenant, [tenant], above: above) }
        if !query.topics.isEmpty { return try IDSequences(db, .eventTopic, query.topics, above: above) }
        return nil
    }
}
