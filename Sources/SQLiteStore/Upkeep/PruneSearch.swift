internal import GRDB
internal import WebhookCore

/// How far a search for what is too old has come, so that the next portion doesn't pass again what stays.
struct PrunePosition: Sendable {
    var moment: Timestamp
    var delivery: Int64 = 0
    var event: Int64 = 0
}

/// Looks for what is too old, oldest first. Nothing settles before it is created, so what is younger is not looked at.
struct PruneSearch {
    let db: Database
    let moment: Timestamp
    let limit: Int

    struct Found {
        var deliveries: [Int64] = []
        /// Events without deliveries.
        var events: [Int64] = []
        var position: PrunePosition
    }

    func run(from position: PrunePosition) throws -> Found {
        var found = Found(position: position)
        let mark = try Listing.mark(db)
        (found.deliveries, found.position.delivery) = try search(
            "SELECT id FROM webhooks_deliveries NOT INDEXED WHERE id > ? AND id < ? AND settled_at < ? ORDER BY id",
            isEvent: false,
            from: position.delivery,
            mark: mark.delivery
        )
        (found.events, found.position.event) = try search(
            """
            SELECT id FROM webhooks_events e NOT INDEXED WHERE id > ? AND id < ? AND created_at < ?
            AND NOT EXISTS (SELECT 1 FROM webhooks_deliveries d WHERE d.event = e.id)
            AND NOT EXISTS (SELECT 1 FROM webhooks_pending p WHERE p.event = e.id) ORDER BY id
            """,
            isEvent: true,
            from: position.event,
            mark: mark.event
        )
        return found
    }

    /// The ids of a portion, and up to where everything was looked at.
    private func search(
        _ sql: String,
        isEvent: Bool,
        from position: Int64,
        mark: Int64
    ) throws -> (ids: [Int64], position: Int64) {
        let listed = try IDRange.listed(db, isEvent: isEvent, since: nil, until: moment, mark: mark)
        let rows = try RawStatement(db, sql)
        var ids: [Int64] = []
        for range in [listed.above(position), IDRange().above(max(position, mark))] where !range.isEmpty {
            try rows.bind(range.above)
            try rows.bind(range.below)
            try rows.bind(moment)
            while ids.count < limit, try rows.next() { ids.append(rows.int64(0)) }
            rows.reset()
        }
        return (ids, ids.count < limit ? .max : ids.last ?? position)
    }
}
