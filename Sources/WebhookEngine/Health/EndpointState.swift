internal import WebhookCore

/// The conclusions of this process about an endpoint, from the attempts to it.
struct EndpointState {
    var breaker = CircuitBreaker()
    /// The last attempt timed out; or the endpoint was failing when the process began, and nobody knows how.
    private(set) var isTimingOut = false
    /// The first failure since the last success, on the monotonic clock.
    private var failureSeenAt: Timestamp?

    /// The process begins, or the subscription is new in it.
    mutating func begin(isFailing: Bool) { isTimingOut = isFailing }

    /// An attempt succeeded.
    ///
    /// - Returns: the failures in a row before, where the breaker was open.
    mutating func succeeded() -> Int? {
        let failures = breaker.isOpen ? breaker.failures : nil
        breaker.succeeded()
        isTimingOut = false
        failureSeenAt = nil
        return failures
    }

    /// An attempt failed.
    ///
    /// - Returns: where the breaker opens after it: for how long, and whether it was open before.
    mutating func failed(
        _ policy: BreakerPolicy,
        timedOut: Bool,
        now: Timestamp
    ) -> (pause: Duration, isAgain: Bool)? {
        let before = breaker
        breaker.failed(policy, now: now)
        isTimingOut = timedOut
        guard breaker.state != before.state, case .open(_, let pause) = breaker.state else { return nil }
        return (pause, before.isOpen)
    }

    /// - Returns: since when this process has seen failures, the one now included.
    mutating func failingSince(now: Timestamp) -> Timestamp {
        let since = failureSeenAt ?? now
        failureSeenAt = since
        return since
    }

    /// Attempts go on as to a new endpoint: what was known of it is from before.
    mutating func reset() {
        breaker = CircuitBreaker()
        isTimingOut = false
    }
}
