internal import WebhookCore

/// Who is disabled, who is paused, and whose deliveries were made due by hand.
extension DeliveryEngine {
    /// What is remembered was read; of those left out nothing is remembered.
    mutating func applyHealth(_ all: [SubscriptionHealth], at time: EngineTime) {
        let byName = Dictionary(all.map { ($0.subscription, $0) }, uniquingKeysWith: { first, _ in first })
        for index in lanes.indices {
            var health = byName[lanes[index].name] ?? SubscriptionHealth(subscription: lanes[index].name)
            applyPause(health.paused, index, at: time)
            applyRetries(health.retries, index, at: time)
            health.paused = nil
            health.retries = lanes[index].health.retries
            let stored = health.breaker
            health.breaker = lanes[index].health.breaker
            if !lanes[index].hasUnwrittenHealth {
                apply(health, index, at: time)
            } else if let disabled = health.disabled, !lanes[index].isDisabled {
                // What is known here is newer, but for this: nobody but a person lifts a disabling.
                var known = lanes[index].health
                known.disabled = disabled
                apply(known, index, at: time)
            } else if health.disabled == nil, lanes[index].isDisabled, !lanes[index].isHealthRefused {
                // Disabled here and not written yet; or enabled by somebody else since. The next read tells.
                pending.batch.reads.health = true
            }
            // What a process before this one has left.
            if stored != nil, lanes[index].health.breaker == nil, !lanes[index].hasUnwrittenHealth {
                writeHealth(index)
            }
            if lanes[index].awaitsHealth {
                lanes[index].awaitsHealth = false
                beginRate(index, at: time)
                enqueue(index, at: time)
            }
        }
    }

    private mutating func applyPause(
        _ paused: SubscriptionHealth.Paused?,
        _ index: Int,
        at time: EngineTime
    ) {
        let before = lanes[index].pause
        let over = lanes[index].pause.learn(paused, at: time)
        if let over { forgetPause(over, index, at: time) }
        let now = lanes[index].pause
        guard before != now else { return }
        if let pause = now.pause {
            actions.notices.append(.paused(subscription: lanes[index].name, until: pause.until))
            // What an engine was given to see to, it keeps; else the store has it.
            if !before.isPaused, settings.scope == .all { forgetWindow(index) }
            enqueue(index, at: time)
        } else if before.isPaused {
            resume(index, at: time)
        }
    }

    /// Ends a lane's pause where its time has come.
    mutating func endPauseIfOver(_ index: Int, at time: EngineTime) {
        guard let over = lanes[index].pause.expire(now: time.timeline) else { return }
        forgetPause(over, index, at: time)
        resume(index, at: time)
    }

    private mutating func forgetPause(_ pause: SubscriptionHealth.Paused, _ index: Int, at time: EngineTime) {
        pending.batch.resumptions.append(
            Resumption(subscription: lanes[index].name, paused: pause, at: time.wall)
        )
    }

    /// What was held goes on, as if the subscription was new: what was known of its endpoint is from before.
    private mutating func resume(_ index: Int, at time: EngineTime) {
        actions.notices.append(.resumed(subscription: lanes[index].name))
        lanes[index].breaker = CircuitBreaker()
        forgetBreaker(index)
        lanes[index].isTimingOut = false
        lanes[index].health.failingSince = nil
        if let position = pending.health.firstIndex(of: index) { pending.batch.health[position].failingSince = nil }
        if settings.scope == .all { forgetWindow(index) }
        enqueue(index, at: time)
    }

    /// Reads deliveries again that somebody has made due in the store.
    private mutating func applyRetries(_ count: Int, _ index: Int, at time: EngineTime) {
        guard lanes[index].health.retries != count else { return }
        lanes[index].health.retries = count
        // What waits for a retry is not for an engine that sees to first attempts alone.
        guard hasStarted, settings.scope == .all, lanes[index].isOpen else { return }
        forgetWindow(index)
        enqueue(index, at: time)
    }

    private mutating func apply(_ health: SubscriptionHealth, _ index: Int, at time: EngineTime) {
        guard lanes[index].health != health else { return }
        let wasDisabled = lanes[index].isDisabled
        lanes[index].health = health
        // What was good before the restart starts as proven; what was failing shares the few slots until it answers.
        if !hasStarted || lanes[index].awaitsHealth { lanes[index].isTimingOut = health.failingSince != nil }
        switch (wasDisabled, health.disabled) {
        case (false, .some(let disabled)):
            guard hasStarted else { return }
            actions.notices.append(.disabled(subscription: health.subscription, cause: disabled.cause))
            stopServing(index, at: time)
        case (true, nil):
            actions.notices.append(.enabled(subscription: health.subscription))
            lanes[index].breaker = CircuitBreaker()
            forgetBreaker(index)
            lanes[index].isTimingOut = false
            forgetWindow(index)
            enqueue(index, at: time)
        default:
            break
        }
    }

    /// A subscription was disabled: what waits is withdrawn.
    mutating func stopServing(_ index: Int, at time: EngineTime) {
        forgetWindow(index)
        if !lanes[index].isWithdrawing { withdraw(index, at: time) }
    }

    /// Whether what waits of a lane is kept in memory: where it may start, and while it is paused in an engine that has
    /// nothing to read it from again.
    func keeps(_ index: Int) -> Bool {
        lanes[index].isOpen || (lanes[index].isServed && settings.scope == .own)
    }
}
