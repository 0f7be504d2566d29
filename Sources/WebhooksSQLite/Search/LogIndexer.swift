internal import GRDB
package import WebhookCore

/// Takes new rows into the indexes that only people and reports ask.
///
/// A delivery's hot path pays for none of them. An entry for each row, written as the row is, would touch a page for
/// every subscription and tenant of a batch, which measured at a third to a half of the store's throughput; a batch
/// of many rows shares these pages. Rows behind ``Mark`` are few, and are searched by reading them.
///
/// Once a delivery is indexed, SQLite keeps its entry in step with its state.
struct LogIndexer {
    let db: StoreDatabase

    /// Up to where rows are indexed.
    struct Mark {
        var event: Int64
        var delivery: Int64
    }

    /// The time that the clock may be behind the latest time without counting as put back: processes take their times
    /// before they wait for each other.
    static let clockTolerance: Int64 = 10_000

    static func mark(_ db: StoreDatabase) throws -> Mark {
        let select = try PreparedStatement(db, "SELECT indexed_event, indexed_delivery FROM webhooks_schema")
        guard try select.next() else { throw StoreError.damaged("webhooks_schema is empty") }
        defer { select.reset() }
        return Mark(event: select.int64(0), delivery: select.int64(1))
    }

    /// Lists the oldest rows that are not indexed yet, within the transaction that is open.
    ///
    /// - Parameter batchSize: the number of events, and of deliveries; fewer stay as they are.
    func run(batchSize: Int, _ session: BatchSession, _ trial: RowTrial?) throws -> IndexingResult {
        let mark = try Self.mark(db)
        let events = try range("webhooks_events", above: mark.event, limit: batchSize)
        let deliveries = try range("webhooks_deliveries", above: mark.delivery, limit: batchSize)
        var refused: [RefusedItem] = []
        if let events {
            try each(of: events, in: "webhooks_events", isWhole: trial == nil) { range in
                let taken = try session.item(trial, .event, 0, part: range.last) { try list(events: range) }
                if case .failure(let row) = taken {
                    let sql = "SELECT event_id FROM webhooks_events WHERE id = ?"
                    let id = try String.fetchOne(db, sql: sql, arguments: [range.last])
                    refused.append(RefusedItem(id: id ?? "", reason: row.reason))
                }
            }
            try noteClock("webhooks_events", events, isEvent: true)
            try execute("UPDATE webhooks_schema SET indexed_event = ?", events.last)
        }
        if let deliveries {
            try each(of: deliveries, in: "webhooks_deliveries", isWhole: trial == nil) { range in
                let taken = try session.item(trial, .delivery, 0, part: range.last) { try list(deliveries: range) }
                if case .failure(let row) = taken {
                    let id = Delivery.ID(rawValue: range.last).description
                    refused.append(RefusedItem(id: id, reason: row.reason))
                }
            }
            try noteClock("webhooks_deliveries", deliveries, isEvent: false)
            try execute("UPDATE webhooks_schema SET indexed_delivery = ?", deliveries.last)
        }
        return IndexingResult(
            indexed: (events?.count ?? 0) + (deliveries?.count ?? 0),
            left: try left(
                behind: Mark(event: events?.last ?? mark.event, delivery: deliveries?.last ?? mark.delivery)
            ),
            refused: refused
        )
    }

    /// All rows of a range at once, or row by row.
    private func each(
        of range: Range,
        in table: String,
        isWhole: Bool,
        _ body: (Range) throws -> Void
    ) throws {
        if isWhole { return try body(range) }
        let ids = try Int64.fetchAll(
            db,
            sql: "SELECT id FROM \(table) NOT INDEXED WHERE id > ? AND id <= ? ORDER BY id",
            arguments: [range.after, range.last]
        )
        for id in ids { try body(Range(after: id - 1, last: id, count: 1)) }
    }

    /// Returns how many rows there would be to list, for a connection that only reads.
    ///
    /// - Returns: as ``run(batchSize:)``, with fewer `left` than a batch where there is no whole one of either.
    func look(batchSize: Int) throws -> IndexingResult {
        let mark = try Self.mark(db)
        let left = try left(behind: mark)
        guard left >= batchSize else { return IndexingResult(indexed: 0, left: left) }
        let isWhole =
            try range("webhooks_events", above: mark.event, limit: batchSize) != nil
            || range("webhooks_deliveries", above: mark.delivery, limit: batchSize) != nil
        return IndexingResult(indexed: 0, left: isWhole ? left : min(left, batchSize - 1))
    }

    private func left(behind mark: Mark) throws -> Int {
        let highest = try PreparedStatement(
            db,
            "SELECT (SELECT max(id) FROM webhooks_events), (SELECT max(id) FROM webhooks_deliveries)"
        )
        guard try highest.next() else { return 0 }
        defer { highest.reset() }
        // None where the table is empty: pruned to the last.
        return Int(max(0, highest.int64(0) - mark.event) + max(0, highest.int64(1) - mark.delivery))
    }

    /// Rows by id, both ends included.
    private struct Range {
        var after: Int64
        var last: Int64
        var count: Int
    }

    private func range(_ table: String, above id: Int64, limit: Int) throws -> Range? {
        let select = try PreparedStatement(
            db,
            "SELECT max(id), count(*) FROM (SELECT id FROM \(table) WHERE id > ? ORDER BY id LIMIT ?)"
        )
        try select.bind(id)
        try select.bind(limit)
        guard try select.next() else { return nil }
        defer { select.reset() }
        guard select.int(1) == limit else { return nil }
        return Range(after: id, last: select.int64(0), count: select.int(1))
    }

    private func list(events: Range) throws {
        for (term, column) in [(Term.eventTopic, "topic"), (.eventTenant, "tenant")] {
            try execute(
                """
                INSERT INTO webhooks_terms (kind, term, id) SELECT \(term.rawValue), \(column), id FROM webhooks_events
                WHERE id > ? AND id <= ? AND \(column) IS NOT NULL
                """,
                events.after,
                events.last
            )
        }
    }

    private func list(deliveries: Range) throws {
        for (term, column) in [(Term.deliveryTopic, "topic"), (.deliveryTenant, "tenant")] {
            try execute(
                """
                INSERT INTO webhooks_terms (kind, term, id) SELECT \(term.rawValue), e.\(column), d.id
                FROM webhooks_deliveries d NOT INDEXED CROSS JOIN webhooks_events e ON e.id = d.event
                WHERE d.id > ? AND d.id <= ? AND e.\(column) IS NOT NULL
                """,
                deliveries.after,
                deliveries.last
            )
        }
        try execute(
            "UPDATE webhooks_deliveries SET indexed = 1 WHERE id > ? AND id <= ?",
            deliveries.after,
            deliveries.last
        )
    }

    /// Remembers rows at which the times start again, so that within two of them they can be searched by halves.
    private func noteClock(_ table: String, _ range: Range, isEvent: Bool) throws {
        let column = isEvent ? "latest_event" : "latest_delivery"
        var latest = try Int64.fetchOne(db, sql: "SELECT \(column) FROM webhooks_schema") ?? 0
        let rows = try PreparedStatement(
            db,
            "SELECT id, created_at FROM \(table) NOT INDEXED WHERE id > ? AND id <= ? ORDER BY id"
        )
        try rows.bind(range.after)
        try rows.bind(range.last)
        var steps: [Int64] = []
        while try rows.next() {
            let instant = rows.int64(1)
            if instant < latest - Self.clockTolerance {
                steps.append(rows.int64(0))
                latest = instant
            }
            latest = max(latest, instant)
        }
        for id in steps {
            try execute("INSERT OR IGNORE INTO webhooks_clock_steps (of_event, id) VALUES (?, ?)", isEvent ? 1 : 0, id)
        }
        try execute("UPDATE webhooks_schema SET \(column) = ?", latest)
    }

    private func execute(_ sql: String, _ values: Int64...) throws {
        let statement = try PreparedStatement(db, sql)
        for value in values { try statement.bind(value) }
        try statement.run()
    }
}

extension SQLiteStore {
    /// Takes rows into the indexes by which the log is searched, oldest first: one short transaction.
    ///
    /// A dispatcher calls it now and then. What is not indexed yet is found all the same, by reading every such row.
    /// - Parameter batchSize: the number of events, and of deliveries; fewer are left for another time.
    /// - Returns: how many rows were taken, and how many are left.
    /// - Throws: ``StoreError``.
    @discardableResult
    package func indexNewRows(batchSize: Int) async throws(StoreError) -> IndexingResult {
        let stamp = WALStamp(files.wal)
        // A dispatcher at rest leaves the disk alone.
        if let stamp, let known = indexedWAL.withLock({ $0 }), known.stamp == stamp, known.batchSize == batchSize {
            return known.result
        }
        // Only for a whole batch do other writers have to wait.
        var result = try await read { try LogIndexer(db: $0).look(batchSize: batchSize) }
        if result.left >= batchSize {
            result = try await writeItems { try LogIndexer(db: $0.db).run(batchSize: batchSize, $0, $1) }
        }
        indexedWAL.withLock { $0 = result.indexed == 0 ? stamp.map { ($0, batchSize, result) } : nil }
        return result
    }

    /// The number of rows that one transaction takes into the indexes: a millisecond or two, which is what an emit may
    /// wait for it.
    package static let indexingBatch = 100

    /// Does the same for at most this number of batches, and gives up on an error.
    func indexNewRowsNow(batches: Int) {
        guard let writer else { return }
        for _ in 0..<batches {
            let count = try? writer.writeWithoutTransaction { db in
                try items(StoreDatabase(db, prefix)) {
                    try LogIndexer(db: $0.db).run(batchSize: Self.indexingBatch, $0, $1)
                }.get().indexed
            }
            guard let count, count > 0 else { return }
        }
    }
}
