internal import GRDB
public import WebhookCore

extension SQLiteStore {
    // The file keeps its size: SQLite fills the pages that became free with what comes next. Giving them back
    // (auto_vacuum) would move pages within every transaction that deletes, and VACUUM would lock everybody out.
    public func prune(olderThan moment: Timestamp, limit: Int) async throws(StoreError) -> PruneResult {
        let start = prunePosition.withLock { $0?.moment == moment ? $0 : nil } ?? PrunePosition(moment: moment)
        // The search may pass many rows that stay: it is done beside the writer.
        let found = try await read { try PruneSearch(db: $0, moment: moment, limit: limit).run(from: start) }
        if found.deliveries.isEmpty && found.events.isEmpty {
            prunePosition.withLock { $0 = nil }
            return PruneResult()
        }
        let (result, skipped) = try await writeItems { session, trial in
            var pruning = Pruning(db: session.db, moment: moment, limit: limit)
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
            for id in found.deliveries { try delete(.delivery, id) { try $0.deleteDelivery(id) } }
            for row in found.events { try delete(.event, row) { try $0.deleteEvent(row) } }
            return (pruning.result, pruning.firstSkippedEvent)
        }
        var position = found.position
        if let skipped { position.event = min(position.event, skipped - 1) }
        prunePosition.withLock { $0 = position }
        return result
    }

    /// About how many deliveries or events there are, whichever are more: never fewer than that.
    public func approximateRows() async throws(StoreError) -> Int {
        try await read { db in
            try ["webhooks_deliveries", "webhooks_events"].map { table in
                // The ends of the table, which cost nothing; nearly all ids between them are there.
                let sql = "SELECT coalesce((SELECT max(id) FROM \(table)) - (SELECT min(id) FROM \(table)) + 1, 0)"
                return try Int.fetchOne(db, sql: sql) ?? 0
            }.max() ?? 0
        }
    }
}
