public import WebhookCore

/// A delivery that settled without an attempt, with the reason.
public struct SettledWithoutAttempt: Sendable, Hashable {
    public var delivery: Delivery.ID
    /// The event's id.
    public var event: String
    public var topic: String
    public var tenant: String?
    public var subscription: String
    public var isTest: Bool
    /// `failed` or `cancelled`.
    public var state: DeliveryState
    /// `template`, `disabled` or `internal`.
    public var error: DeliveryError?
    public var detail: String?
}
