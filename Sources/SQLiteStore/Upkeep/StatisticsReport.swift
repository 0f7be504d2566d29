internal import GRDB
internal import WebhookCore

/// Counts by the index of states alone, which holds some bytes a delivery, and measures by the newest deliveries of each
/// subscription (``StatisticsSample``).
struct StatisticsReport {
    let db: Database
    var bounds = StatisticsSample.Bounds()

    func run() throws -> [SubscriptionStatistics] { try measured().statistics }

    /// The report, and how many rows of deliveries and attempts the measuring has read.
    func measured() throws -> (statistics: [SubscriptionStatistics], rows: Int) {
        let counts = try counts()
        let remembered = Set(try HealthRow.all(db).map(\.subscription))
        let names = try Row.fetchAll(db, sql: "SELECT id, name FROM webhooks_subscriptions ORDER BY name")
        let sample = try StatisticsSample(db, counts: counts, bounds: bounds)
        let retries = try retriesInFlight()
        let statistics = names.compactMap { row -> SubscriptionStatistics? in
            let name: String = row[1]
            guard let counts = counts[row[0]] else {
                return remembered.contains(name) ? SubscriptionStatistics(subscription: name) : nil
            }
            var statistics = SubscriptionStatistics(subscription: name)
            sample.tallies[row[0]]?.fill(&statistics)
            statistics.counts = counts
            statistics.retriesInFlight = retries[row[0]] ?? 0
            return statistics
        }
        return (statistics, sample.rows)
    }

    /// Deliveries by subscription and state, tests left out.
    private func counts() throws -> [Int64: [DeliveryState: Int]] {
        var counts: [Int64: [DeliveryState: Int]] = [:]
        let mark = try Listing.mark(db).delivery
        func add(_ sign: Int, _ sql: String, _ values: Int64...) throws {
            let rows = try RawStatement(db, "SELECT subscription, state, count(*) FROM webhooks_deliveries " + sql)
            for value in values { try rows.bind(value) }
            while try rows.next() {
                let state = try DeliveryState(code: rows.int(1))
                counts[rows.int64(0), default: [:]][state, default: 0] += sign * rows.int(2)
            }
        }
        for sql in Self.countsOfListed { try add(1, sql) }
        try add(1, Self.countsOfOthers, mark)
        try add(-1, Self.countsOfTests)
        for (subscription, states) in counts {
            let states = states.filter { $0.value > 0 }
            counts[subscription] = states.isEmpty ? nil : states
        }
        return counts
    }

    /// How many of those in flight had an attempt before, by subscription; tests left out.
    private func retriesInFlight() throws -> [Int64: Int] {
        let rows = try RawStatement(db, Self.countsOfRetries)
        var counts: [Int64: Int] = [:]
        while try rows.next() { counts[rows.int64(0)] = rows.int(1) }
        return counts
    }

    static let countsOfRetries = """
        SELECT subscription, count(*) FROM webhooks_deliveries INDEXED BY webhooks_deliveries_in_flight
        WHERE state = 2 AND attempts > 1 AND test = 0 GROUP BY subscription
        """
    static let countsOfListed = [
        """
        INDEXED BY webhooks_deliveries_state WHERE listed = 1 AND state <> 2 GROUP BY subscription, state
        """,
        "INDEXED BY webhooks_deliveries_in_flight WHERE state = 2 GROUP BY subscription",
    ]
    static let countsOfOthers = "NOT INDEXED WHERE id > ? AND state <> 2 GROUP BY subscription, state"
    static let countsOfTests = "INDEXED BY webhooks_deliveries_test WHERE test = 1 GROUP BY subscription, state"
}
