internal import WebhookCore

/// Who is disabled.
extension DeliveryEngine {
    /// What is remembered was read; of those left out nothing is remembered.
    mutating func applyHealth(_ all: [SubscriptionHealth], at time: EngineTime) {
        let byName = Dictionary(all.map { ($0.subscription, $0) }, uniquingKeysWith: { first, _ in first })
        for index in lanes.indices {
            let health = byName[lanes[index].name] ?? SubscriptionHealth(subscription: lanes[index].name)
            if !lanes[index].hasUnwrittenHealth {
                apply(health, index, at: time)
            } else if let disabled = health.disabled, !lanes[index].isDisabled {
                // What is known here is newer, but for this: nobody but a person lifts a disabling.
                var known = lanes[index].health
                known.disabled = disabled
                apply(known, index, at: time)
            } else if health.disabled == nil, lanes[index].isDisabled {
                // Disabled here and not written yet; or enabled by somebody else since. The next read tells.
                pending.batch.reads.health = true
            }
            if lanes[index].awaitsHealth {
                lanes[index].awaitsHealth = false
                enqueue(index, at: time)
            }
        }
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
}
