internal import GRDB
package import WebhookCore

extension SQLiteStore {
    package func counts(
        of subscription: String,
        tenant: String?,
        in time: Range<Timestamp>
    ) async throws(StoreError) -> [DeliveryCount] {
        try await read { db in
            let mark = try LogIndexer.mark(db).delivery
            let (since, until) = (time.lowerBound, time.upperBound)
            let indexed = try IDRange.indexed(db, isEvent: false, since: since, until: until, mark: mark)
            let inFlight = DeliveryState.inFlight.code
            let others = DeliveryState.allCases.map(\.code).filter { $0 != inFlight }.map(String.init)
            // What is indexed and not in flight, what is in flight, and what is not indexed yet.
            let counted = try Row.fetchAll(
                db,
                sql: """
                    WITH named AS (SELECT id FROM webhooks_subscriptions WHERE name = ?1), found AS (
                        SELECT id FROM webhooks_deliveries INDEXED BY webhooks_deliveries_state
                        WHERE subscription = (SELECT id FROM named) AND state IN (\(others.joined(separator: ", ")))
                            AND state <> \(inFlight) AND indexed = 1 AND id > ?2 AND id < ?3
                        UNION ALL
                        SELECT id FROM webhooks_deliveries INDEXED BY webhooks_deliveries_in_flight
                        WHERE subscription = (SELECT id FROM named) AND state = \(inFlight)
                        UNION ALL
                        SELECT id FROM webhooks_deliveries NOT INDEXED
                        WHERE id > ?4 AND subscription = (SELECT id FROM named) AND state <> \(inFlight)
                    )
                    SELECT d.state, count(*), total(d.attempts), total(d.attempts = 0)
                    FROM found CROSS JOIN webhooks_deliveries d ON d.id = found.id
                    WHERE d.created_at >= ?5 AND d.created_at < ?6 AND (
                        ?7 IS NULL OR ?7 = (SELECT tenant FROM webhooks_events e WHERE e.id = d.event)
                    )
                    GROUP BY d.state ORDER BY d.state
                    """,
                arguments: [
                    subscription, indexed.above, indexed.below, mark, since.milliseconds, until.milliseconds, tenant,
                ]
            )
            return try counted.compactMap { row in
                try DeliveryState(code: row[0]).map { state in
                    DeliveryCount(
                        state: state,
                        deliveries: row[1],
                        attempts: Int(row[2] as Double),
                        withoutAttempt: Int(row[3] as Double)
                    )
                }
            }
        }
    }
}
