public import WebhookCore

/// What the engine wants done after an input. The edge does it, in this order.
public struct EngineActions: Sendable {
    /// A transaction is to begin; it takes what it shall hold by ``DeliveryEngine/takeBatch()``. None is under way.
    public var wantsCommit = false
    /// Attempts that are claimed durably and may leave.
    public var sends: [SendOrder] = []
    /// Events to match and render; answered by ``DeliveryEngine/fannedOut(_:deliveries:at:)``.
    public var fanOuts: [PendingEvent] = []
    /// Answers to emits.
    public var replies: [EmitReply] = []
    /// Attempts whose results are durable now.
    public var recorded: [RecordedAttempt] = []
    /// What an operator should know.
    public var notices: [EngineNotice] = []
    /// When to call ``DeliveryEngine/tick(at:)`` at the latest, on the timeline; replaces the moment given before.
    public var wakeAt: Timestamp?

    public init() {}

    /// Whether there is anything to do but to wake up later.
    public var isPressing: Bool {
        wantsCommit || !sends.isEmpty || !fanOuts.isEmpty || !replies.isEmpty || !recorded.isEmpty || !notices.isEmpty
    }
}

/// An attempt to send.
public struct SendOrder: Sendable {
    /// Names the attempt until ``DeliveryEngine/finished(_:at:)``.
    public var token: UInt64
    public var target: LaneTarget
    public var context: AttemptContext
    public var body: ByteString
    public var needsFreshConnection: Bool
    /// Whether its endpoint has succeeded before and has not failed since.
    public var isProven: Bool
}

/// What became of an emit.
public struct EmitReply: Sendable {
    /// The number that the emit came with.
    public var token: UInt64
    public var result: Result<AcceptanceResult, StoreError>
}

/// A finished attempt that is on record.
public struct RecordedAttempt: Sendable {
    public var delivery: OpenDelivery
    public var attempt: Attempt
    public var state: DeliveryState
    public var nextAttemptAt: Timestamp?
}

/// What an operator should know. A closed set for the logs; texts name subscriptions, never secrets.
public enum EngineNotice: Sendable, Hashable {
    case disabled(subscription: String, cause: SubscriptionHealth.Disabled.Cause)
    case enabled(subscription: String)
    case paused(subscription: String, until: Timestamp?)
    case resumed(subscription: String)
    case breakerOpened(subscription: String, pause: Duration)
    case storeFailed(StoreError)
    case storeRecovered
    case recovered(interrupted: Int, unknown: Int)
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
public struct EmitOrder: Sendable {
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
        public var representation: Result<RenderedEvent.Representation, RenderingError>

        public init(subscription: String, representation: Result<RenderedEvent.Representation, RenderingError>) {
            self.subscription = subscription
            self.representation = representation
        }
    }

    public init(bodies: [ByteString], entries: [Entry]) {
        self.bodies = bodies
        self.entries = entries
    }
}
