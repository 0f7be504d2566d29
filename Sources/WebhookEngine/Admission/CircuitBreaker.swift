internal import WebhookCore

/// Stops attempts to an endpoint that fails again and again, and probes it from time to time.
///
/// ```
/// closed ──failures──▶ open ──pause over──▶ half-open ──success──▶ closed
///                       ▲                      │
///                       └──────failure─────────┘   (pause doubled, up to ten minutes)
/// ```
struct CircuitBreaker: Equatable {
    enum State: Equatable {
        case closed(failures: Int)
        case open(until: Timestamp, pause: Duration)
        /// `isProbing`: the one probe is under way.
        case halfOpen(pause: Duration, isProbing: Bool)
    }

    static let longestPause: Duration = .seconds(600)

    var state: State = .closed(failures: 0)
    /// Failures in a row, open or not.
    private(set) var failures = 0

    /// Tells whether an attempt may start; an open breaker whose pause is over becomes half-open.
    mutating func allowsStart(now: Timestamp) -> Bool {
        switch state {
        case .closed: return true
        case .halfOpen(_, let isProbing): return !isProbing
        case .open(let until, let pause):
            guard now >= until else { return false }
            state = .halfOpen(pause: pause, isProbing: false)
            return true
        }
    }

    /// The time at which an open breaker lets a probe through.
    var opensAt: Timestamp? {
        if case .open(let until, _) = state { until } else { nil }
    }

    /// True when the breaker stops attempts now, other than its probe.
    var isOpen: Bool {
        if case .closed = state { false } else { true }
    }

    mutating func started() {
        if case .halfOpen(let pause, _) = state { state = .halfOpen(pause: pause, isProbing: true) }
    }

    mutating func succeeded() {
        failures = 0
        state = .closed(failures: 0)
    }

    /// The start has ended, and says nothing about the endpoint.
    mutating func released() {
        if case .halfOpen(let pause, true) = state { state = .halfOpen(pause: pause, isProbing: false) }
    }

    mutating func failed(_ policy: BreakerPolicy, now: Timestamp) {
        failures += 1
        switch state {
        case .closed(let failures):
            if failures + 1 >= policy.failures {
                state = .open(until: now + policy.pause, pause: policy.pause)
            } else {
                state = .closed(failures: failures + 1)
            }
        case .halfOpen(let pause, _):
            let doubled = max(policy.pause, min(pause * 2, Self.longestPause))
            state = .open(until: now + doubled, pause: doubled)
        case .open:
            // Attempts that were under way when it opened change nothing.
            break
        }
    }
}
