internal import WebhookCore

/// Looks at a subscription's newest deliveries, tests left out.
struct StatisticsTally {
    /// How many deliveries were looked at.
    private(set) var count = 0
    private let sample: Int
    private var settled: [Int64] = []
    private var lastError: (at: Timestamp, error: DeliveryError)?
    private var lastDeliveredAt: Timestamp?

    /// - Parameter sample: how many deliveries to look at, at most.
    init(_ sample: Int) {
        self.sample = sample
    }

    /// Adds the next older delivery: a row of id, subscription, state, last_error, claimed_at, settled_at and test.
    mutating func add(_ row: RawStatement) throws {
        guard count < sample, !row.bool(6) else { return }
        count += 1
        let state = try DeliveryState(code: row.int(2))
        let (claimedAt, settledAt) = (row.optionalTimestamp(4), row.optionalTimestamp(5))
        if state.isSettled { settled.append(row.int64(0)) }
        if state == .delivered, let settledAt { lastDeliveredAt = max(lastDeliveredAt ?? settledAt, settledAt) }
        guard let error = try DeliveryError(code: row.optionalInt(3)), error != .disabled else { return }
        if let moment = claimedAt ?? settledAt, lastError.map({ $0.at < moment }) ?? true {
            lastError = (moment, error)
        }
    }

    /// The result.
    /// - Parameter durations: selects the durations of a delivery's attempts.
    func statistics(of name: String, durations: RawStatement) throws -> SubscriptionStatistics {
        var statistics = SubscriptionStatistics(subscription: name)
        statistics.lastError = lastError?.error
        statistics.lastDeliveredAt = lastDeliveredAt
        var found: [Duration] = []
        for id in settled {
            try durations.bind(id)
            while try durations.next() {
                if let duration = durations.optionalDuration(0) { found.append(duration) }
            }
        }
        statistics.setPercentiles(of: found)
        return statistics
    }
}
