internal import WebhookCore

/// An attempt from its claim to its result.
struct InFlightAttempt {
    var queued: QueuedDelivery
    var queue: Int
    var number: Int
    var startedAt: Timestamp
    /// The slots that it takes.
    var slotClass: SlotClass
    /// A send test: it took no slot of its queue's, and says nothing about it.
    var isOutsideLimits: Bool
    /// It is claimed with its queue's rate limiter and has not left.
    var isRateClaimed: Bool
}
