#if PostgreSQL
    package import WebhookCore

    extension PostgresStore {
        package func statistics() async throws(StoreError) -> [SubscriptionStatistics] {
            try await read { try StatisticsReport(connection: $0).run() }
        }

        package func lastFailures() async throws(StoreError) -> [(
            subscription: String, failure: SubscriptionStatistics.Failure
        )] {
            try await read { try StatisticsReport(connection: $0).lastFailures() }
        }
    }

    /// Counts by the index of states alone, and measures by the newest deliveries of each subscription. Tests are left out.
    struct StatisticsReport {
        let connection: PostgresConnection

        /// The number of deliveries that are measured over all subscriptions; each gets at least one.
        private static let lookUps = 250_000

        func run() throws -> [SubscriptionStatistics] {
            var found: [Int: SubscriptionStatistics] = [:]
            for row in try connection.run(Statement(Self.names)) {
                found[row.int32(0)] = SubscriptionStatistics(subscription: row.text(1))
            }
            let remembered = Set(try connection.run(HealthRow.all).map { HealthRow.read($0).subscription })
            for row in try connection.run(Statement(Self.counts)) {
                let (state, count) = (try DeliveryState(code: row.int16(1)), Int(row.int64(2)))
                guard count > 0 else { continue }
                found[row.int32(0)]?.counts[state] = count
                found[row.int32(0)]?.retriesInFlight += Int(row.int64(3))
            }
            let sample = max(1, min(SubscriptionStatistics.sample, Self.lookUps / max(1, found.count)))
            try measure(&found, sample)
            try findLast(&found, sample)
            return found.filter { !$0.value.counts.isEmpty || remembered.contains($0.value.subscription) }.map(\.value)
                .sorted { $0.subscription < $1.subscription }
        }

        func lastFailures() throws -> [(subscription: String, failure: SubscriptionStatistics.Failure)] {
            var found: [Int: SubscriptionStatistics] = [:]
            for row in try connection.run(Statement(Self.names)) {
                found[row.int32(0)] = SubscriptionStatistics(subscription: row.text(1))
            }
            try findLast(&found, Self.lastOnes)
            return found.values.compactMap { row in row.lastFailure.map { (row.subscription, $0) } }
                .sorted { $0.subscription < $1.subscription }
        }

        /// The number of deliveries of each subscription and state in which the last failure is looked for, where nothing is
        /// counted.
        private static let lastOnes = 20

        private func measure(_ found: inout [Int: SubscriptionStatistics], _ sample: Int) throws {
            for row in try connection.search(Self.durations, [.int8(Int64(sample))]) {
                found[row.int32(0)]?.p50 = row.optionalDuration(1)
                found[row.int32(0)]?.p95 = row.optionalDuration(2)
                found[row.int32(0)]?.p99 = row.optionalDuration(3)
            }
        }

        /// The last success, and the newest attempt that has ended where that failed.
        private func findLast(_ found: inout [Int: SubscriptionStatistics], _ sample: Int) throws {
            for row in try connection.search(Self.ends, [.int8(Int64(sample))]) {
                found[row.int32(0)]?.lastDeliveredAt = row.optionalTimestamp(1)
                guard let error = try FailureKind(code: row.optionalInt16(2)), let instant = row.optionalTimestamp(4)
                else { continue }
                found[row.int32(0)]?.lastFailure = SubscriptionStatistics.Failure(
                    error: error,
                    status: row.optionalInt32(3),
                    at: instant
                )
            }
        }

        /// Percentiles of each subscription.
        static var durations: String {
            let settled = [DeliveryState.delivered, .failed, .unknown, .cancelled].map { state in
                """
                (SELECT d.id, m.durations FROM deliveries d
                CROSS JOIN LATERAL (
                    SELECT array_agg(a.duration) AS durations FROM attempts a
                    WHERE a.delivery = d.id AND a.duration IS NOT NULL
                ) m
                WHERE \(NewestDeliveries.condition(state: state.code)) AND NOT d.test AND m.durations IS NOT NULL
                \(NewestDeliveries.order) LIMIT $1::int8)
                """
            }
            return """
                SELECT s.id, percentile_disc(0.5) WITHIN GROUP (ORDER BY duration),
                    percentile_disc(0.95) WITHIN GROUP (ORDER BY duration),
                    percentile_disc(0.99) WITHIN GROUP (ORDER BY duration)
                FROM subscriptions s
                CROSS JOIN LATERAL (
                    SELECT n.durations FROM (\(settled.joined(separator: " UNION ALL "))) n
                    ORDER BY n.id DESC LIMIT $1::int8
                ) d
                CROSS JOIN LATERAL unnest(d.durations) AS duration
                GROUP BY s.id
                """
        }

        /// How the newest deliveries of each subscription and state have ended.
        static var ends: String {
            let states = [DeliveryState.delivered, .failed, .unknown, .cancelled, .waiting, .inFlight].map { state in
                // Of one in flight, the attempt before.
                let attempted =
                    state == .inFlight
                    ? "(SELECT a.started_at FROM attempts a WHERE a.delivery = d.id AND a.number = d.attempts - 1)"
                    : "d.claimed_at"
                return """
                    (SELECT d.state, d.settled_at, d.last_error, d.last_status, \(attempted) AS attempted_at
                    FROM deliveries d WHERE \(NewestDeliveries.condition(state: state.code)) AND NOT d.test
                    \(NewestDeliveries.order) LIMIT $1::int8)
                    """
            }
            return """
                SELECT s.id, max(d.settled_at) FILTER (WHERE d.state = \(DeliveryState.delivered.code)),
                    (array_agg(d.last_error ORDER BY coalesce(d.attempted_at, d.settled_at) DESC)
                        FILTER (WHERE d.counts))[1],
                    (array_agg(d.last_status ORDER BY coalesce(d.attempted_at, d.settled_at) DESC)
                        FILTER (WHERE d.counts))[1],
                    max(coalesce(d.attempted_at, d.settled_at)) FILTER (WHERE d.counts)
                FROM subscriptions s
                CROSS JOIN LATERAL (
                    SELECT n.*, coalesce(n.attempted_at, n.settled_at) IS NOT NULL
                        AND coalesce(n.last_error <> \(FailureKind.disabled.code), n.state = \(DeliveryState.delivered.code))
                        AS counts
                    FROM (\(states.joined(separator: " UNION ALL "))) n
                ) d
                GROUP BY s.id
                """
        }

        private static let names = "SELECT id, name FROM subscriptions"
        /// All, less the tests, which an index of their own has.
        private static let counts = """
            SELECT subscription, state, sum(number)::int8, sum(retries)::int8 FROM (
                SELECT subscription, state, count(*) AS number, 0 AS retries FROM deliveries WHERE state <> 2
                GROUP BY subscription, state
                UNION ALL
                SELECT subscription, state, count(*), count(*) FILTER (WHERE attempts > 1 AND NOT test)
                FROM deliveries WHERE state = 2 GROUP BY subscription, state
                UNION ALL
                SELECT subscription, state, -count(*), 0 FROM deliveries WHERE test GROUP BY subscription, state
            ) counts GROUP BY subscription, state
            """
    }
#endif
