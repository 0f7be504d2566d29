/// The rules by which a subscription's deliveries are attempted.
package struct DeliveryPolicy: Sendable, Hashable {
    /// Retried, or sent once.
    package var mode: DeliveryMode = .retry
    /// The waits before attempts 2, 3, …; defaults to 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
    package var schedule: [Duration] = Self.standardSchedule
    /// The largest part of a wait that is added to it at random, 0 to 1; defaults to 0.2.
    package var jitter: Double = 0.2
    /// The longest that a whole attempt may take; defaults to 15 s.
    package var timeout: Duration = .seconds(15)
    /// The longest that connecting may take, TLS included; defaults to 5 s.
    package var connectTimeout: Duration = .seconds(5)
    /// The most attempts in flight at once; defaults to 8.
    package var maxInFlight: Int = 8
    /// The pace of starts; `nil` (the default) for no limit.
    package var rateLimit: RateLimit?
    /// True when deliveries go in order of acceptance, the next only after the one before has settled; defaults to
    /// false.
    package var ordered: Bool = false
    /// The time of nothing but failures after which the subscription is disabled; defaults to 5 days.
    package var disableAfter: Duration = .seconds(5 * 86_400)
    /// The rule by which attempts pause after failures in a row; defaults to 10 failures, 30 s.
    package var breaker = BreakerPolicy()

    /// The built-in defaults.
    package init() {}

    /// The longest time that anything may be asked to take or wait: ten years.
    package static let longest: Duration = .seconds(3650 * 86_400)

    /// The schedule of the Standard Webhooks recommendation, as fixed in the product's interface.
    package static let standardSchedule: [Duration] = [
        .seconds(5), .seconds(300), .seconds(1800), .seconds(7200), .seconds(18_000), .seconds(36_000),
        .seconds(50_400), .seconds(72_000), .seconds(86_400),
    ]
}

/// At most `count` starts in any `period`, spread evenly over it.
package struct RateLimit: Sendable, Hashable {
    /// The number of attempts that may start in a period.
    package var count: Int
    /// The period.
    package var period: Duration

    /// Makes a limit of a number of attempts in a period.
    package init(count: Int, per period: Duration) {
        self.count = count
        self.period = period
    }
}

/// The failures that open a circuit breaker, and its first pause.
package struct BreakerPolicy: Sendable, Hashable {
    /// Failures in a row that open it; defaults to 10.
    package var failures: Int = 10
    /// The first pause, doubled with every failed probe up to ten minutes; defaults to 30 s.
    package var pause: Duration = .seconds(30)

    /// Makes a policy; defaults to 10 failures in a row and 30 s.
    package init(failures: Int = 10, pause: Duration = .seconds(30)) {
        self.failures = failures
        self.pause = pause
    }
}
