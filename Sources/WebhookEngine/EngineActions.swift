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
