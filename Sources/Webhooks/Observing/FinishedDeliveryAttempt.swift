public import WebhookCore

/// An attempt that is on record, with what became of its delivery.
public struct FinishedDeliveryAttempt: Sendable, Hashable {
    public var delivery: Delivery.ID
    /// The event's id.
    public var event: String
    public var topic: String
    public var tenant: String?
    public var subscription: String
    public var isTest: Bool
    /// The delivery's state after the attempt.
    public var state: DeliveryState
    /// When the next attempt is due, where there is one.
    public var nextAttemptAt: Timestamp?
    /// The attempt. Its request's body is not along: the log has it.
    public var attempt: Attempt
}
