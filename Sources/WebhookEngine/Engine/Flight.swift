internal import WebhookCore

/// An attempt from its claim to its result.
struct Flight {
    var held: HeldDelivery
    var lane: Int
    var number: Int
    var startedAt: Timestamp
    /// The slots that it takes.
    var ring: Lane.Ring
    /// A send test: it took no slot of its lane's, and says nothing about it.
    var isOutsideLimits: Bool
    /// It is claimed with its lane's rate limiter and has not left.
    var isRateClaimed: Bool
}
