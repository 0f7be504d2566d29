/// The end of a pause whose time is over. Ignored where the pause was lifted or replaced since.
public struct Resumption: Sendable, Hashable {
    public var subscription: String
    /// The pause that ends.
    public var paused: SubscriptionHealth.Paused
    public var at: Timestamp

    public init(subscription: String, paused: SubscriptionHealth.Paused, at: Timestamp) {
        self.subscription = subscription
        self.paused = paused
        self.at = at
    }
}
