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
}

/// A checker's record of one process's requests for a subscription.
struct QueueLedger {
    var inFlight = 0
    /// The most that was allowed since the process began.
    var maxInFlight = 0
    /// True when the last request that ended was answered well.
    var lastSucceeded = false
}
