#if PostgreSQL
    package import WebhookCore

    extension PostgresStore {
        package func counts(
            of subscription: String,
            tenant: String?,
            in time: Range<Timestamp>
        ) async throws(StoreError) -> [DeliveryCount] {
            try await read { connection in
                let counted = try connection.search(
                    """
                    SELECT d.state::int8, count(*), sum(d.attempts)::int8, count(*) FILTER (WHERE d.attempts = 0)
                    FROM deliveries d
                    WHERE d.subscription = (SELECT id FROM subscriptions WHERE name = $1::text)
                        AND d.created_at >= $2::int8 AND d.created_at < $3::int8 AND (
                            $4::text IS NULL OR $4::text = (SELECT tenant FROM events e WHERE e.id = d.event)
                        )
                    GROUP BY d.state ORDER BY d.state
                    """,
                    [
                        .text(subscription), .int8(time.lowerBound.milliseconds), .int8(time.upperBound.milliseconds),
                        .text(tenant),
                    ]
                )
                return try counted.compactMap { row in
                    try DeliveryState(code: Int(row.int64(0))).map { state in
                        DeliveryCount(
                            state: state,
                            deliveries: Int(row.int64(1)),
                            attempts: Int(row.int64(2)),
                            withoutAttempt: Int(row.int64(3))
                        )
                    }
                }
            }
        }
    }
#endif
