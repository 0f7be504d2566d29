public import WebhookCore

/// A subscription after it was paused or resumed.
public struct SubscriptionPause: Sendable, Hashable {
    public var subscription: String
    /// `nil`: it is not paused.
    public var paused: SubscriptionHealth.Paused?
    /// Whether it was paused before.
    public var wasPaused: Bool
    /// What has not settled.
    public var open: OpenDeliveryCount
}
