public import WebhookCore

/// A finished attempt that is on record, or on its way there.
public struct RecordedAttempt: Sendable {
    /// With what the attempt has changed.
    public var delivery: OpenDelivery
    public var attempt: Attempt
    public var state: DeliveryState
    public var nextAttemptAt: Timestamp?
    /// It was made by a process before this one.
    public var isRecovered = false
}

extension RecordedAttempt {
    /// The attempt as the store takes it.
    var write: AttemptWrite {
        var write = AttemptWrite(
            delivery: delivery.id,
            attempt: attempt,
            uncountedAttempts: delivery.uncountedAttempts,
            interruptions: delivery.interruptions,
            next: nextAttemptAt.map { .waiting(until: $0) } ?? .settled(state)
        )
        if nextAttemptAt != nil, let wait = delivery.wait { write.wait = wait }
        return write
    }

    /// Leaves out what its receiver said, which the store refuses.
    mutating func cutDown(reason: String) {
        attempt.requestHeaders = []
        attempt.responseHeaders = []
        attempt.responseBody = .empty
        attempt.responseTruncated = true
        attempt.detail = "the store refuses the record of this attempt: \(reason)"
    }
}
