internal import GRDB
public import WebhookCore

extension SQLiteStore {
    public func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [Delivery] {
        try await read { db in
            var conditions = Conditions()
            conditions.add("d.id < ?", query.after?.rawValue)
            if !query.events.isEmpty {
                let marks = Conditions.marks(query.events.count)
                conditions.add(
                    "d.event IN (SELECT id FROM webhooks_events WHERE event_id IN (\(marks)))",
                    values: query.events
                )
            }
            if let name = query.subscription {
                conditions.add("d.subscription = (SELECT id FROM webhooks_subscriptions WHERE name = ?)", name)
            }
            conditions.add("d.state", oneOf: query.states.map(\.code).sorted())
            conditions.add("d.created_at >= ?", query.since?.milliseconds)
            conditions.add("d.created_at < ?", query.until?.milliseconds)
            conditions.add("e.topic", oneOf: query.topics)
            conditions.add("e.tenant = ?", query.tenant)
            conditions.add("d.test = ?", query.isTest)
            return try DeliveryRow.fetch(db, conditions, limit: query.limit)
        }
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
