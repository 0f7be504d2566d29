/// A subscription's health, kept across restarts.
public struct SubscriptionHealth: Sendable, Hashable {
    /// The subscription's name.
    public var subscription: String
    /// The reason why it is disabled; `nil` while it is enabled.
    public var disabled: Disabled?
    /// The time since which there were nothing but failures.
    public var failingSince: Timestamp?
    /// True when a delivery has ever succeeded.
    public var hasSucceeded: Bool
    /// The pause that a person asked for. Its time may be over: see ``Paused/isInForce(at:)``.
    public var paused: Paused?
    /// The number of times that deliveries were made due or cancelled by hand: a change tells an engine to read them
    /// again.
    public var retries: Int
    /// The reason why the dispatcher that runs makes no attempts now; `nil`: it does. Means nothing once it has ended.
    public var breaker: Breaker?
    /// The time at which the last attempt was claimed under a rate limit of less than one a second, so that the next
    /// process keeps the distance.
    public var lastStartAt: Timestamp?

    /// True when it has succeeded, and has not failed since.
    public var isProven: Bool { hasSucceeded && failingSince == nil }

    /// The disabling of a subscription: why, and since when.
    public struct Disabled: Sendable, Hashable {
        /// The reason why a subscription is disabled.
        public enum Cause: String, Sendable, Hashable {
            /// By a person.
            case manual
            /// The receiver answered 410.
            case gone
            /// Nothing but failures for too long.
            case failing
        }

        /// The reason.
        public var cause: Cause
        /// The time at which it was disabled.
        public var at: Timestamp

        package init(cause: Cause, at: Timestamp) {
            self.cause = cause
            self.at = at
        }
    }

    /// An open circuit breaker.
    public struct Breaker: Sendable, Hashable {
        /// Failures in a row so far.
        public var failures: Int
        /// The time at which the next attempt is made.
        public var until: Timestamp

        package init(failures: Int, until: Timestamp) {
            self.failures = failures
            self.until = until
        }
    }

    package init(
        subscription: String,
        disabled: Disabled? = nil,
        failingSince: Timestamp? = nil,
        hasSucceeded: Bool = false,
        paused: Paused? = nil,
        retries: Int = 0,
        breaker: Breaker? = nil,
        lastStartAt: Timestamp? = nil
    ) {
        self.subscription = subscription
        self.disabled = disabled
        self.failingSince = failingSince
        self.hasSucceeded = hasSucceeded
        self.paused = paused
        self.retries = retries
        self.breaker = breaker
        self.lastStartAt = lastStartAt
    }
}

extension SubscriptionHealth {
    /// A pause: deliveries are held, first attempts too; none is cancelled, and nothing counts as failure.
    public struct Paused: Sendable, Hashable {
        /// The time at which it was asked for.
        public var at: Timestamp
        /// The time at which it ends by itself; `nil`: when somebody lifts it.
        public var until: Timestamp?

        package init(at: Timestamp, until: Timestamp? = nil) {
            self.at = at
            self.until = until
        }

        /// The time that it lasts from now on; `nil` without an end.
        ///
        /// Never longer than was asked for, also where the clock that wrote it was ahead, or the one that reads it is
        /// behind.
        public func remaining(at now: Timestamp) -> Duration? {
            guard let until else { return nil }
            return .milliseconds(max(0, until.milliseconds - max(now, at).milliseconds))
        }

        /// Tells whether it holds deliveries at a time.
        public func isInForce(at now: Timestamp) -> Bool { remaining(at: now) != .zero }
    }
}
