internal import GRDB
public import WebhookCore

extension SQLiteStore {
    public func prune(olderThan moment: Timestamp, limit: Int) async throws(StoreError) -> PruneResult {
        // The search may pass many rows that stay: it is done beside the writer.
        let deliveries = try await read { try Self.settledDeliveries($0, before: moment, limit: limit) }
        let events = try await read { try Self.emptyEvents($0, before: moment, limit: limit) }
        if deliveries.isEmpty && events.isEmpty { return PruneResult() }
        return try await write { session in
            var pruning = Pruning(db: session.db, moment: moment, limit: limit)
            try pruning.keepIDs()
            for id in deliveries { try pruning.deleteDelivery(id) }
            for row in events { try pruning.deleteEvent(row) }
            return pruning.result
        }
    }

    private static func settledDeliveries(_ db: Database, before moment: Timestamp, limit: Int) throws -> [Int64] {
        // From the oldest on: nothing settles before it is created, so the search ends at the first that is too young.
        let rows = try RawStatement(db, "SELECT id, created_at, settled_at FROM webhooks_deliveries ORDER BY id")
        defer { rows.reset() }
        var ids: [Int64] = []
        while ids.count < limit, try rows.next(), rows.timestamp(1) < moment {
            if let settledAt = rows.optionalTimestamp(2), settledAt < moment { ids.append(rows.int64(0)) }
        }
        return ids
    }

    private static func emptyEvents(_ db: Database, before moment: Timestamp, limit: Int) throws -> [Int64] {
        let rows = try RawStatement(
            db,
            """
            SELECT id, created_at, EXISTS (SELECT 1 FROM webhooks_deliveries d WHERE d.event = e.id)
                OR EXISTS (SELECT 1 FROM webhooks_pending p WHERE p.event = e.id)
            FROM webhooks_events e ORDER BY id
            """
        )
        defer { rows.reset() }
        var ids: [Int64] = []
        while ids.count < limit, try rows.next(), rows.timestamp(1) < moment {
            if !rows.bool(2) { ids.append(rows.int64(0)) }
        }
        return ids
    }
}
