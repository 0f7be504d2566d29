public import WebhookCore

/// What became of attempts.
extension DeliveryEngine {
    /// Requests have ended.
    public mutating func finished(_ attempts: [FinishedAttempt], at time: EngineTime) {
        for finished in attempts {
            guard let flight = land(finished.token) else { continue }
            let decision = decide(finished.result, flight, at: time)
            let lane = flight.lane
            if !flight.isOutsideLimits { learn(decision, flight.held.delivery, lane: lane, at: time) }
            release(flight.held)
            var delivery = flight.held.delivery
            delivery.attempts = flight.number
            record(attempt(finished, flight, decision, at: time), decision, delivery, lane: lane, at: time)
            if case .settled = decision.next { lookForAttempted(after: flight.held, lane: lane) }
            enqueue(lane, at: time)
        }
        conclude(at: time)
    }

    /// A claimed attempt could not be made into a request; nothing was sent.
    public mutating func requestFailed(_ token: UInt64, _ error: RenderingError, at time: EngineTime) {
        endUnsent(token, .unrenderable(error.description), at: time)
        conclude(at: time)
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
        guard let flight = landUnused(token) else { return }
        release(flight.held)
        var delivery = flight.held.delivery
        delivery.attempts = flight.number
        var decision = AttemptDecision(
            outcome: .failed,
            status: nil,
            error: .template,
            detail: nil,
            next: .settled(.failed),
            freeAttempts: delivery.freeAttempts,
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
            decision = decide(TransportResult(ending: ending, requestLeft: false), flight, at: time)
        }
        var attempt = Attempt(
            number: flight.number,
            startedAt: flight.startedAt,
            url: lanes[flight.lane].target.url,
            requestHeaders: [],
            requestBody: .empty
        )
        attempt.finishedAt = time.wall
        attempt.outcome = decision.outcome
        attempt.error = decision.error
        attempt.detail = decision.detail
        record(attempt, decision, delivery, lane: flight.lane, at: time)
        if case .settled = decision.next { lookForAttempted(after: flight.held, lane: flight.lane) }
        enqueue(flight.lane, at: time)
    }

    private mutating func decide(_ result: TransportResult, _ flight: Flight, at time: EngineTime) -> AttemptDecision {
        let subscription = lanes[flight.lane].target.subscription
        let delivery = flight.held.delivery
        let facts = AttemptFacts(
            mode: delivery.mode,
            number: flight.number,
            freeAttempts: delivery.freeAttempts,
            interruptions: delivery.interruptions,
            isTest: delivery.event.isTest || flight.isOutsideLimits,
            policy: subscription.policy,
            isSuccess: subscription.profile.isSuccess
        )
        var decision = AttemptDecision.decide(
            result,
            facts,
            now: time.timeline,
            wall: time.wall,
            jitter: Double.random(in: 0..<1, using: &random)
        )
        if lanes[flight.lane].isDisabled, !flight.isOutsideLimits, case .waiting = decision.next {
            decision.next = .settled(.cancelled)
        }
        return decision
    }

    private func attempt(
        _ finished: FinishedAttempt,
        _ flight: Flight,
        _ decision: AttemptDecision,
        at time: EngineTime
    ) -> Attempt {
        var attempt = Attempt(
            number: flight.number,
            startedAt: flight.startedAt,
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
        lane: Int?,
        isRecovered: Bool = false,
        at time: EngineTime
    ) {
        var write = AttemptWrite(
            delivery: delivery.id,
            attempt: attempt,
            freeAttempts: decision.freeAttempts,
            interruptions: decision.interruptions,
            next: decision.next
        )
        if case .waiting(let until) = decision.next {
            write.wait = .milliseconds(until.milliseconds - time.timeline.milliseconds)
        }
        pending.batch.results.append(write)
        var delivery = delivery
        delivery.freeAttempts = decision.freeAttempts
        delivery.interruptions = decision.interruptions
        switch decision.next {
        case .settled(let state):
            pending.results.append(
                RecordedAttempt(delivery: delivery, attempt: attempt, state: state, isRecovered: isRecovered)
            )
        case .waiting(let until):
            delivery.dueAt = until
            delivery.wait = write.wait
            pending.results.append(
                RecordedAttempt(
                    delivery: delivery,
                    attempt: attempt,
                    state: .waiting,
                    nextAttemptAt: until,
                    isRecovered: isRecovered
                )
            )
            // An own engine sees to first attempts; what waits is for the next dispatcher, but for a retry due at once.
            guard let lane else { return }
            guard keeps(lane) else {
                if settings.scope == .own { leaveToOthers(delivery, lane: lane) }
                return
            }
            guard settings.scope == .all || (until <= time.timeline && !isRecovered) else {
                leaveToOthers(delivery, lane: lane)
                return
            }
            let retry = HeldDelivery(
                delivery: delivery,
                body: nil,
                needsFreshConnection: decision.needsFreshConnection
            )
            hold(retry, lane: lane, at: time)
        }
    }

    /// Somebody else has to see to a delivery; where order matters, those behind it wait for that.
    mutating func leaveToOthers(_ delivery: OpenDelivery, lane: Int) {
        guard lanes[lane].policy.ordered else { return }
        lanes[lane].firstForeign = lanes[lane].firstForeign.map { min($0, delivery.turn) } ?? delivery.turn
    }

    /// What an attempt says about its endpoint.
    private mutating func learn(
        _ decision: AttemptDecision,
        _ delivery: OpenDelivery,
        lane index: Int,
        at time: EngineTime
    ) {
        switch decision.signal {
        case .none:
            lanes[index].breaker.released()
        case .success:
            if lanes[index].breaker.isOpen {
                let failures = lanes[index].breaker.failures
                actions.notices.append(.breakerClosed(subscription: lanes[index].name, failures: failures))
            }
            lanes[index].breaker.succeeded()
            forgetBreaker(index)
            lanes[index].isTimingOut = false
            lanes[index].failureSeenAt = nil
            if !lanes[index].health.hasSucceeded || lanes[index].health.failingSince != nil {
                lanes[index].health.hasSucceeded = true
                lanes[index].health.failingSince = nil
                writeHealth(index)
            }
        case .failure(let timedOut):
            let before = lanes[index].breaker
            lanes[index].breaker.failed(lanes[index].policy.breaker, now: time.timeline)
            lanes[index].isTimingOut = timedOut
            if lanes[index].breaker.state != before.state, case .open(_, let pause) = lanes[index].breaker.state {
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
        guard !lanes[index].isDisabled else { return }
        let since = lanes[index].health.failingSince ?? time.wall
        var cause = decision.disables
        let seenSince = lanes[index].failureSeenAt ?? time.timeline
        lanes[index].failureSeenAt = seenSince
        let limit = lanes[index].policy.disableAfter
        // By the wall clock, for it goes over restarts; but not by a wall clock alone that this process found wrong.
        if cause == nil, since + limit <= time.wall, lanes[index].health.failingSince != nil,
            seenSince + min(limit, .milliseconds(SteadyWall.confirmation)) <= time.timeline
        {
            cause = .failing
        }
        // What was under way when the pause began doesn't count as failure, but for an endpoint that says it is gone.
        if cause != .gone, lanes[index].pause.isPaused { return }
        if let cause {
            lanes[index].health.disabled = SubscriptionHealth.Disabled(cause: cause, at: time.wall)
            let attempt = DisablingAttempt(
                delivery: delivery.id,
                event: delivery.event.id,
                status: decision.status,
                error: decision.error
            )
            actions.notices.append(.disabled(subscription: lanes[index].name, cause: cause, attempt: attempt))
        } else if lanes[index].health.failingSince != nil {
            return
        }
        lanes[index].health.failingSince = since
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
        let failures = lanes[index].breaker.failures
        actions.notices.append(
            .breakerOpened(
                BreakerOpening(
                    subscription: lanes[index].name,
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
        lanes[index].health.breaker = SubscriptionHealth.Breaker(failures: failures, until: time.wall + pause)
        writeHealth(index)
    }

    /// Attempts go on: people are told so.
    mutating func forgetBreaker(_ index: Int) {
        guard lanes[index].health.breaker != nil else { return }
        lanes[index].health.breaker = nil
        writeHealth(index)
    }

    mutating func writeHealth(_ index: Int) {
        lanes[index].hasUnwrittenHealth = true
        if let position = pending.health.firstIndex(of: index) {
            pending.batch.health[position] = lanes[index].health
        } else {
            pending.health.append(index)
            pending.batch.health.append(lanes[index].health)
        }
    }
}
