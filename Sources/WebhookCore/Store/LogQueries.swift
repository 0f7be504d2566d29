/// A filter for events, newest first: every condition that is set must hold.
///
/// An empty one has none and stands for all events; what it gives is the first page of them, the newest ``limit``. The next page
/// is the same query with ``after`` set to the last event's id; the last one has fewer than ``limit``.
public struct EventQuery: Sendable, Hashable {
    /// One of these; empty for all.
    public var ids: [String] = []
    /// Created at or after.
    public var since: Timestamp?
    /// Created before.
    public var until: Timestamp?
    /// One of these; empty for all.
    public var topics: [String] = []
    /// Only this tenant's.
    public var tenant: String?
    /// Only tests, or none; `nil`: both.
    public var isTest: Bool?
    /// Only older ones than this event, which is the last of the page before; there is nothing behind an unknown one.
    public var after: String?
    /// The most results of one page; defaults to 50.
    public var limit: Int = 50

    /// The newest 50 of all events.
    public init() {}
}

/// A filter for deliveries, newest first: every condition that is set must hold.
///
/// An empty one has none and stands for all deliveries in any state, tests included; what it gives is the first page of them, the
/// newest ``limit``. The next page is the same query with ``after`` set to the last delivery's id; the last one has fewer than
/// ``limit``.
public struct DeliveryQuery: Sendable, Hashable {
    /// Created at or after.
    public var since: Timestamp?
    /// Created before.
    public var until: Timestamp?
    /// One of these; empty for all.
    public var topics: [String] = []
    /// Only this tenant's.
    public var tenant: String?
    /// Only tests, or none; `nil`: both.
    public var isTest: Bool?
    /// One of these; empty for all.
    public var states: Set<DeliveryState> = []
    /// The last error is one of these; empty for all.
    public var errors: Set<FailureKind> = []
    /// Only this subscription's.
    public var subscription: String?
    /// One of these events' ids; empty for all.
    public var events: [String] = []
    /// Only an event's newest delivery to a subscription: what was sent again since is left out.
    public var newestOnly = false
    /// Only older ones than this delivery, which is the last of the page before.
    public var after: Delivery.ID?
    /// The most results of one page; defaults to 50.
    public var limit: Int = 50

    /// The newest 50 of all deliveries, or of those in one of some states.
    public init(states: Set<DeliveryState> = []) {
        self.states = states
    }
}

/// A delivery with what its event carried.
package struct ExportedDelivery: Sendable, Hashable {
    /// The delivery.
    package var delivery: Delivery
    /// The time at which its event happened.
    package var occurredAt: Timestamp
    /// The event's JSON value, byte for byte.
    package var data: ByteString

    /// A page of an export ends once it holds this number of bytes of data: 4 MiB, or one delivery.
    package static let pageSize = 4 * 1024 * 1024

    package init(delivery: Delivery, occurredAt: Timestamp, data: ByteString) {
        self.delivery = delivery
        self.occurredAt = occurredAt
        self.data = data
    }
}

/// The number of a subscription's deliveries that have not settled.
package struct OpenDeliveryCount: Sendable, Hashable {
    /// The deliveries that wait for an attempt: pending or waiting.
    package var waiting: Int
    /// The deliveries with an attempt under way.
    package var inFlight: Int

    package init(waiting: Int = 0, inFlight: Int = 0) {
        self.waiting = waiting
        self.inFlight = inFlight
    }
}

/// A subscription's deliveries in numbers. Tests are left out.
public struct SubscriptionStatistics: Sendable, Hashable {
    /// The subscription's name.
    public var subscription: String
    /// Deliveries by state.
    public var counts: [DeliveryState: Int]
    /// The durations of attempts: the median, and the 95th and 99th of a hundred (nearest rank), over the attempts of
    /// its newest settled deliveries that have any, at most ``sample`` of them; `nil` without. A store may look for them among
    /// its newest deliveries only, and take fewer where there are many subscriptions.
    public var p50: Duration?
    /// 95 % of them took at most this long.
    public var p95: Duration?
    /// 99 % of them took at most this long.
    public var p99: Duration?
    /// The number of deliveries in flight that had an attempt before.
    public var retriesInFlight = 0
    /// The failure of the newest attempt that has ended; `nil` where it succeeded. `disabled` doesn't count.
    public var lastFailure: Failure?
    /// The time of the last success; `nil`: never.
    public var lastDeliveredAt: Timestamp?

    /// A failure and its time.
    public struct Failure: Sendable, Hashable {
        /// Its class.
        public var error: FailureKind
        /// The answer's status, where there was an answer.
        public var status: Int?
        /// The time at which the attempt began; without an attempt, at which the delivery settled.
        public var at: Timestamp

        package init(error: FailureKind, status: Int? = nil, at: Timestamp) {
            self.error = error
            self.status = status
            self.at = at
        }
    }

    /// Deliveries whose first attempt has not ended.
    public var openFirstAttempts: Int { count(.pending) + count(.inFlight) - retriesInFlight }
    /// Deliveries that wait for a retry, or have one under way.
    public var openRetries: Int { count(.waiting) + retriesInFlight }

    /// The most deliveries that the durations are taken from.
    public static let sample = 1_000

    package init(subscription: String) {
        self.subscription = subscription
        counts = [:]
    }

    /// The number of deliveries in a state.
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
