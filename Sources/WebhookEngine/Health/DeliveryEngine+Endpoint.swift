internal import WebhookCore

/// Conclusions about an endpoint from the attempts to it.
extension DeliveryEngine {
    /// Learns from an attempt that has ended.
    mutating func learn(
        _ decision: AttemptDecision,
        _ delivery: OpenDelivery,
        queue index: Int,
        at time: EngineTime
    ) {
        switch decision.signal {
        case .none:
            queues[index].endpoint.breaker.released()
        case .success:
            if let failures = queues[index].endpoint.succeeded() {
                actions.notices.append(.breakerClosed(subscription: queues[index].name, failures: failures))
            }
            forgetBreaker(index)
            if !queues[index].health.hasSucceeded || queues[index].health.failingSince != nil {
                queues[index].health.hasSucceeded = true
                queues[index].health.failingSince = nil
                writeHealth(index)
            }
        case .failure(let timedOut):
            let policy = queues[index].policy.breaker
            if let opening = queues[index].endpoint.failed(policy, timedOut: timedOut, now: time.monotonic) {
                opened(index, decision, isAgain: opening.isAgain, pause: opening.pause, at: time)
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
        let seenSince = queues[index].endpoint.failingSince(now: time.monotonic)
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
        let failures = queues[index].endpoint.breaker.failures
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
        queues[index].healthChanged()
        commits.writeHealth(of: index, queues[index].health)
    }
}
