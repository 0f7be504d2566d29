internal import WebhookCore

/// What a subscription's newest deliveries say, tests left out.
struct StatisticsTally {
    /// How many settled deliveries are to be looked at.
    let wanted: Int
    /// How many were.
    private(set) var count = 0
    /// How long their attempts took.
    var durations: [Duration] = []
    private var lastAttemptAt: Timestamp?
    private var lastFailure: SubscriptionStatistics.Failure?
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

    /// Adds the next older delivery: a row of id, subscription, state, last_error, the beginning of the last attempt that has
    /// ended, settled_at, test and last_status.
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

    /// Takes the last success and the last failure from such a row.
    mutating func note(_ row: RawStatement) throws {
        guard !row.bool(6) else { return }
        let state = try DeliveryState(code: row.int(2))
        let (attemptedAt, settledAt) = (row.optionalTimestamp(4), row.optionalTimestamp(5))
        if state == .delivered, let settledAt { lastDeliveredAt = max(lastDeliveredAt ?? settledAt, settledAt) }
        let error = try DeliveryError(code: row.optionalInt(3))
        guard error != .disabled, error != nil || state == .delivered, let moment = attemptedAt ?? settledAt,
            lastAttemptAt.map({ $0 < moment }) ?? true
        else { return }
        lastAttemptAt = moment
        lastFailure = error.map { SubscriptionStatistics.Failure(error: $0, status: row.optionalInt(7), at: moment) }
    }

    /// Puts what was found into a result.
    func fill(_ statistics: inout SubscriptionStatistics) {
        statistics.lastFailure = lastFailure
        statistics.lastDeliveredAt = lastDeliveredAt
        statistics.setPercentiles(of: durations)
    }
}
