internal import GRDB
internal import WebhookCore

/// Finds events, newest first, as ``DeliverySearch`` finds deliveries.
struct EventSearch {
    let db: Database
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
        let mark = try LogIndexer.mark(db).event
        var found = try between(start.above(mark), conditions, limit: query.limit)
        guard found.count < query.limit else { return found }
        let times = try IDRange.indexed(db, isEvent: true, since: query.since, until: query.until, mark: mark)
        let indexed = times.below(start.below)
        guard !indexed.isEmpty else { return found }
        if let sequences = try sequences(above: indexed.above) {
            var merge = try IDMerge(sequences.count, below: indexed.below, next: sequences.next)
            while found.count < query.limit {
                let ids = try merge.next(min(query.limit - found.count, 500))
                if ids.isEmpty { break }
                var some = conditions
                some.add("e.id", oneOf: ids)
                found += try EventRow.fetch(db, some, limit: -1)
            }
        } else {
            found += try between(indexed, conditions, limit: query.limit - found.count)
        }
        return found
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
