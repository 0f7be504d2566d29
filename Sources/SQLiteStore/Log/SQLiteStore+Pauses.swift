internal import GRDB
public import WebhookCore

extension SQLiteStore {
    public func setPaused(
        _ paused: SubscriptionHealth.Paused?,
        subscription: String,
        at moment: Timestamp
    ) async throws(StoreError) -> Bool {
        try await write { session in
            let row = try session.names.row(of: subscription, session.db)
            let wasPaused = try HealthRow.pause(row: row, session.db)?.isInForce(at: moment) ?? false
            if let paused {
                try HealthRow.pause(paused, row: row, session.db)
            } else {
                try HealthRow.resume(nil, row: row, at: moment, session.db)
            }
            return wasPaused
        }
    }

    public func openDeliveries(of subscription: String) async throws(StoreError) -> OpenDeliveryCount {
        try await read { db in
            let counts = try RawStatement(
                db,
                """
                SELECT (
                    SELECT count(*) FROM webhooks_deliveries INDEXED BY webhooks_deliveries_open
                    WHERE subscription = s.id AND due_at IS NOT NULL
                ), (
                    SELECT count(*) FROM webhooks_deliveries INDEXED BY webhooks_deliveries_in_flight
                    WHERE subscription = s.id AND state = 2
                )
                FROM webhooks_subscriptions s WHERE name = ?
                """
            )
            try counts.bind(subscription)
            guard try counts.next() else { return OpenDeliveryCount() }
            return OpenDeliveryCount(waiting: counts.int(0), inFlight: counts.int(1))
        }
    }

    public func subscriptionNames() async throws(StoreError) -> [String] {
        try await read { try String.fetchAll($0, sql: "SELECT name FROM webhooks_subscriptions ORDER BY name") }
    }
}
