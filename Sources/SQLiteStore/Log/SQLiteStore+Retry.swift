internal import GRDB
public import WebhookCore

extension SQLiteStore {
    public func retry(_ deliveries: [Delivery.ID]) async throws(StoreError) -> [RetryOutcome] {
        try await writeItems { session, trial in
            // Guarded: a claim that was faster has the delivery in flight.
            let update = try RawStatement(
                session.db,
                // A place in the order of acceptance is due already, and stays.
                """
                UPDATE webhooks_deliveries SET due_at = CASE WHEN due_at > 0 AND due_at < ? THEN due_at ELSE ? END
                WHERE id = ? AND state < 2 RETURNING subscription
                """
            )
            let select = try RawStatement(session.db, "SELECT state FROM webhooks_deliveries WHERE id = ?")
            var subscriptions: Set<Int64> = []
            func retry(_ id: Delivery.ID) throws -> RetryOutcome {
                try update.bind(AcceptancePlace.end)
                try update.bind(OpenDelivery.alwaysDue)
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
            let touch = try RawStatement(
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
