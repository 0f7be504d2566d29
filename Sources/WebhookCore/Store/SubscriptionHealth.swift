/// What is remembered about a subscription across restarts.
public struct SubscriptionHealth: Sendable, Hashable {
    public var subscription: String
    /// Why it is disabled; `nil` while it is enabled.
    public var disabled: Disabled?
    /// Since when there were nothing but failures.
    public var failingSince: Timestamp?
    /// Whether a delivery has ever succeeded.
    public var hasSucceeded: Bool

    /// Whether it has succeeded, and has not failed since.
    public var isProven: Bool { hasSucceeded && failingSince == nil }

    public struct Disabled: Sendable, Hashable {
        public enum Cause: String, Sendable, Hashable {
            /// By a person.
            case manual
            /// The receiver answered 410.
            case gone
            /// Nothing but failures for too long.
            case failing
        }

        public var cause: Cause
        public var at: Timestamp

        public init(cause: Cause, at: Timestamp) {
            self.cause = cause
            self.at = at
        }
    }

    public init(
        subscription: String,
        disabled: Disabled? = nil,
        failingSince: Timestamp? = nil,
        hasSucceeded: Bool = false
    ) {
        self.subscription = subscription
        self.disabled = disabled
        self.failingSince = failingSince
        self.hasSucceeded = hasSucceeded
    }
}
