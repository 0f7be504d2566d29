internal import GRDB
public import WebhookCore

extension SQLiteStore {
    public func statistics() async throws(StoreError) -> [SubscriptionStatistics] {
        try await read { db in
            var tallies: [Int64: StatisticsTally] = [:]
            let deliveries = try RawStatement(
                db,
                """
                SELECT id, subscription, state, last_error, claimed_at, settled_at
                FROM webhooks_deliveries WHERE test = 0 ORDER BY id DESC
                """
            )
            var count = 0
            while try deliveries.next() {
                count += 1
                try tallies[deliveries.int64(1), default: StatisticsTally()].add(
                    id: deliveries.int64(0),
                    state: DeliveryState(code: deliveries.int(2)),
                    error: DeliveryError(code: deliveries.optionalInt(3)),
                    claimedAt: deliveries.optionalTimestamp(4),
                    settledAt: deliveries.optionalTimestamp(5),
                    sampled: count <= StatisticsTally.newest
                )
            }
            let remembered = Set(try HealthRow.all(db).map(\.subscription))
            let names = try Row.fetchAll(db, sql: "SELECT id, name FROM webhooks_subscriptions ORDER BY name")
            let durations = try RawStatement(db, "SELECT duration FROM webhooks_attempts WHERE delivery = ?")
            return try names.compactMap { row in
                let name: String = row[1]
                guard let tally = tallies[row[0]] else {
                    return remembered.contains(name) ? SubscriptionStatistics(subscription: name) : nil
                }
                return try tally.statistics(of: name, durations: durations)
            }
        }
    }
}
