internal import WebhookCore

/// The conclusions of this process about an endpoint, from the attempts to it.
struct EndpointState {
    var breaker = CircuitBreaker()
    /// The last attempt timed out; or the endpoint was failing when the process began, and nobody knows how.
    private(set) var isTimingOut = false
    /// The last attempt succeeded within ``quickAnswer``.
    private(set) var isQuick = false
    /// The first failure since the last success, on the monotonic clock.
    private var failureSeenAt: Timestamp?

    /// An answer within this time takes not much longer than a transaction.
    static let quickAnswer: Duration = .milliseconds(100)

    /// The process begins, or the subscription is new in it.
    mutating func begin(isFailing: Bool) { isTimingOut = isFailing }

    /// An attempt succeeded.
    ///
    /// - Returns: the failures in a row before, where the breaker was open.
    mutating func succeeded(in duration: Duration) -> Int? {
        isQuick = duration <= Self.quickAnswer
        let failures = breaker.isOpen ? breaker.failures : nil
        breaker.succeeded()
        isTimingOut = false
        failureSeenAt = nil
        return failures
    }

    /// An attempt failed.
    ///
    /// - Returns: where the breaker opens after it: for how long, and whether it was open before.
    mutating func failed(
        _ policy: BreakerPolicy,
        timedOut: Bool,
        now: Timestamp
    ) -> (pause: Duration, isAgain: Bool)? {
        let before = breaker
        breaker.failed(policy, now: now)
        isTimingOut = timedOut
        isQuick = false
        guard breaker.state != before.state, case .open(_, let pause) = breaker.state else { return nil }
        return (pause, before.isOpen)
    }

    /// - Returns: since when this process has seen failures, the one now included.
    mutating func failingSince(now: Timestamp) -> Timestamp {
        let since = failureSeenAt ?? now
        failureSeenAt = since
        return since
    }

    /// Attempts go on as to a new endpoint: what was known of it is from before.
    mutating func reset() {
        breaker = CircuitBreaker()
        isTimingOut = false
        isQuick = false
    }
}

/// Conclusions about an endpoint from the attempts to it.
extension DeliveryEngine {
    /// Learns from an attempt that has ended.
    mutating func learn(
        _ decision: AttemptDecision,
        in duration: Duration,
        _ delivery: OpenDelivery,
        queue index: Int,
        at time: EngineTime
    ) {
        switch decision.signal {
        case .none:
            queues[index].endpoint.breaker.released()
        case .success:
            if let failures = queues[index].endpoint.succeeded(in: duration) {
                actions.notices.append(.breakerClosed(subscription: queues[index].name, failures: failures))
            }
            clearBreaker(index)
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
    mutating func clearBreaker(_ index: Int) {
        guard queues[index].health.breaker != nil else { return }
        queues[index].health.breaker = nil
        writeHealth(index)
    }

    mutating func writeHealth(_ index: Int) {
        queues[index].healthChanged()
        commits.writeHealth(of: index, queues[index].health)
    }
}
