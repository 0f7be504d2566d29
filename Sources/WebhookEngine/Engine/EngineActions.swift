public import WebhookCore

/// The actions that follow from an input. The edge carries them out, in this order.
public struct EngineActions: Sendable {
    /// A transaction is to begin; it takes what it shall hold by ``DeliveryEngine/takeBatch()``. None is under way.
    public var wantsCommit = false
    /// Attempts that are claimed durably and may leave.
    public var sends: [SendAction] = []
    /// Events to match and render; answered by ``DeliveryEngine/fannedOut(_:deliveries:at:)``.
    public var fanOuts: [PendingEvent] = []
    /// Events that take long to match and render: not where the engine runs. Answered in the same way, each once, later and
    /// in any order.
    public var largeFanOuts: [PendingEvent] = []
    /// Answers to emits.
    public var replies: [EmitReply] = []
    /// Attempts whose results are durable now.
    public var recorded: [RecordedAttempt] = []
    /// Deliveries that settled without an attempt, durably.
    public var settled: [SettledDelivery] = []
    /// What an operator should know.
    public var notices: [EngineNotice] = []
    /// When to call ``DeliveryEngine/tick(at:)`` at the latest, on the monotonic clock; replaces the time given before.
    public var wakeAt: Timestamp?

    public init() {}

    /// Whether there is anything to do but to wake up later.
    public var isPressing: Bool {
        wantsCommit || !sends.isEmpty || !fanOuts.isEmpty || !largeFanOuts.isEmpty || !replies.isEmpty
            || !recorded.isEmpty || !settled.isEmpty || !notices.isEmpty
    }
}

/// An attempt to send.
public struct SendAction: Sendable {
    /// Names the attempt until ``DeliveryEngine/finished(_:at:)``.
    public var token: UInt64
    public var target: SharedSubscription
    public var context: AttemptContext
    public var body: ByteString
    public var needsFreshConnection: Bool
    /// Whether its endpoint has succeeded before and has not failed since.
    public var isProven: Bool
}

/// The result of an emit.
public struct EmitReply: Sendable {
    /// The number that the emit came with.
    public var token: UInt64
    public var result: Result<AcceptanceResult, StoreError>
}

/// A delivery that settled without an attempt.
public struct SettledDelivery: Sendable, Hashable {
    public var delivery: Delivery.ID
    public var event: EventHeader
    public var subscription: String
    public var attempts: Int
    public var state: DeliveryState
    public var error: FailureKind?
    public var detail: String?
}

/// A notice for operators. A closed set for the logs; texts name subscriptions, never secrets.
public enum EngineNotice: Sendable, Hashable {
    /// - Parameter attempt: whose answer has done it; `nil`: a person.
    case disabled(subscription: String, cause: SubscriptionHealth.Disabled.Cause, attempt: DisablingAttempt? = nil)
    case enabled(subscription: String)
    case paused(subscription: String, until: Timestamp?)
    case resumed(subscription: String)
    case breakerOpened(BreakerOpening)
    /// An attempt succeeded after so many failures in a row: attempts go on.
    case breakerClosed(subscription: String, failures: Int)
    /// A batch of a disabled subscription's open deliveries is cancelled.
    case openDeliveriesCancelled(subscription: String, count: Int)
    /// All of a disabled subscription's open deliveries are cancelled: so many.
    case withdrawalEnded(subscription: String, count: Int)
    /// Nobody subscribes to an event.
    case unmatched(EventHeader)
    case storeFailed(StoreError, StoreFailure)
    case storeRecovered
    case recovered(interrupted: Int, unknown: Int)
    /// The store won't take one row; the others go on.
    case refused(RefusedRow)
    /// An interrupted delivery is not tried again: its request ended the process.
    case givenUp(delivery: Delivery.ID, event: String, subscription: String, reason: String)
    /// An event is given out for its fan-out no more.
    case setAside(event: String, reason: String)

    /// Which failure of the store's it is.
    public enum StoreFailure: Sendable, Hashable {
        /// It worked before.
        case first
        /// It has been failing for a while.
        case reminder(since: Timestamp)
        /// One among others, of which it was said already.
        case again
    }
}

/// The attempt after which a subscription was disabled.
public struct DisablingAttempt: Sendable, Hashable {
    public var delivery: Delivery.ID
    /// The event's id.
    public var event: String
    public var status: Int?
    public var error: FailureKind?
}

/// Attempts pause after failures in a row.
public struct BreakerOpening: Sendable, Hashable {
    public var subscription: String
    /// Whether it was open before, and the probe failed too.
    public var isAgain: Bool
    public var pause: Duration
    /// Failures in a row so far.
    public var failures: Int
    /// The last one's.
    public var status: Int?
    public var error: FailureKind?

    public init(
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
public struct RefusedRow: Sendable, Hashable {
    /// The write that was refused.
    public enum Part: String, Sendable, Hashable {
        /// The delivery itself: it is stored as failed.
        case delivery
        /// The claim of an attempt: the delivery is suspended until the next start.
        case claim
        /// A finished attempt, whole or cut down to its outcome.
        case attempt
        /// The end of a delivery whose subscription is disabled, or that can't be claimed.
        case settlement
        /// What is remembered about a subscription.
        case health
        /// The event's deliveries, and that it is set aside for that.
        case event
    }

    public var part: Part
    public var delivery: Delivery.ID?
    /// The event's id, where it is known.
    public var event: String?
    public var subscription: String?
    public var reason: String
}

/// A finished request, ready to be recorded.
public struct FinishedAttempt: Sendable {
    public var token: UInt64
    public var result: TransportResult
    /// As it may be shown.
    public var url: String
    /// As sent, redacted.
    public var requestHeaders: [HTTPHeader]

    public init(token: UInt64, result: TransportResult, url: String, requestHeaders: [HTTPHeader]) {
        self.token = token
        self.result = result
        self.url = url
        self.requestHeaders = requestHeaders
    }
}

/// An event to accept, matched and rendered.
public struct EmitRequest: Sendable {
    public var token: UInt64
    public var event: Event
    public var target: String?
    /// `nil`: not to be fanned out now.
    public var deliveries: PreparedDeliveries?

    public init(token: UInt64, event: Event, target: String? = nil, deliveries: PreparedDeliveries?) {
        self.token = token
        self.event = event
        self.target = target
        self.deliveries = deliveries
    }
}

/// An event's deliveries before the engine has decided how each starts.
public struct PreparedDeliveries: Sendable {
    public var bodies: [ByteString]
    public var entries: [Entry]

    public struct Entry: Sendable {
        public var subscription: String
        public var renderedBody: Result<RenderedEvent.RenderedBody, RenderingError>

        public init(subscription: String, renderedBody: Result<RenderedEvent.RenderedBody, RenderingError>) {
            self.subscription = subscription
            self.renderedBody = renderedBody
        }
    }

    public init(bodies: [ByteString], entries: [Entry]) {
        self.bodies = bodies
        self.entries = entries
    }
}
