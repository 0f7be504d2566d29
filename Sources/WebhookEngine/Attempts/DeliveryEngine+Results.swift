internal import WebhookCore

/// The ends of attempts.
extension DeliveryEngine {
    /// A request has ended: decides, learns about the endpoint, and records.
    mutating func end(_ finished: FinishedAttempt, at time: EngineTime) {
        guard let attempt = endAttempt(finished.token) else { return }
        let decision = decide(finished.result, attempt, at: time)
        if !attempt.isOutsideLimits {
            learn(decision, in: finished.result.duration, attempt.queued.delivery, queue: attempt.queue, at: time)
        }
        end(attempt, finished, decision, at: time)
    }

    /// Records a claimed attempt that doesn't leave.
    mutating func endUnsent(_ token: UInt64, _ cause: AttemptDecision.UnsentCause, at time: EngineTime) {
        guard let attempt = abandonAttempt(token) else { return }
        let decision =
            AttemptDecision.unsent(cause, attempt.queued.delivery)
            ?? decide(AttemptDecision.unsentResult(cause), attempt, at: time)
        end(attempt, nil, decision, at: time)
    }

    /// An attempt that is counted out goes on record, and its delivery on.
    private mutating func end(
        _ attempt: InFlightAttempt,
        _ finished: FinishedAttempt?,
        _ decision: AttemptDecision,
        at time: EngineTime
    ) {
        memory.remove(attempt.queued)
        let recorded = RecordedAttempt(
            attempt.queued.delivery,
            number: attempt.number,
            startedAt: attempt.startedAt,
            url: queues[attempt.queue].target.url,
            finished: finished,
            decision: decision,
            at: time
        )
        record(recorded, needsFreshConnection: decision.needsFreshConnection, queue: attempt.queue, at: time)
        if case .settled = decision.next { lookForAttempted(after: attempt.queued, queue: attempt.queue) }
        schedule(attempt.queue, at: time)
    }

    private mutating func decide(_ result: TransportResult, _ attempt: InFlightAttempt, at time: EngineTime)
        -> AttemptDecision
    {
        let target = queues[attempt.queue].target
        let delivery = attempt.queued.delivery
        let context = DecisionContext(
            mode: delivery.mode,
            number: attempt.number,
            uncountedAttempts: delivery.uncountedAttempts,
            interruptions: delivery.interruptions,
            isTest: delivery.event.isTest || attempt.isOutsideLimits,
            policy: target.subscription.policy,
            isSuccess: target.subscription.profile.isSuccess
        )
        var decision = AttemptDecision.decide(
            result,
            context,
            now: time.monotonic,
            wall: time.wall,
            jitter: Double.random(in: 0..<1, using: &random)
        )
        if queues[attempt.queue].isDisabled, !attempt.isOutsideLimits, case .waiting = decision.next {
            decision.next = .settled(.cancelled)
        }
        return decision
    }

    /// Queues an attempt for the record, and its delivery for a retry.
    mutating func record(
        _ recorded: RecordedAttempt,
        needsFreshConnection: Bool = false,
        queue: Int?,
        at time: EngineTime
    ) {
        commits.record(recorded)
        guard let until = recorded.nextAttemptAt, let queue else { return }
        guard keeps(queue) else { return leaveToOthers(recorded.delivery, queue: queue) }
        // An own engine sees to first attempts; what waits is for the next dispatcher, but for a retry due at once.
        guard settings.scope == .all || (until <= time.monotonic && !recorded.isRecovered) else {
            return leaveToOthers(recorded.delivery, queue: queue)
        }
        let retry = QueuedDelivery(
            delivery: recorded.delivery,
            body: nil,
            needsFreshConnection: needsFreshConnection
        )
        enqueue(retry, queue: queue, at: time)
    }
}
