internal import GRDB
public import WebhookCore

extension SQLiteStore {
    public func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [Delivery] {
        try await read { try DeliverySearch(db: $0, query: query).run() }
    }

    public func delivery(_ id: Delivery.ID) async throws(StoreError) -> Delivery? {
        try await read { db in
            var conditions = Conditions()
            conditions.add("d.id = ?", id.rawValue)
            return try DeliveryRow.fetch(db, conditions, limit: 1).first
        }
    }

    public func newestDeliveries(ofEvent id: String) async throws(StoreError) -> [Delivery] {
        try await read { db in
            var conditions = Conditions()
            conditions.add(
                """
                d.id IN (
                    SELECT max(id) FROM webhooks_deliveries
                    WHERE event = (SELECT id FROM webhooks_events WHERE event_id = ?) GROUP BY subscription
                )
                """,
                id
            )
            return try DeliveryRow.fetch(db, conditions, limit: -1)
        }
    }

    public func attempts(of delivery: Delivery.ID) async throws(StoreError) -> [Attempt] {
        try await read { try AttemptRow.fetch($0, delivery: delivery) }
    }
}
