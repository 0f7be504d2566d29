#if PostgreSQL
    import Foundation
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    /// A first page reads about as many rows as it shows, whatever is asked for and however many there are.
    @Suite("First pages of the log on PostgreSQL", .disabled(if: TestServer.isMissing, TestServer.advice))
    struct FirstPageTests {
        private static let events = 20_000
        /// The number of rows that a page of 50 may read, with those that are read in vain: far less than a table has, and more
        /// than a tenant has, whose rows are sorted.
        private static let mostRows = 4_000.0
        /// A minute between two events.
        private static func time(_ event: Int) -> Timestamp { Timestamp(milliseconds: Int64(event) * 60_000) }

        @Test func `pages of events, deliveries and attempts, and samples of statistics`() async throws {
            try await TestServer.withSchema { target in
                let store = try PostgresStore.open(target, role: .writer)
                defer { store.close() }
                let connection = try PostgresConnection(target, isWriter: false)
                for statement in Self.rows { try connection.run(Statement(statement)) }
                for (name, query) in Self.eventQueries {
                    let (sql, parameters) = EventSearch(query: query).statement
                    try Self.expectFew("events, \(name)", sql, parameters, connection)
                }
                for (name, query) in Self.deliveryQueries {
                    let (sql, parameters) = DeliverySearch(query: query).statement
                    try Self.expectFew("deliveries, \(name)", sql, parameters, connection)
                }
                for statement in [AttemptRow.head, AttemptRow.finished] {
                    try Self.expectFew("attempts", statement.sql, [.int8(12_345)], connection)
                }
                for sql in [StatisticsReport.durations, StatisticsReport.ends] {
                    try Self.expectFew("statistics", sql, [.int8(50)], connection)
                }
            }
        }

        private static let eventQueries: [(String, EventQuery)] = [
            ("all", EventQuery()),
            ("a topic", with(EventQuery()) { $0.topics = ["topic-3"] }),
            ("two topics", with(EventQuery()) { $0.topics = ["topic-3", "topic-4"] }),
            ("a tenant", with(EventQuery()) { $0.tenant = "school-7" }),
            ("a rare tenant", with(EventQuery()) { $0.tenant = "rare" }),
            ("tests", with(EventQuery()) { $0.isTest = true }),
            ("no tests", with(EventQuery()) { $0.isTest = false }),
            ("by id", with(EventQuery()) { $0.ids = ["evt-77"] }),
            ("behind one", with(EventQuery()) { $0.after = "evt-9000" }),
            ("of the last hour", with(EventQuery()) { $0.since = time(events - 60) }),
            ("of an hour", with(EventQuery()) { ($0.since, $0.until) = (time(9_000), time(9_060)) }),
            ("of a day", with(EventQuery()) { ($0.since, $0.until) = (time(9_000), time(10_440)) }),
            ("of the first day", with(EventQuery()) { $0.until = time(1_440) }),
            ("before the last day", with(EventQuery()) { $0.until = time(events - 1_440) }),
        ]

        private static let deliveryQueries: [(String, DeliveryQuery)] = [
            ("all", DeliveryQuery()),
            ("a subscription", with(DeliveryQuery()) { $0.subscription = "busy" }),
            ("a rare subscription", with(DeliveryQuery()) { $0.subscription = "rare" }),
            ("a dead subscription", with(DeliveryQuery()) { $0.subscription = "dead" }),
            ("delivered of a dead one", with(DeliveryQuery(states: [.delivered])) { $0.subscription = "dead" }),
            ("an unknown subscription", with(DeliveryQuery()) { $0.subscription = "none" }),
            ("failed", DeliveryQuery(states: [.failed])),
            ("waiting", DeliveryQuery(states: [.waiting])),
            ("delivered", DeliveryQuery(states: [.delivered])),
            (
                "failed of a subscription",
                with(DeliveryQuery(states: [.failed, .unknown])) { $0.subscription = "busy" }
            ),
            ("of an event", with(DeliveryQuery()) { $0.events = ["evt-77"] }),
            ("a topic", with(DeliveryQuery()) { $0.topics = ["topic-3"] }),
            ("a tenant", with(DeliveryQuery()) { $0.tenant = "school-7" }),
            ("a rare tenant", with(DeliveryQuery()) { $0.tenant = "rare" }),
            ("tests", with(DeliveryQuery()) { $0.isTest = true }),
            ("behind one", with(DeliveryQuery()) { $0.after = Delivery.ID(rawValue: 9_000) }),
            ("of the last hour", with(DeliveryQuery()) { $0.since = time(events - 60) }),
            ("of a day", with(DeliveryQuery()) { ($0.since, $0.until) = (time(9_000), time(10_440)) }),
            ("of the first day", with(DeliveryQuery()) { $0.until = time(1_440) }),
            ("before the last day", with(DeliveryQuery()) { $0.until = time(events - 1_440) }),
        ]

        private static func with<Query>(_ query: Query, _ change: (inout Query) -> Void) -> Query {
            var query = query
            change(&query)
            return query
        }

        /// Every second delivery is to a subscription where all fail; of the others, one in a hundred has failed, one in 90 waits,
        /// and few are to the third subscription.
        private static let rows = [
            "INSERT INTO subscriptions (id, name) VALUES (1, 'busy'), (2, 'rare'), (3, 'dead')",
            """
            INSERT INTO events (id, occurred_at, created_at, occurred_given, test, event_id, topic, tenant, data)
            SELECT n, n * 60000, n * 60000, false, n % 400 = 0, 'evt-' || n, 'topic-' || n % 10,
                CASE WHEN n % 1000 = 0 THEN 'rare' ELSE 'school-' || n % 20 END, '{}'
            FROM generate_series(1, \(events)) n
            """,
            """
            INSERT INTO deliveries (id, event, created_at, due_at, claimed_at, settled_at, subscription, attempts, state,
                content_type, mode, test)
            SELECT n, n, n * 60000, CASE WHEN state < 2 THEN n * 60000 END, n * 60000, CASE WHEN state > 2 THEN n * 60000 END,
                CASE WHEN n % 2 = 0 THEN 3 WHEN n % 1000 = 1 THEN 2 ELSE 1 END, 1, state, 0, 0, n % 400 = 0
            FROM (
                SELECT n, CASE WHEN n % 2 = 0 OR n % 100 = 7 THEN \(DeliveryState.failed.code)
                    WHEN n % 90 = 9 THEN \(DeliveryState.waiting.code) ELSE \(DeliveryState.delivered.code) END AS state
                FROM generate_series(1, \(events)) n
            ) made
            """,
            """
            INSERT INTO attempts (delivery, started_at, duration, checksum, number, truncated, reused, url, headers,
                response_body)
            SELECT n, n * 60000, 1000, 0, 1, false, false, 'http://localhost/', '', '' FROM generate_series(1, \(events)) n
            """,
            // Sums up the ranges of the indexes by time, too.
            "VACUUM ANALYZE events, deliveries, attempts, subscriptions, pending",
        ]

        /// Runs a statement, and looks at what it has read.
        private static func expectFew(
            _ name: String,
            _ sql: String,
            _ parameters: [Parameter],
            _ connection: PostgresConnection
        ) throws {
            let rows = try connection.search("EXPLAIN (ANALYZE, FORMAT JSON) \(sql)", parameters)
            let json = try JSONSerialization.jsonObject(with: Data(rows[0].text(0).utf8))
            let plan = try #require((json as? [[String: Any]])?.first?["Plan"] as? [String: Any])
            // What an index of ranges finds is an estimate: rows count where they are read.
            let large: Set = ["events", "deliveries", "attempts"]
            let scans = nodes(plan).filter { large.contains($0["Relation Name"] as? String ?? "") }
            let read = scans.map(rowsRead).reduce(0, +)
            let summary = scans.map { "\($0["Node Type"] ?? "") \($0["Index Name"] ?? ""): \(rowsRead($0))" }
            #expect(read <= mostRows, "\(name): \(summary.joined(separator: ", "))")
        }

        /// The number of rows that a scan has read, with those that it passed over.
        private static func rowsRead(_ scan: [String: Any]) -> Double {
            func number(_ key: String) -> Double { (scan[key] as? NSNumber)?.doubleValue ?? 0 }
            return ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"].map(number).reduce(0, +)
                * number("Actual Loops")
        }

        private static func nodes(_ plan: [String: Any]) -> [[String: Any]] {
            [plan] + (plan["Plans"] as? [[String: Any]] ?? []).flatMap(nodes)
        }
    }
#endif
