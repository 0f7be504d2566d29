package import WebhookCore

/// A finished attempt that is on record, or on its way there.
package struct RecordedAttempt: Sendable {
    /// With what the attempt has changed.
    package var delivery: OpenDelivery
    package var attempt: Attempt
    package var state: DeliveryState
    package var nextAttemptAt: Timestamp?
    /// It was made by a process before this one.
    package var isRecovered = false
}

extension RecordedAttempt {
    /// The record of an attempt, with what was decided after it.
    ///
    /// - Parameters:
    ///   - delivery: as it was before the attempt.
    ///   - finished: the request and its result; `nil` where none is known.
    init(
        _ delivery: OpenDelivery,
        number: Int,
        startedAt: Timestamp,
        url: String,
        finished: FinishedAttempt? = nil,
        decision: AttemptDecision,
        isRecovered: Bool = false,
        at time: EngineTime
    ) {
        self.delivery = delivery
        self.delivery.attempts = number
        self.delivery.uncountedAttempts = decision.uncountedAttempts
        self.delivery.interruptions = decision.interruptions
        switch decision.next {
        case .settled(let state): self.state = state
        case .waiting(let until):
            state = .waiting
            nextAttemptAt = until
            self.delivery.dueAt = until
            self.delivery.wait = .milliseconds(until.milliseconds - time.monotonic.milliseconds)
        }
        attempt = Attempt(
            number: number,
            startedAt: startedAt,
            url: finished?.url ?? url,
            requestHeaders: finished?.requestHeaders ?? [],
            requestBody: .empty
        )
        attempt.finishedAt = time.wall
        attempt.outcome = decision.outcome
        attempt.status = decision.status
        attempt.error = decision.error
        attempt.detail = decision.detail
        self.isRecovered = isRecovered
        guard let result = finished?.result else { return }
        attempt.responseHeaders = result.headers
        attempt.responseBody = result.body
        attempt.responseTruncated = result.isTruncated
        attempt.remoteAddress = result.remoteAddress
        attempt.httpVersion = result.httpVersion
        attempt.connectionReused = result.connectionReused
        attempt.duration = result.duration
        attempt.phases = result.phases
    }

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
