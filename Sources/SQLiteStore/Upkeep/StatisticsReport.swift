internal import GRDB
internal import WebhookCore

/// Counts by the index of states alone, which holds some bytes a delivery, and measures by the newest deliveries of each
/// subscription.
struct StatisticsReport {
    let db: Database
    /// So many deliveries are looked at one by one, shared among the subscriptions.
    static let sample = 100_000
    /// However many subscriptions there are, of each so many.
    static let least = 20

    func run() throws -> [SubscriptionStatistics] {
        let counts = try counts()
        let remembered = Set(try HealthRow.all(db).map(\.subscription))
        let names = try Row.fetchAll(db, sql: "SELECT id, name FROM webhooks_subscriptions ORDER BY name")
        let sample = min(SubscriptionStatistics.sample, max(Self.least, Self.sample / max(counts.count, 1)))
        var tallies = try newest(sample)
        let durations = try RawStatement(db, "SELECT duration FROM webhooks_attempts WHERE delivery = ?")
        return try names.compactMap { row in
            let name: String = row[1]
            guard let counts = counts[row[0]] else {
                return remembered.contains(name) ? SubscriptionStatistics(subscription: name) : nil
            }
            try addListed(row[0], counts, sample: sample, to: &tallies[row[0], default: StatisticsTally(sample)])
            var statistics = try tallies[row[0], default: StatisticsTally(sample)].statistics(
                of: name,
                durations: durations
            )
            statistics.counts = counts
            return statistics
        }
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

    static let countsOfListed = [
        """
        INDEXED BY webhooks_deliveries_state WHERE listed = 1 AND state <> 2 GROUP BY subscription, state
        """,
        "INDEXED BY webhooks_deliveries_in_flight WHERE state = 2 GROUP BY subscription",
    ]
    static let countsOfOthers = "NOT INDEXED WHERE id > ? AND state <> 2 GROUP BY subscription, state"
    static let countsOfTests = "INDEXED BY webhooks_deliveries_test WHERE test = 1 GROUP BY subscription, state"

    /// What is not listed yet, newest first.
    private func newest(_ sample: Int) throws -> [Int64: StatisticsTally] {
        var tallies: [Int64: StatisticsTally] = [:]
        let rows = try RawStatement(db, "\(Self.facts) WHERE id > ? ORDER BY id DESC LIMIT ?")
        try rows.bind(try Listing.mark(db).delivery)
        try rows.bind(Self.sample)
        while try rows.next() { try tallies[rows.int64(1), default: StatisticsTally(sample)].add(rows) }
        return tallies
    }

    /// Fills a subscription's sample up with listed deliveries of each state it has.
    private func addListed(
        _ subscription: Int64,
        _ counts: [DeliveryState: Int],
        sample: Int,
        to tally: inout StatisticsTally
    ) throws {
        guard tally.count < sample else { return }
        let mark = try Listing.mark(db).delivery
        let states = Set(counts.keys)
        let sequences = try IDSequences(db, subscriptions: [subscription], states: states, above: 0)
        var merge = try IDMerge(sequences.count, below: mark + 1, next: sequences.next)
        let row = try RawStatement(db, "\(Self.facts) WHERE id = ?")
        while tally.count < sample, let id = try merge.next() {
            try row.bind(id)
            if try row.next() { try tally.add(row) }
            row.reset()
        }
    }

    private static let facts = """
        SELECT id, subscription, state, last_error, claimed_at, settled_at, test FROM webhooks_deliveries NOT INDEXED
        """
}
