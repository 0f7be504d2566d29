internal import WebhookCore

/// Adds up a subscription's deliveries, newest first.
struct StatisticsTally {
    /// Durations are looked for among so many of the store's newest deliveries.
    static let newest = 100_000

    private var counts: [DeliveryState: Int] = [:]
    private var settled: [Int64] = []
    private var lastError: (at: Timestamp, error: DeliveryError)?
    private var lastDeliveredAt: Timestamp?

    mutating func add(
        id: Int64,
        state: DeliveryState,
        error: DeliveryError?,
        claimedAt: Timestamp?,
        settledAt: Timestamp?,
        sampled: Bool
    ) {
        counts[state, default: 0] += 1
        if state.isSettled, sampled, settled.count < SubscriptionStatistics.sample { settled.append(id) }
        if state == .delivered, let settledAt { lastDeliveredAt = max(lastDeliveredAt ?? settledAt, settledAt) }
        if let error, error != .disabled, let moment = claimedAt ?? settledAt, lastError.map({ $0.at < moment }) ?? true
        {
            lastError = (moment, error)
        }
    }

    /// The result.
    /// - Parameter durations: selects the durations of a delivery's attempts.
    func statistics(of name: String, durations: RawStatement) throws -> SubscriptionStatistics {
        var statistics = SubscriptionStatistics(subscription: name)
        statistics.counts = counts
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
