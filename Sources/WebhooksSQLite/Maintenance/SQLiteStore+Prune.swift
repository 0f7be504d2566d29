internal import GRDB
package import WebhookCore

extension SQLiteStore {
    // The file keeps its size: SQLite fills the pages that became free with what comes next. Giving them back
    // (auto_vacuum) would move pages within every transaction that deletes, and VACUUM would lock everybody out.
    package func prune(olderThan instant: Timestamp, limit: Int) async throws(StoreError) -> PruneResult {
        let start = prunePosition.withLock { $0?.instant == instant ? $0 : nil } ?? PrunePosition(instant: instant)
        // The search may pass many rows that stay: it is done beside the writer.
        let found = try await read { try PruneSearch(db: $0, instant: instant, limit: limit).run(from: start) }
        if found.deliveries.isEmpty && found.events.isEmpty {
            prunePosition.withLock { $0 = nil }
            return PruneResult()
        }
        let (result, skipped) = try await writeItems { session, trial in
            var pruning = Pruning(db: session.db, instant: instant, limit: limit)
            try pruning.keepIDs()
            func delete(_ kind: RowTrial.Step.Kind, _ row: Int64, _ body: (inout Pruning) throws -> Void) throws {
                let taken = try session.item(trial, kind, 0, part: row) {
                    var tried = pruning
                    try body(&tried)
                    return tried
                }
                switch taken {
                case .success(let done): pruning = done
                case .failure(let refused): try pruning.refused(kind, row, refused.reason)
                }
            }
            try session.db.erasing {
                for id in found.deliveries { try delete(.delivery, id) { try $0.deleteDelivery(id) } }
                for row in found.events { try delete(.event, row) { try $0.deleteEvent(row) } }
            }
            return (pruning.result, pruning.firstSkippedEvent)
        }
        var position = found.position
        if let skipped { position.event = min(position.event, skipped - 1) }
        prunePosition.withLock { $0 = position }
        return result
    }

    /// Counts what pruning would delete; deletes nothing.
    package func prunable(olderThan instant: Timestamp) async throws(StoreError) -> PruneResult {
        try await read { db in
            var result = PruneResult()
            let deliveries = try Row.fetchOne(
                db,
                sql: """
                    SELECT count(*), coalesce(sum(attempts), 0) FROM webhooks_deliveries NOT INDEXED WHERE settled_at < ?
                    """,
                arguments: [instant.milliseconds]
            )
            if let deliveries { (result.deliveries, result.attempts) = (deliveries[0], deliveries[1]) }
            result.events =
                try Int.fetchOne(
                    db,
                    sql: """
                        SELECT count(*) FROM webhooks_events e NOT INDEXED WHERE created_at < ?1 AND NOT EXISTS (
                            SELECT 1 FROM webhooks_deliveries d
                            WHERE d.event = e.id AND (d.settled_at IS NULL OR d.settled_at >= ?1)
                        ) AND NOT EXISTS (SELECT 1 FROM webhooks_pending p WHERE p.event = e.id)
                        """,
                    arguments: [instant.milliseconds]
                ) ?? 0
            return result
        }
    }

    /// About how many deliveries or events there are, whichever are more: never fewer than that.
    package func approximateRows() async throws(StoreError) -> Int {
        try await read { db in
            try ["webhooks_deliveries", "webhooks_events"].map { table in
                // The ends of the table, which cost nothing; nearly all ids between them are there.
                let sql = "SELECT coalesce((SELECT max(id) FROM \(table)) - (SELECT min(id) FROM \(table)) + 1, 0)"
                return try Int.fetchOne(db, sql: sql) ?? 0
            }.max() ?? 0
        }
    }
}

/// Deletes within one transaction, and keeps the account. Each row is looked at again: it was found before.
struct Pruning {
    let db: StoreDatabase
    let instant: Timestamp
    let limit: Int
    var result = PruneResult()
    /// The first event that the limit kept from being looked at.
    private(set) var firstSkippedEvent: Int64?

    /// Writes down the highest ids, which nothing may get again.
    func keepIDs() throws {
        try db.execute(
            sql: """
                UPDATE webhooks_schema SET
                    last_event = max(last_event, coalesce((SELECT max(id) FROM webhooks_events), 0)),
                    last_delivery = max(last_delivery, coalesce((SELECT max(id) FROM webhooks_deliveries), 0))
                """
        )
    }

    init(db: StoreDatabase, instant: Timestamp, limit: Int) {
        self.db = db
        self.instant = instant
        self.limit = limit
    }

    /// Deletes a delivery with its attempts, its body where no other needs it, and its event where it was the last.
    mutating func deleteDelivery(_ id: Int64) throws {
        let select = try PreparedStatement(
            db,
            "SELECT event, body FROM webhooks_deliveries WHERE id = ? AND settled_at < ?"
        )
        try select.bind(id)
        try select.bind(instant)
        guard try select.next() else { return }
        let event = select.int64(0)
        let body = select.isNull(1) ? nil : select.int64(1)
        select.reset()

        try forgetDelivery(id, of: event)
        result.attempts += try run("DELETE FROM webhooks_attempts WHERE delivery = ?", id)
        result.deliveries += try run("DELETE FROM webhooks_deliveries WHERE id = ?", id)
        if let body {
            // Bodies are shared within an event only.
            let sql = """
                DELETE FROM webhooks_bodies WHERE id = ?1
                AND NOT EXISTS (SELECT 1 FROM webhooks_deliveries WHERE event = ?2 AND body = ?1)
                """
            _ = try run(sql, body, event)
        }
        try deleteEvent(event)
    }

    /// Deletes an event that has no deliveries and doesn't wait for any, within the limit.
    mutating func deleteEvent(_ row: Int64) throws {
        guard result.events < limit else {
            firstSkippedEvent = min(firstSkippedEvent ?? row, row)
            return
        }
        let select = try PreparedStatement(
            db,
            """
            SELECT topic, tenant FROM webhooks_events WHERE id = ?1 AND created_at < ?2
            AND NOT EXISTS (SELECT 1 FROM webhooks_deliveries WHERE event = ?1)
            AND NOT EXISTS (SELECT 1 FROM webhooks_pending WHERE event = ?1)
            """
        )
        try select.bind(row)
        try select.bind(instant)
        guard try select.next() else { return }
        let terms = [(Term.eventTopic, select.optionalText(0)), (.eventTenant, select.optionalText(1))]
        select.reset()
        try forget(row, terms)
        result.events += try run("DELETE FROM webhooks_events WHERE id = ?", row)
        _ = try run("DELETE FROM webhooks_messages WHERE event = ?", row)
    }

    /// Names what the store won't delete.
    mutating func refused(_ kind: RowTrial.Step.Kind, _ row: Int64, _ reason: String) throws {
        var id = Delivery.ID(rawValue: row).description
        if kind == .event {
            let sql = "SELECT event_id FROM webhooks_events WHERE id = ?"
            id = try String.fetchOne(db, sql: sql, arguments: [row]) ?? id
        }
        result.refused.append(RefusedItem(id: id, reason: reason))
    }

    private func forgetDelivery(_ id: Int64, of event: Int64) throws {
        let select = try PreparedStatement(db, "SELECT topic, tenant FROM webhooks_events WHERE id = ?")
        try select.bind(event)
        guard try select.next() else { return }
        let terms = [(Term.deliveryTopic, select.optionalText(0)), (.deliveryTenant, select.optionalText(1))]
        select.reset()
        try forget(id, terms)
    }

    private func forget(_ id: Int64, _ terms: [(Term, String?)]) throws {
        let delete = try PreparedStatement(db, "DELETE FROM webhooks_terms WHERE kind = ? AND term = ? AND id = ?")
        for case (let kind, let term?) in terms {
            try delete.bind(kind.rawValue)
            try delete.bind(term)
            try delete.bind(id)
            try delete.run()
        }
    }

    private func run(_ sql: String, _ values: Int64...) throws -> Int {
        let statement = try PreparedStatement(db, sql)
        for value in values { try statement.bind(value) }
        return try statement.run()
    }
}

/// A search for rows that are too old, which goes on where the batch before it ended.
struct PrunePosition: Sendable {
    var instant: Timestamp
    var delivery: Int64 = 0
    var event: Int64 = 0
}

/// Looks for what is too old, oldest first. Nothing settles before it is created, so what is younger is not looked at.
struct PruneSearch {
    let db: StoreDatabase
    let instant: Timestamp
    let limit: Int

    struct Found {
        var deliveries: [Int64] = []
        /// Events without deliveries.
        var events: [Int64] = []
        var position: PrunePosition
    }

    func run(from position: PrunePosition) throws -> Found {
        var found = Found(position: position)
        let mark = try LogIndexer.mark(db)
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

    /// The ids of a batch, and up to where everything was looked at.
    private func search(
        _ sql: String,
        isEvent: Bool,
        from position: Int64,
        mark: Int64
    ) throws -> (ids: [Int64], position: Int64) {
        let indexed = try IDRange.indexed(db, isEvent: isEvent, since: nil, until: instant, mark: mark)
        let rows = try PreparedStatement(db, sql)
        var ids: [Int64] = []
        for range in [indexed.above(position), IDRange().above(max(position, mark))] where !range.isEmpty {
            try rows.bind(range.above)
            try rows.bind(range.below)
            try rows.bind(instant)
            while ids.count < limit, try rows.next() { ids.append(rows.int64(0)) }
            rows.reset()
        }
        return (ids, ids.count < limit ? .max : ids.last ?? position)
    }
}
