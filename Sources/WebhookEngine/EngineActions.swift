package import WebhookCore

/// The actions that follow from an input. The edge carries them out, in this order.
package struct EngineActions: Sendable {
    /// A transaction is to begin; it takes what it shall hold by ``DeliveryEngine/takeBatch()``. None is under way.
    package var wantsCommit = false
    /// Attempts that are claimed durably and may leave.
    package var sends: [SendAction] = []
    /// Events to match and render; answered by ``DeliveryEngine/fannedOut(_:deliveries:at:)``.
    package var fanOuts: [PendingEvent] = []
    /// Events that take long to match and render: not where the engine runs. Answered in the same way, each once, later and
    /// in any order.
    package var largeFanOuts: [PendingEvent] = []
    /// Answers to emits.
    package var replies: [EmitReply] = []
    /// Attempts whose results are durable now.
    package var recorded: [RecordedAttempt] = []
    /// Deliveries that settled without an attempt, durably.
    package var settled: [SettledDelivery] = []
    /// Notices of what an operator should know.
    package var notices: [EngineNotice] = []
    /// Subscriptions that are no longer served and have nothing under way any more. Only where leases are needed.
    package var drained: [String] = []
    /// True when the store may not have what this node believes that it holds: see ``LeaseKeeper/distrust(now:)``.
    package var doubtsLeases = false
    /// The version of the store's subscriptions, where it is newer than the one that events were matched by. Events wait in the
    /// store until ``DeliveryEngine/learned(subscriptionsOf:at:)``.
    package var newerSubscriptions: Int64?
    /// The numbers of those ``DeliveryEngine/learnHealth(of:token:at:)`` whose answer is in force.
    package var healthReads: [UInt64] = []
    /// The time at which to call ``DeliveryEngine/tick(at:)`` at the latest, on the monotonic clock; replaces the time
    /// given before.
    package var wakeAt: Timestamp?

    package init() {}

    /// True when there is anything to do but to wake up later.
    package var isPressing: Bool {
        wantsCommit || !sends.isEmpty || !fanOuts.isEmpty || !largeFanOuts.isEmpty || !replies.isEmpty
            || !recorded.isEmpty || !settled.isEmpty || !notices.isEmpty || !drained.isEmpty || doubtsLeases
            || newerSubscriptions != nil || !healthReads.isEmpty
    }
}

/// An attempt to send.
package struct SendAction: Sendable {
    /// Names the attempt until ``DeliveryEngine/finished(_:at:)``.
    package var token: UInt64
    package var target: SharedSubscription
    package var context: AttemptContext
    package var body: ByteString
    package var needsFreshConnection: Bool
    /// True when its endpoint has succeeded before and has not failed since.
    package var isProven: Bool
    /// The latest time, on the monotonic clock, at which its first byte may leave; `nil`: any.
    package var startBy: Timestamp?
}

/// The result of an emit.
package struct EmitReply: Sendable {
    /// The number that the emit came with.
    package var token: UInt64
    package var result: Result<AcceptanceResult, StoreError>
}

/// A delivery that settled without an attempt.
package struct SettledDelivery: Sendable, Hashable {
    package var delivery: Delivery.ID
    package var event: EventHeader
    package var subscription: String
    package var attempts: Int
    package var state: DeliveryState
    package var error: FailureKind?
    package var detail: String?
}
