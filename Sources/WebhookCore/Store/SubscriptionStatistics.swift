/// A subscription's deliveries in numbers. Tests are left out.
public struct SubscriptionStatistics: Sendable, Hashable {
    public var subscription: String
    /// Deliveries by state.
    public var counts: [DeliveryState: Int]
    /// How long attempts took: the median, and the 95th and 99th of a hundred (nearest rank), over the attempts of its
    /// newest settled deliveries, at most ``sample`` of them; `nil` without any. A store may look for them among its
    /// newest deliveries only, and take fewer where there are many subscriptions.
    public var p50: Duration?
    public var p95: Duration?
    public var p99: Duration?
    /// Of those in flight, how many had an attempt before.
    public var retriesInFlight = 0
    /// What went wrong with the newest attempt that has ended; `nil` where it succeeded. `disabled` doesn't count.
    public var lastFailure: Failure?
    public var lastDeliveredAt: Timestamp?

    /// What went wrong, and when.
    public struct Failure: Sendable, Hashable {
        public var error: DeliveryError
        /// The answer's status, where there was an answer.
        public var status: Int?
        /// When the attempt began; without an attempt, when the delivery settled.
        public var at: Timestamp

        public init(error: DeliveryError, status: Int? = nil, at: Timestamp) {
            self.error = error
            self.status = status
            self.at = at
        }
    }

    /// Deliveries whose first attempt has not ended.
    public var openFirstAttempts: Int { count(.pending) + count(.inFlight) - retriesInFlight }
    /// Deliveries that wait for a retry, or have one under way.
    public var openRetries: Int { count(.waiting) + retriesInFlight }

    /// How many deliveries the durations are taken from, at most.
    public static let sample = 1_000

    public init(subscription: String) {
        self.subscription = subscription
        counts = [:]
    }

    /// How many deliveries are in a state.
    public func count(_ state: DeliveryState) -> Int { counts[state] ?? 0 }

    /// Sets the percentiles from the durations of attempts.
    public mutating func setPercentiles(of durations: [Duration]) {
        let sorted = durations.sorted()
        func rank(_ percent: Int) -> Duration? {
            sorted.isEmpty ? nil : sorted[max(0, (sorted.count * percent + 99) / 100 - 1)]
        }
        (p50, p95, p99) = (rank(50), rank(95), rank(99))
    }
}
