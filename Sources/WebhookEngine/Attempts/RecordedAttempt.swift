package import WebhookCore

/// A finished attempt that is on record, or on its way there.
///
/// A class, for it goes through several hands, and an attempt is large.
package final class RecordedAttempt: Sendable {
    /// With what the attempt has changed.
    package let delivery: OpenDelivery
    /// The attempt as the store takes it.
    let write: AttemptWrite
    package let state: DeliveryState
    package let nextAttemptAt: Timestamp?
    /// It was made by a process before this one.
    package let isRecovered: Bool

    package var attempt: Attempt { write.attempt }

    init(
        delivery: OpenDelivery,
        attempt: Attempt,
        state: DeliveryState,
        nextAttemptAt: Timestamp? = nil,
        isRecovered: Bool = false
    ) {
        self.delivery = delivery
        self.state = state
        self.nextAttemptAt = nextAttemptAt
        self.isRecovered = isRecovered
        write = AttemptWrite(
            delivery: delivery.id,
            attempt: attempt,
            uncountedAttempts: delivery.uncountedAttempts,
            interruptions: delivery.interruptions,
            next: nextAttemptAt.map { .waiting(until: $0) } ?? .settled(state),
            wait: nextAttemptAt == nil ? .zero : delivery.wait ?? .zero
        )
    }
}

extension RecordedAttempt {
    /// The record of an attempt, with what was decided after it.
    ///
    /// - Parameters:
    ///   - delivery: as it was before the attempt.
    ///   - finished: the request and its result; `nil` where none is known.
    convenience init(
        _ delivery: OpenDelivery,
        number: Int,
        startedAt: Timestamp,
        url: String,
        finished: FinishedAttempt? = nil,
        decision: AttemptDecision,
        isRecovered: Bool = false,
        at time: EngineTime
    ) {
        var delivery = delivery
        delivery.attempts = number
        delivery.uncountedAttempts = decision.uncountedAttempts
        delivery.interruptions = decision.interruptions
        var (state, nextAttemptAt) = (DeliveryState.waiting, Timestamp?.none)
        switch decision.next {
        case .settled(let settled): state = settled
        case .waiting(let until):
            nextAttemptAt = until
            delivery.dueAt = until
            delivery.wait = .milliseconds(until.milliseconds - time.monotonic.milliseconds)
        }
        var attempt = Attempt(
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
        if let result = finished?.result { attempt.add(result) }
        self.init(
            delivery: delivery,
            attempt: attempt,
            state: state,
            nextAttemptAt: nextAttemptAt,
            isRecovered: isRecovered
        )
    }

    /// The same without what its receiver said, which the store refuses.
    func cutDown(reason: String) -> RecordedAttempt {
        var attempt = attempt
        attempt.requestHeaders = []
        attempt.responseHeaders = []
        attempt.responseBody = .empty
        attempt.responseTruncated = true
        attempt.detail = "the store refuses the record of this attempt: \(reason)"
        return RecordedAttempt(
            delivery: delivery,
            attempt: attempt,
            state: state,
            nextAttemptAt: nextAttemptAt,
            isRecovered: isRecovered
        )
    }

    /// The same of a delivery that somebody has cancelled meanwhile: no retry follows.
    func cancelled() -> RecordedAttempt {
        RecordedAttempt(delivery: delivery, attempt: attempt, state: .cancelled, isRecovered: isRecovered)
    }
}

extension Attempt {
    /// Takes in what the wire said.
    fileprivate mutating func add(_ result: TransportResult) {
        responseHeaders = result.headers
        responseBody = result.body
        responseTruncated = result.isTruncated
        remoteAddress = result.remoteAddress
        httpVersion = result.httpVersion
        connectionReused = result.connectionReused
        duration = result.duration
        phases = result.phases
    }
}
