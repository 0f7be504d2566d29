internal import WebhookCore

/// Subscriptions that are disabled or paused, and deliveries that were made due by hand.
extension DeliveryEngine {
    /// Applies what was read of the health of some queues' subscriptions; nothing is remembered about those left out.
    mutating func applyHealth(_ read: [SubscriptionHealth], to asked: some Sequence<Int>, at time: EngineTime) {
        let byName = Dictionary(read.map { ($0.subscription, $0) }, uniquingKeysWith: { first, _ in first })
        for index in asked {
            let stored = byName[queues[index].name] ?? SubscriptionHealth(subscription: queues[index].name)
            // Only people write these two, into the store.
            applyPause(stored.paused, index, at: time)
            applyRetries(stored.retries, index, at: time)
            applyEndpoint(stored, index, at: time)
            if queues[index].service.awaitsHealth, !queues[index].isAcquiring {
                queues[index].service.healthWasRead()
                beginRate(index, at: time)
                schedule(index, at: time)
            }
        }
    }

    /// Tells those who wait for what was read of health that it is in force; but for a disabling that this process has not written
    /// yet, and that somebody may have lifted: the next read tells.
    mutating func endHealthReads(_ reads: [PendingHealthRead], _ found: [SubscriptionHealth]) {
        let disabled = Set(found.lazy.filter { $0.disabled != nil }.map(\.subscription))
        for read in reads {
            let open = read.names.filter { name in
                guard let index = queues.index(of: name), !disabled.contains(name) else { return false }
                return queues[index].isDisabled && queues[index].healthRecord == .unwritten
            }
            if open.isEmpty {
                actions.healthReads.append(read.token)
            } else {
                commits.readHealth(for: PendingHealthRead(token: read.token, names: open))
            }
        }
    }

    /// Applies what the store remembers of an endpoint. Both sides write it: this process what it learns from attempts, and
    /// people when they enable or disable a subscription.
    private mutating func applyEndpoint(_ stored: SubscriptionHealth, _ index: Int, at time: EngineTime) {
        let known = queues[index].health
        switch queues[index].healthRecord {
        case .written:
            var health = stored
            // Kept apart, or written for people alone.
            (health.paused, health.retries, health.breaker) = (nil, known.retries, known.breaker)
            apply(health, index, at: time)
            // A process before this one has left it.
            if stored.breaker != nil, queues[index].health.breaker == nil, queues[index].healthRecord == .written {
                writeHealth(index)
            }
        // What is known here is newer, but for this: nobody but a person lifts a disabling.
        case .unwritten where stored.disabled != nil && known.disabled == nil,
            .refused where stored.disabled != nil && known.disabled == nil:
            var health = known
            health.disabled = stored.disabled
            apply(health, index, at: time)
        case .unwritten where stored.disabled == nil && known.disabled != nil:
            // Disabled here and not written yet; or enabled by somebody else since. The next read tells.
            commits.readHealth()
        case .unwritten, .refused:
            break
        }
    }

    private mutating func applyPause(
        _ paused: SubscriptionHealth.Paused?,
        _ index: Int,
        at time: EngineTime
    ) {
        let before = queues[index].pause
        let over = queues[index].pause.learn(paused, at: time)
        if let over { clearPause(over, index, at: time) }
        let now = queues[index].pause
        guard before != now else { return }
        if let pause = now.pause {
            actions.notices.append(.paused(subscription: queues[index].name, until: pause.until))
            // What an engine was given to see to, it keeps; else the store has it.
            if !before.isPaused, settings.scope == .all { clearBuffer(index) }
            schedule(index, at: time)
        } else if before.isPaused {
            resume(index, at: time)
        }
    }

    /// Ends a queue's pause where its time has come.
    mutating func endPauseIfOver(_ index: Int, at time: EngineTime) {
        guard let over = queues[index].pause.expire(now: time.monotonic) else { return }
        clearPause(over, index, at: time)
        resume(index, at: time)
    }

    private mutating func clearPause(_ pause: SubscriptionHealth.Paused, _ index: Int, at time: EngineTime) {
        commits.resume(Resumption(subscription: queues[index].name, paused: pause, at: time.wall))
    }

    /// Lets a paused subscription go on as if it was new: what was known of its endpoint is from before.
    private mutating func resume(_ index: Int, at time: EngineTime) {
        actions.notices.append(.resumed(subscription: queues[index].name))
        queues[index].endpoint.reset()
        clearBreaker(index)
        queues[index].health.failingSince = nil
        commits.clearFailure(of: index)
        if settings.scope == .all { clearBuffer(index) }
        schedule(index, at: time)
    }

    /// Reads deliveries again that somebody has made due in the store.
    private mutating func applyRetries(_ count: Int, _ index: Int, at time: EngineTime) {
        guard queues[index].health.retries != count else { return }
        queues[index].health.retries = count
        // What waits for a retry is not for an engine that sees to first attempts alone.
        guard phase.hasStarted, settings.scope == .all, queues[index].isOpen else { return }
        clearBuffer(index)
        schedule(index, at: time)
    }

    private mutating func apply(_ health: SubscriptionHealth, _ index: Int, at time: EngineTime) {
        guard queues[index].health != health else { return }
        let wasDisabled = queues[index].isDisabled
        queues[index].health = health
        // What was good before the restart starts as proven; what was failing shares the few slots until it answers.
        if !phase.hasStarted || queues[index].service.awaitsHealth {
            queues[index].endpoint.begin(isFailing: health.failingSince != nil)
        }
        switch (wasDisabled, health.disabled) {
        case (false, .some(let disabled)):
            guard phase.hasStarted else { return }
            actions.notices.append(.disabled(subscription: health.subscription, cause: disabled.cause))
            stopServing(index, at: time)
        case (true, nil):
            actions.notices.append(.enabled(subscription: health.subscription))
            queues[index].endpoint.reset()
            clearBreaker(index)
            clearBuffer(index)
            schedule(index, at: time)
        default:
            break
        }
    }
}
