public import WebhookCore

/// A subscription's share of the scheduler: its window, its limits and what is known of its endpoint.
struct Lane {
    /// Which ring a lane with ready work waits in.
    enum Ring: Int, CaseIterable {
        /// First attempts to proven endpoints.
        case first
        /// Retries to proven endpoints.
        case retry
        /// Endpoints that never succeeded, or that time out.
        case restricted
    }

    let name: String
    var target: LaneTarget
    var window: LaneWindow
    var inFlight = 0
    var breaker = CircuitBreaker()
    var rate = RateLimiter()
    /// What the store remembers.
    var health: SubscriptionHealth
    /// The last attempt timed out.
    var isTimingOut = false
    /// The ring that the lane waits in at the moment.
    var ring: Ring?
    /// The earliest timer set for it.
    var wakeAt: Timestamp?
    /// Not in the configuration any more, or `enabled: false`: kept, not sent.
    var isParked = false
    /// Open deliveries are being withdrawn, because it is disabled.
    var isWithdrawing = false
    /// Where order matters: the delivery that must settle before the next may start, while it waits for its retry.
    var head: HeldDelivery?
    /// What is remembered has changed and is not durable yet.
    var hasUnwrittenHealth = false

    var policy: DeliveryPolicy { target.subscription.policy }
    var isDisabled: Bool { health.disabled != nil }
    /// Whether it shares the small part of the slots.
    var isRestricted: Bool { !health.hasSucceeded || isTimingOut }

    /// The most attempts at once: one where order matters.
    var maxInFlight: Int { policy.ordered ? 1 : policy.maxInFlight }
    /// Whether deliveries may start at all.
    var isOpen: Bool { !isParked && !isDisabled }
    /// The delivery to start next, once it is due.
    var candidate: HeldDelivery? { head ?? window.ready.first }

    /// Takes the candidate out.
    mutating func popCandidate() -> HeldDelivery? {
        if let head {
            self.head = nil
            return head
        }
        return window.popReady()
    }

    /// Whether nothing is known to be open, in memory or in the store.
    var isExhausted: Bool { head == nil && window.isExhausted }
}

/// A subscription, shared without copying.
public final class LaneTarget: Sendable {
    public let subscription: Subscription

    public init(_ subscription: Subscription) {
        self.subscription = subscription
    }
}
