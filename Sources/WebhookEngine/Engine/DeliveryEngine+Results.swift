public import WebhookCore

/// Inputs about finished attempts.
extension DeliveryEngine {
    /// Requests have ended.
    public mutating func finished(_ attempts: [FinishedAttempt], at time: EngineTime) {
        for finished in attempts {
            guard let inFlightAttempt = endAttempt(finished.token) else { continue }
            let decision = decide(finished.result, inFlightAttempt, at: time)
            let queue = inFlightAttempt.queue
            if !inFlightAttempt.isOutsideLimits {
                learn(decision, inFlightAttempt.queued.delivery, queue: queue, at: time)
            }
            release(inFlightAttempt.queued)
            var delivery = inFlightAttempt.queued.delivery
            delivery.attempts = inFlightAttempt.number
            record(attempt(finished, inFlightAttempt, decision, at: time), decision, delivery, queue: queue, at: time)
            if case .settled = decision.next { lookForAttempted(after: inFlightAttempt.queued, queue: queue) }
            schedule(queue, at: time)
        }
        finishInput(at: time)
    }

    /// A claimed attempt could not be made into a request; nothing was sent.
    public mutating func requestFailed(_ token: UInt64, _ error: RenderingError, at time: EngineTime) {
        endUnsent(token, .unrenderable(error.description), at: time)
        finishInput(at: time)
    }

    /// Why a claimed attempt doesn't leave.
    enum UnsentCause {
        /// There is nothing that could be sent.
        case unrenderable(String)
        /// Its subscription was disabled between claim and commit.
        case disabled
        /// Its subscription was parked between claim and commit.
        case parked
    }

    /// Records a claimed attempt that doesn't leave.
    mutating func endUnsent(_ token: UInt64, _ cause: UnsentCause, at time: EngineTime) {
        guard let inFlightAttempt = abandonAttempt(token) else { return }
        release(inFlightAttempt.queued)
        var delivery = inFlightAttempt.queued.delivery
        delivery.attempts = inFlightAttempt.number
        var decision = AttemptDecision(
            outcome: .failed,
            status: nil,
            error: .template,
            detail: nil,
            next: .settled(.failed),
            uncountedAttempts: delivery.uncountedAttempts,
            interruptions: delivery.interruptions,
            signal: .none,
            disables: nil
        )
        switch cause {
        case .unrenderable(let detail):
            decision.detail = detail
        case .disabled:
            decision.error = .disabled
            decision.detail = "the subscription was disabled before the request left"
            decision.next = .settled(.cancelled)
        case .parked:
            let detail = "the subscription left the configuration before the request left"
            let ending = TransportResult.Ending.failed(.interrupted, detail: detail)
            decision = decide(TransportResult(ending: ending, mayHaveBeenSent: false), inFlightAttempt, at: time)
        }
        var attempt = Attempt(
            number: inFlightAttempt.number,
            startedAt: inFlightAttempt.startedAt,
            url: queues[inFlightAttempt.queue].target.url,
            requestHeaders: [],
            requestBody: .empty
        )
        attempt.finishedAt = time.wall
        attempt.outcome = decision.outcome
        attempt.error = decision.error
        attempt.detail = decision.detail
        record(attempt, decision, delivery, queue: inFlightAttempt.queue, at: time)
        if case .settled = decision.next {
            lookForAttempted(after: inFlightAttempt.queued, queue: inFlightAttempt.queue)
        }
        schedule(inFlightAttempt.queue, at: time)
    }

    private mutating func decide(_ result: TransportResult, _ inFlightAttempt: InFlightAttempt, at time: EngineTime)
        -> AttemptDecision
    {
        let subscription = queues[inFlightAttempt.queue].target.subscription
        let delivery = inFlightAttempt.queued.delivery
        let context = DecisionContext(
            mode: delivery.mode,
            number: inFlightAttempt.number,
            uncountedAttempts: delivery.uncountedAttempts,
            interruptions: delivery.interruptions,
            isTest: delivery.event.isTest || inFlightAttempt.isOutsideLimits,
            policy: subscription.policy,
            isSuccess: subscription.profile.isSuccess
        )
        var decision = AttemptDecision.decide(
            result,
            context,
            now: time.monotonic,
            wall: time.wall,
            jitter: Double.random(in: 0..<1, using: &random)
        )
        if queues[inFlightAttempt.queue].isDisabled, !inFlightAttempt.isOutsideLimits, case .waiting = decision.next {
            decision.next = .settled(.cancelled)
        }
        return decision
    }

    private func attempt(
        _ finished: FinishedAttempt,
        _ inFlightAttempt: InFlightAttempt,
        _ decision: AttemptDecision,
        at time: EngineTime
    ) -> Attempt {
        var attempt = Attempt(
            number: inFlightAttempt.number,
            startedAt: inFlightAttempt.startedAt,
            url: finished.url,
            requestHeaders: finished.requestHeaders,
            requestBody: .empty
        )
        let result = finished.result
        attempt.finishedAt = time.wall
        attempt.outcome = decision.outcome
        attempt.status = decision.status
        attempt.error = decision.error
        attempt.detail = decision.detail
        attempt.responseHeaders = result.headers
        attempt.responseBody = result.body
        attempt.responseTruncated = result.isTruncated
        attempt.remoteAddress = result.remoteAddress
        attempt.httpVersion = result.httpVersion
        attempt.connectionReused = result.connectionReused
        attempt.duration = result.duration
        attempt.phases = result.phases
        return attempt
    }

    /// Queues an attempt for the record, and holds the delivery for its retry.
    mutating func record(
        _ attempt: Attempt,
        _ decision: AttemptDecision,
        _ delivery: OpenDelivery,
        queue: Int?,
        isRecovered: Bool = false,
        at time: EngineTime
    ) {
        var delivery = delivery
        delivery.uncountedAttempts = decision.uncountedAttempts
        delivery.interruptions = decision.interruptions
        switch decision.next {
        case .settled(let state):
            commits.record(
                RecordedAttempt(delivery: delivery, attempt: attempt, state: state, isRecovered: isRecovered)
            )
        case .waiting(let until):
            delivery.dueAt = until
            delivery.wait = .milliseconds(until.milliseconds - time.monotonic.milliseconds)
            commits.record(
                RecordedAttempt(
                    delivery: delivery,
                    attempt: attempt,
                    state: .waiting,
                    nextAttemptAt: until,
                    isRecovered: isRecovered
                )
            )
            // An own engine sees to first attempts; what waits is for the next dispatcher, but for a retry due at once.
            guard let queue else { return }
            guard keeps(queue) else {
                if settings.scope == .own { leaveToOthers(delivery, queue: queue) }
                return
            }
            guard settings.scope == .all || (until <= time.monotonic && !isRecovered) else {
                leaveToOthers(delivery, queue: queue)
                return
            }
            let retry = QueuedDelivery(
                delivery: delivery,
                body: nil,
                needsFreshConnection: decision.needsFreshConnection
            )
            enqueue(retry, queue: queue, at: time)
        }
    }

    /// Somebody else has to see to a delivery; where order matters, those behind it wait for that.
    mutating func leaveToOthers(_ delivery: OpenDelivery, queue: Int) {
        guard queues[queue].policy.ordered else { return }
        queues[queue].oldestExternal = queues[queue].oldestExternal.map { min($0, delivery.turn) } ?? delivery.turn
    }

    /// What an attempt says about its endpoint.
    private mutating func learn(
        _ decision: AttemptDecision,
        _ delivery: OpenDelivery,
        queue index: Int,
        at time: EngineTime
    ) {
        switch decision.signal {
        case .none:
            queues[index].breaker.released()
        case .success:
            if queues[index].breaker.isOpen {
                let failures = queues[index].breaker.failures
                actions.notices.append(.breakerClosed(subscription: queues[index].name, failures: failures))
            }
            queues[index].breaker.succeeded()
            forgetBreaker(index)
            queues[index].isTimingOut = false
            queues[index].failureSeenAt = nil
            if !queues[index].health.hasSucceeded || queues[index].health.failingSince != nil {
                queues[index].health.hasSucceeded = true
                queues[index].health.failingSince = nil
                writeHealth(index)
            }
        case .failure(let timedOut):
            let before = queues[index].breaker
            queues[index].breaker.failed(queues[index].policy.breaker, now: time.monotonic)
            queues[index].isTimingOut = timedOut
            if queues[index].breaker.state != before.state, case .open(_, let pause) = queues[index].breaker.state {
                opened(index, decision, isAgain: before.isOpen, pause: pause, at: time)
            }
            failing(index, decision, delivery, at: time)
        }
    }

    private mutating func failing(
        _ index: Int,
        _ decision: AttemptDecision,
        _ delivery: OpenDelivery,
        at time: EngineTime
    ) {
        guard !queues[index].isDisabled else { return }
        let since = queues[index].health.failingSince ?? time.wall
        var cause = decision.disables
        let seenSince = queues[index].failureSeenAt ?? time.monotonic
        queues[index].failureSeenAt = seenSince
        let limit = queues[index].policy.disableAfter
        // By the wall clock, for it goes over restarts; but not by a wall clock alone that this process found wrong.
        if cause == nil, since + limit <= time.wall, queues[index].health.failingSince != nil,
            seenSince + min(limit, .milliseconds(SteadyWall.confirmation)) <= time.monotonic
        {
            cause = .failing
        }
        // What was under way when the pause began doesn't count as failure, but for an endpoint that says it is gone.
        if cause != .gone, queues[index].pause.isPaused { return }
        if let cause {
            queues[index].health.disabled = SubscriptionHealth.Disabled(cause: cause, at: time.wall)
            let attempt = DisablingAttempt(
                delivery: delivery.id,
                event: delivery.event.id,
                status: decision.status,
                error: decision.error
            )
            actions.notices.append(.disabled(subscription: queues[index].name, cause: cause, attempt: attempt))
        } else if queues[index].health.failingSince != nil {
            return
        }
        queues[index].health.failingSince = since
        writeHealth(index)
        if cause != nil { stopServing(index, at: time) }
    }

    private mutating func opened(
        _ index: Int,
        _ decision: AttemptDecision,
        isAgain: Bool,
        pause: Duration,
        at time: EngineTime
    ) {
        let failures = queues[index].breaker.failures
        actions.notices.append(
            .breakerOpened(
                BreakerOpening(
                    subscription: queues[index].name,
                    isAgain: isAgain,
                    pause: pause,
                    failures: failures,
                    status: decision.status,
                    error: decision.error
                )
            )
        )
        // For people: what only one command's engine knows ends with it.
        guard settings.scope == .all else { return }
        queues[index].health.breaker = SubscriptionHealth.Breaker(failures: failures, until: time.wall + pause)
        writeHealth(index)
    }

    /// Attempts go on: people are told so.
    mutating func forgetBreaker(_ index: Int) {
        guard queues[index].health.breaker != nil else { return }
        queues[index].health.breaker = nil
        writeHealth(index)
    }

    mutating func writeHealth(_ index: Int) {
        queues[index].hasUnwrittenHealth = true
        commits.writeHealth(of: index, queues[index].health)
    }
}
