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
        let (result, skipped) = try await write { session in
            var pruning = Pruning(db: session.db, moment: moment, limit: limit)
            try pruning.keepIDs()
            for id in found.deliveries { try pruning.deleteDelivery(id) }
            for row in found.events { try pruning.deleteEvent(row) }
            return (pruning.result, pruning.firstSkippedEvent)
        }
        var position = found.position
        if let skipped { position.event = min(position.event, skipped - 1) }
        prunePosition.withLock { $0 = position }
        return result
    }
}
