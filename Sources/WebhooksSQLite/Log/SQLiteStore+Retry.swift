internal import GRDB
package import WebhookCore

extension SQLiteStore {
    package func retry(_ deliveries: [Delivery.ID]) async throws(StoreError) -> [RetryOutcome] {
        let dueAt = ByHand.dueAt(clock.now)
        return try await writeItems { session, trial in
            // Guarded: a claim that was faster has the delivery in flight.
            let update = try PreparedStatement(
                session.db,
                // A place in the order of acceptance is due already, and stays.
                """
                UPDATE webhooks_deliveries SET due_at = CASE WHEN due_at > 0 AND due_at < ? THEN due_at ELSE ? END
                WHERE id = ? AND state < 2 RETURNING subscription
                """
            )
            let select = try PreparedStatement(session.db, "SELECT state FROM webhooks_deliveries WHERE id = ?")
            var subscriptions: Set<Int64> = []
            func retry(_ id: Delivery.ID) throws -> RetryOutcome {
                try update.bind(AcceptancePlace.end)
                try update.bind(dueAt)
                try update.bind(id.rawValue)
                if try update.next() {
                    subscriptions.insert(update.int64(0))
                    _ = try update.next()
                    update.reset()
                    return .due
                }
                update.reset()
                try select.bind(id.rawValue)
                defer { select.reset() }
                guard try select.next() else { return .unknown }
                let state = try DeliveryState(code: select.int(0))
                return state == .inFlight ? .inFlight : .settled(state)
            }
            let outcomes = try deliveries.enumerated().map { index, id -> RetryOutcome in
                switch try session.item(trial, .delivery, index, { try retry(id) }) {
                case .success(let outcome): return outcome
                case .failure(let row): return .refused(row.reason)
                }
            }
            let touch = try PreparedStatement(
                session.db,
                "UPDATE webhooks_subscriptions SET retries = retries + 1 WHERE id = ?"
            )
            for subscription in subscriptions {
                // Where it is refused, a dispatcher reads them with what comes next.
                _ = try session.item(trial, .subscription, 0, part: subscription) {
                    try touch.bind(subscription)
                    try touch.run()
                }
            }
            return outcomes
        }
    }
}

extension SQLiteStore {
    package func setPaused(
        _ paused: SubscriptionHealth.Paused?,
        subscription: String,
        at instant: Timestamp
    ) async throws(StoreError) -> Bool {
        try await write { session in
            let row = try session.names.row(of: subscription, session.db)
            let wasPaused = try HealthRow.pause(row: row, session.db)?.isInForce(at: instant) ?? false
            if let paused {
                try HealthRow.pause(paused, row: row, session.db)
            } else {
                try HealthRow.resume(nil, row: row, at: instant, session.db)
            }
            return wasPaused
        }
    }

    package func openDeliveries(of subscription: String) async throws(StoreError) -> OpenDeliveryCount {
        try await read { db in
            let counts = try PreparedStatement(
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
            defer { counts.reset() }
            guard try counts.next() else { return OpenDeliveryCount() }
            return OpenDeliveryCount(waiting: counts.int(0), inFlight: counts.int(1))
        }
    }

    package func subscriptionNames() async throws(StoreError) -> [String] {
        try await read { try String.fetchAll($0, sql: "SELECT name FROM webhooks_subscriptions ORDER BY name") }
    }
}
