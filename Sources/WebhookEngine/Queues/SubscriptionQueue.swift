public import WebhookCore

/// A subscription's share of the scheduler: its buffer, its limits and what is known of its endpoint.
struct SubscriptionQueue {
    let name: String
    var target: SharedSubscription
    var buffer: DeliveryBuffer
    var inFlight = 0
    /// New deliveries that wait their turn and are not durable yet.
    var arriving = 0
    var breaker = CircuitBreaker()
    var rate = RateLimiter()
    /// Claims that are durable and wait for their time to leave, the first first. A few.
    var paced: [PacedSend] = []
    /// What the store remembers.
    var health: SubscriptionHealth
    /// The last attempt timed out; or the endpoint was failing when the process began, and nobody knows how.
    var isTimingOut = false
    /// The first failure since the last success that this process has seen, on the monotonic clock.
    var failureSeenAt: Timestamp?
    /// The slot class that the queue waits in now.
    var slotClass: SlotClass?
    /// Not in the configuration any more, or `enabled: false`: kept, not sent.
    var isParked = false
    /// Held by a person.
    var pause = PauseState()
    /// Came with a reload: nothing is sent before its health was read.
    var awaitsHealth = false
    /// Open deliveries are being withdrawn, because it is disabled.
    var isCancelling = false
    /// How many were, so far.
    var openDeliveriesCancelled = 0
    /// Others have inserted meanwhile: withdraw once more.
    var needsCancelling = false
    /// Where order matters, and for an engine that has only deliveries of its own: where the first open delivery stands that
    /// isn't. Nothing behind it may start.
    var oldestExternal: Refill.Position?
    /// Likewise, the place of the first event that somebody else has to match, and that it would get.
    var firstUnmatched: Int64?
    /// What is remembered has changed and is not durable yet.
    var hasUnwrittenHealth = false
    /// The store won't take what is remembered: it holds as long as the process lives.
    var isHealthRefused = false

    var policy: DeliveryPolicy { target.subscription.policy }
    var isDisabled: Bool { health.disabled != nil }
    /// Whether it shares the small part of the slots.
    var isOnProbation: Bool { !health.hasSucceeded || isTimingOut }

    /// The most attempts at once: one where order matters; and one where nobody knows whether anything ever comes back, so
    /// that a dead endpoint holds one of the shared slots and not several.
    var maxInFlight: Int { policy.ordered || isOnProbation ? 1 : policy.maxInFlight }
    /// Whether the subscription can be sent to: what has begun goes on.
    var isServed: Bool { !isParked && !isDisabled && !awaitsHealth }
    /// Whether deliveries may start at all.
    var isOpen: Bool { isServed && !pause.isPaused }
    /// The delivery to start next, once it is due.
    var candidate: QueuedDelivery? { buffer.isAhead ? nil : buffer.ready.first }

    /// Whether a delivery must wait for what somebody else has to see to.
    func isBehindExternal(_ queued: QueuedDelivery) -> Bool {
        if let oldestExternal, oldestExternal < queued.turn { return true }
        return firstUnmatched.map { AcceptancePlace.dueAt($0) < queued.turn.dueAt } ?? false
    }

    /// Whether nothing is known to be open, in memory or in the store.
    var isExhausted: Bool { buffer.isExhausted && arriving == 0 }
}

/// A subscription, shared without copying.
public final class SharedSubscription: Sendable {
    public let subscription: Subscription
    /// The URL as it may be shown.
    let url: String

    public init(_ subscription: Subscription) {
        self.subscription = subscription
        url = subscription.url.display
    }
}

/// A claimed attempt that waits for its time.
struct PacedSend {
    var token: UInt64
    var body: ByteString
}
