internal import GRDB
package import WebhookCore

extension SQLiteStore {
    package func statistics() async throws(StoreError) -> [SubscriptionStatistics] {
        try await read { try StatisticsReport(db: $0).run() }
    }

    /// The last failure of each subscription whose newest attempt has failed, as ``statistics()`` has it; counts nothing.
    package func lastFailures() async throws(StoreError) -> [(
        subscription: String, failure: SubscriptionStatistics.Failure
    )] {
        try await read { db in try StatisticsReport.lastFailures(db).found }
    }
}

/// Counts by the index of states alone, which holds some bytes a delivery, and measures by the newest deliveries of
/// each subscription (``StatisticsSample``).
struct StatisticsReport {
    let db: StoreDatabase
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

    /// The last failures, and how many rows of deliveries were read for them.
    static func lastFailures(
        _ db: StoreDatabase
    ) throws -> (found: [(subscription: String, failure: SubscriptionStatistics.Failure)], rows: Int) {
        let names = try Row.fetchAll(db, sql: "SELECT id, name FROM webhooks_subscriptions ORDER BY name")
        let sample = try StatisticsSample(lastOf: names.map { $0[0] }, db)
        let found = names.compactMap { row -> (String, SubscriptionStatistics.Failure)? in
            guard let failure = sample.tallies[row[0]]?.lastFailure else { return nil }
            return (row[1], failure)
        }
        return (found, sample.rows)
    }

    /// Deliveries by subscription and state, tests left out.
    private func counts() throws -> [Int64: [DeliveryState: Int]] {
        var counts: [Int64: [DeliveryState: Int]] = [:]
        let mark = try LogIndexer.mark(db).delivery
        func add(_ sign: Int, _ sql: String, _ values: Int64...) throws {
            let rows = try PreparedStatement(db, "SELECT subscription, state, count(*) FROM webhooks_deliveries " + sql)
            for value in values { try rows.bind(value) }
            while try rows.next() {
                let state = try DeliveryState(code: rows.int(1))
                counts[rows.int64(0), default: [:]][state, default: 0] += sign * rows.int(2)
            }
        }
        for sql in Self.countsOfIndexed { try add(1, sql) }
        try add(1, Self.countsOfOthers, mark)
        try add(-1, Self.countsOfTests)
        for (subscription, states) in counts {
            let states = states.filter { $0.value > 0 }
            counts[subscription] = states.isEmpty ? nil : states
        }
        return counts
    }

    /// The number of those in flight that had an attempt before, by subscription; tests left out.
    private func retriesInFlight() throws -> [Int64: Int] {
        let rows = try PreparedStatement(db, Self.countsOfRetries)
        var counts: [Int64: Int] = [:]
        while try rows.next() { counts[rows.int64(0)] = rows.int(1) }
        return counts
    }

    static let countsOfRetries = """
        SELECT subscription, count(*) FROM webhooks_deliveries INDEXED BY webhooks_deliveries_in_flight
        WHERE state = 2 AND attempts > 1 AND test = 0 GROUP BY subscription
        """
    static let countsOfIndexed = [
        """
        INDEXED BY webhooks_deliveries_state WHERE indexed = 1 AND state <> 2 GROUP BY subscription, state
        """,
        "INDEXED BY webhooks_deliveries_in_flight WHERE state = 2 GROUP BY subscription",
    ]
    static let countsOfOthers = "NOT INDEXED WHERE id > ? AND state <> 2 GROUP BY subscription, state"
    static let countsOfTests = "INDEXED BY webhooks_deliveries_test WHERE test = 1 GROUP BY subscription, state"
}

/// A tally of a subscription's newest deliveries, tests left out.
struct StatisticsTally {
    /// The number of settled deliveries to measure, if there are that many with a measured attempt.
    let wanted: Int
    /// The number of deliveries measured so far.
    private(set) var count = 0
    /// The durations of their attempts.
    private var durations: [Duration] = []
    private var lastAttemptAt: Timestamp?
    private(set) var lastFailure: SubscriptionStatistics.Failure?
    private var lastDeliveredAt: Timestamp?

    /// - Parameter counts: how many deliveries there are.
    init(_ counts: [DeliveryState: Int]) {
        wanted = min(SubscriptionStatistics.sample, counts.reduce(0) { $0 + ($1.key.isSettled ? $1.value : 0) })
    }

    var isComplete: Bool { count >= wanted }

    /// States whose newest delivery may tell what is not known yet.
    var unseen: [DeliveryState] {
        (lastDeliveredAt == nil ? [.delivered] : [])
            + (lastFailure == nil ? [.failed, .unknown, .waiting, .inFlight] : [])
    }

    /// Adds the next older delivery: a row of id, subscription, state, last_error, the beginning of the last attempt
    /// that has ended, settled_at, test and last_status.
    ///
    /// - Returns: whether it belongs to the sample, if it has an attempt that was measured (``measure(_:)``).
    mutating func add(_ row: PreparedStatement) throws -> Bool {
        guard !row.bool(6) else { return false }
        let isSettled = try DeliveryState(code: row.int(2)).isSettled
        guard !isSettled || !isComplete else { return false }
        try note(row)
        return isSettled && row.optionalTimestamp(4) != nil
    }

    /// Adds the durations of such a delivery's attempts.
    mutating func measure(_ found: [Duration]) {
        count += 1
        durations += found
    }

    /// Takes the last success and the last failure from such a row.
    mutating func note(_ row: PreparedStatement) throws {
        guard !row.bool(6) else { return }
        let state = try DeliveryState(code: row.int(2))
        let (attemptedAt, settledAt) = (row.optionalTimestamp(4), row.optionalTimestamp(5))
        if state == .delivered, let settledAt { lastDeliveredAt = max(lastDeliveredAt ?? settledAt, settledAt) }
        let error = try FailureKind(code: row.optionalInt(3))
        guard error != .disabled, error != nil || state == .delivered, let instant = attemptedAt ?? settledAt,
            lastAttemptAt.map({ $0 < instant }) ?? true
        else { return }
        lastAttemptAt = instant
        lastFailure = error.map { SubscriptionStatistics.Failure(error: $0, status: row.optionalInt(7), at: instant) }
    }

    /// Puts what was found into a result.
    func fill(_ statistics: inout SubscriptionStatistics) {
        statistics.lastFailure = lastFailure
        statistics.lastDeliveredAt = lastDeliveredAt
        statistics.setPercentiles(of: durations)
    }
}
