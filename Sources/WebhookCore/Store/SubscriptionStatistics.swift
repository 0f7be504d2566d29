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
    /// The class of the failure that was met last, whether or not it was overcome; `disabled` doesn't count.
    public var lastError: DeliveryError?
    public var lastDeliveredAt: Timestamp?

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
