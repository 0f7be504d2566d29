internal import WebhookCore

/// What a subscription's newest deliveries say, tests left out.
struct StatisticsTally {
    /// How many settled deliveries are to be looked at.
    let wanted: Int
    /// How many were.
    private(set) var count = 0
    /// How long their attempts took.
    var durations: [Duration] = []
    private var lastError: (at: Timestamp, error: DeliveryError)?
    private var lastDeliveredAt: Timestamp?

    /// - Parameter counts: how many deliveries there are.
    init(_ counts: [DeliveryState: Int]) {
        wanted = min(SubscriptionStatistics.sample, counts.reduce(0) { $0 + ($1.key.isSettled ? $1.value : 0) })
    }

    var isComplete: Bool { count >= wanted }

    /// States whose newest delivery may tell what is not known yet.
    var unseen: [DeliveryState] {
        (lastDeliveredAt == nil ? [.delivered] : [])
            + (lastError == nil ? [.failed, .unknown, .waiting, .inFlight] : [])
    }

    /// Adds the next older delivery: a row of id, subscription, state, last_error, claimed_at, settled_at and test.
    ///
    /// - Returns: whether it belongs to the sample, and its durations count.
    mutating func add(_ row: RawStatement) throws -> Bool {
        guard !row.bool(6) else { return false }
        let isSettled = try DeliveryState(code: row.int(2)).isSettled
        guard !isSettled || !isComplete else { return false }
        try note(row)
        if isSettled { count += 1 }
        return isSettled
    }

    /// Takes the last success and the last error from such a row.
    mutating func note(_ row: RawStatement) throws {
        guard !row.bool(6) else { return }
        let state = try DeliveryState(code: row.int(2))
        let (claimedAt, settledAt) = (row.optionalTimestamp(4), row.optionalTimestamp(5))
        if state == .delivered, let settledAt { lastDeliveredAt = max(lastDeliveredAt ?? settledAt, settledAt) }
        guard let error = try DeliveryError(code: row.optionalInt(3)), error != .disabled else { return }
        if let moment = claimedAt ?? settledAt, lastError.map({ $0.at < moment }) ?? true {
            lastError = (moment, error)
        }
    }

    /// Puts what was found into a result.
    func fill(_ statistics: inout SubscriptionStatistics) {
        statistics.lastError = lastError?.error
        statistics.lastDeliveredAt = lastDeliveredAt
        statistics.setPercentiles(of: durations)
    }
}
