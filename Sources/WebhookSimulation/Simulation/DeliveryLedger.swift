internal import WebhookCore

/// A checker's record of a delivery, kept outside of engine and store.
struct DeliveryLedger {
    /// The transaction that inserted it.
    var commit = 0
    /// Attempts that the store took as claimed.
    var claims = 0
    /// Numbers of the attempts that left.
    var sent: Set<Int> = []
    /// Requests that a receiver saw.
    var received = 0
    /// Failures that used up a step of the schedule.
    var steps = 0
    var interruptions = 0
    var staleConnections = 0
    /// The last attempt that a crash interrupted.
    var interruptedNumber = 0
    /// On the engine's monotonic clock: not to be sent before.
    var earliest: Timestamp?
    /// The wait that ends then.
    var wait: Duration?
    /// It was cancelled and the cancellation reported as done.
    var isCancelled = false
    /// The attempt that was under way when it was cancelled: the last.
    var cancelledDuring: Int?
    /// Others inserted it: the engine learns of it later.
    var isForeign = false
}

/// The requests that a rate-limited receiver got, from any process.
struct PaceLedger {
    var limit: RateLimit?
    /// The time from which requests count: what was claimed under another limit may still leave before.
    var from: Int64 = 0
    /// Milliseconds.
    var starts: [Int64] = []
    /// The time that the clock was ahead by which the last start was written down.
    var ahead: Int64 = 0

    /// Notes a start. No second and no period has more than the limit, and one that a restart may add.
    ///
    /// - Parameter lost: the time that the clock was put forward by since the last one.
    mutating func start(at now: Int64, of name: String, lost: Int64 = 0) throws {
        guard let limit else { return }
        starts.append(now)
        let period = limit.period.wholeMilliseconds
        if starts.count > 1, period / Int64(limit.count) > 1000 {
            let gap = now - starts[starts.count - 2]
            let least = period / Int64(limit.count) - 3
            try Violation.require(gap >= max(1000, least - lost), "\(name) gets two within \(gap) ms, and not \(least)")
            return
        }
        let perSecond = (limit.count * 1000 + Int(period) - 1) / Int(period)
        for (length, most) in [(1000, perSecond), (period, limit.count)] {
            let recent = starts.lazy.reversed().prefix { $0 > now - Int64(length) }.count
            try Violation.require(recent <= most + 1, "\(name) gets \(recent) within \(length) ms, and not \(most)")
        }
        // Whoever began the process: two starts are an interval apart, but for one that made up for lateness.
        if starts.count > 1, period / Int64(limit.count) <= 1000 {
            let gap = starts[starts.count - 1] - starts[starts.count - 2]
            try Violation.require(gap >= period / Int64(limit.count) - 3, "\(name) gets two within \(gap) ms")
        }
    }
}

/// A checker's record of one process's requests for a subscription.
struct QueueLedger {
    var inFlight = 0
    /// The most that was allowed since the process began.
    var maxInFlight = 0
    /// True when the last request that ended was answered well.
    var lastSucceeded = false
}
