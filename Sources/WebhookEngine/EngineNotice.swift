package import WebhookCore

/// A notice for operators. A closed set for the logs; texts name subscriptions, never secrets.
package enum EngineNotice: Sendable, Hashable {
    /// - Parameter attempt: whose answer has done it; `nil`: a person.
    case disabled(subscription: String, cause: SubscriptionHealth.Disabled.Cause, attempt: DisablingAttempt? = nil)
    case enabled(subscription: String)
    case paused(subscription: String, until: Timestamp?)
    case resumed(subscription: String)
    case breakerOpened(BreakerOpening)
    /// An attempt succeeded after failures in a row: attempts go on.
    case breakerClosed(subscription: String, failures: Int)
    /// A batch of a disabled subscription's open deliveries is cancelled.
    case openDeliveriesCancelled(subscription: String, count: Int)
    /// All of a disabled subscription's open deliveries are cancelled: how many in all.
    case cancellationEnded(subscription: String, count: Int)
    /// Nobody subscribes to an event.
    case unmatched(EventHeader)
    case storeFailed(StoreError, StoreFailure)
    /// - Parameter isSaid: whether somebody was told that it failed. Where it fails again soon after it worked, nobody is.
    case storeRecovered(isSaid: Bool)
    case recovered(interrupted: Int, unknown: Int)
    /// The store won't take one row; the others go on.
    case refused(RefusedRow)
    /// An interrupted delivery is not tried again: its request ended the process.
    case givenUp(delivery: Delivery.ID, event: String, subscription: String, reason: String)
    /// An event is given out for its fan-out no more.
    case setAside(event: String, reason: String)

    /// The occasion on which a failure of the store is told of.
    package enum StoreFailure: Sendable, Hashable {
        /// It worked before.
        case first
        /// It has been failing for a while.
        case reminder(since: Timestamp)
        /// One among others: it was said already.
        case again
    }
}

/// The attempt after which a subscription was disabled.
package struct DisablingAttempt: Sendable, Hashable {
    package var delivery: Delivery.ID
    /// The event's id.
    package var event: String
    package var status: Int?
    package var error: FailureKind?
}

/// Attempts pause after failures in a row.
package struct BreakerOpening: Sendable, Hashable {
    package var subscription: String
    /// True when it was open before, and the probe failed too.
    package var isAgain: Bool
    package var pause: Duration
    /// Failures in a row so far.
    package var failures: Int
    /// The last one's.
    package var status: Int?
    package var error: FailureKind?

    package init(
        subscription: String,
        isAgain: Bool,
        pause: Duration,
        failures: Int,
        status: Int?,
        error: FailureKind?
    ) {
        self.subscription = subscription
        self.isAgain = isAgain
        self.pause = pause
        self.failures = failures
        self.status = status
        self.error = error
    }
}

/// A row that the store won't take.
package struct RefusedRow: Sendable, Hashable {
    /// The write that was refused.
    package enum Part: String, Sendable, Hashable {
        /// The delivery itself: it is stored as failed.
        case delivery
        /// The claim of an attempt: the delivery is suspended until the next start.
        case claim
        /// A finished attempt, whole or cut down to its outcome.
        case attempt
        /// The end of a delivery whose subscription is disabled, or that can't be claimed.
        case settlement
        /// The memory of a subscription.
        case health
        /// The event's deliveries, and that it is set aside for that.
        case event
    }

    package var part: Part
    package var delivery: Delivery.ID?
    /// The event's id, where it is known.
    package var event: String?
    package var subscription: String?
    package var reason: String
}

extension EngineObserver {
    package func noticed(_ notice: LeaseNotice) {}
}

/// Hears what the engine did. Called on the engine's queue: quick, and never back into the engine.
package protocol EngineObserver: Sendable {
    /// Attempts whose results are durable.
    func recorded(_ attempts: [RecordedAttempt])
    /// Deliveries that settled without an attempt, durably.
    func settled(_ deliveries: [SettledDelivery])
    /// Tells what an operator should know.
    func noticed(_ notice: EngineNotice)
    /// Tells what an operator should know of several dispatchers.
    func noticed(_ notice: LeaseNotice)
    /// The store is damaged: delivery has stopped.
    func failed(_ error: StoreError)
}
