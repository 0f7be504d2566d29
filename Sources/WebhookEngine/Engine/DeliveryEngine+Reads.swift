internal import WebhookCore

/// What was read from the store.
extension DeliveryEngine {
    mutating func finishReads(_ done: PendingCommit, _ reads: StoreReadResult, at time: EngineTime) {
        let asked = done.batch.reads
        if asked.health { applyHealth(reads.health, at: time) }
        if asked.interrupted { recover(reads.interrupted, at: time) }
        if asked.openSubscriptions { openLanes(reads.openSubscriptions, at: time) }
        if !hasStarted, asked.interrupted {
            hasStarted = true
            for index in lanes.indices { enqueue(index, at: time) }
        }
        if asked.pendingEvents > 0 { eventsRead(reads, limit: asked.pendingEvents, at: time) }
        if asked.newDeliveriesAbove != nil {
            if let highest = reads.highestDelivery { highestDelivery = max(highestDelivery, highest) }
            for name in reads.touchedSubscriptions {
                guard let index = laneIndex[name] else { continue }
                lanes[index].window.needsRescan = true
                enqueue(index, at: time)
                refillIfNeeded(index)
            }
        }
        for (position, index) in done.refills.enumerated() {
            refilled(index, reads.refills[position], asked.refills[position], at: time)
        }
        if !asked.adoptions.isEmpty { adopted(reads, at: time) }
    }

    private mutating func refilled(_ index: Int, _ rows: [OpenDelivery], _ refill: Refill, at time: EngineTime) {
        lanes[index].window.isRefilling = false
        guard lanes[index].isOpen else { return }
        var fresh: [HeldDelivery] = []
        var last: Refill.Position?
        var counted = 0
        for row in rows {
            let position = Refill.Position(dueAt: row.dueAt, delivery: row.id)
            // The attempted one that was asked for beside the window says nothing about how far the window reaches.
            if refill.after.map({ position > $0 }) ?? true {
                counted += 1
                if last.map({ position > $0 }) ?? true { last = position }
            }
            guard held.insert(row.id).inserted else { continue }
            let delivery = HeldDelivery(delivery: clamped(row, lane: index, at: time))
            if lanes[index].policy.ordered, row.attempts > 0, lanes[index].head == nil {
                lanes[index].head = delivery
            } else {
                fresh.append(delivery)
            }
        }
        let isLast = counted < refill.limit
        lanes[index].window.refilled(fresh, upTo: last, isLast: isLast, now: time.timeline)
        enqueue(index, at: time)
        refillIfNeeded(index)
    }

    /// A due moment that no schedule gives was written by a clock that was wrong.
    private func clamped(_ row: OpenDelivery, lane index: Int, at time: EngineTime) -> OpenDelivery {
        let latest = time.timeline + RetrySchedule.longestWait(lanes[index].policy)
        guard row.dueAt > latest else { return row }
        var row = row
        row.dueAt = latest
        return row
    }

    private mutating func openLanes(_ open: [OpenSubscription], at time: EngineTime) {
        for subscription in open {
            guard let index = laneIndex[subscription.name] else { continue }
            if lanes[index].isDisabled {
                withdraw(index, at: time)
            } else {
                lanes[index].window.needsRescan = true
            }
        }
    }

    private mutating func applyHealth(_ all: [SubscriptionHealth], at time: EngineTime) {
        for health in all {
            // What is decided here and not written yet is newer than what was read.
            guard let index = laneIndex[health.subscription], !lanes[index].hasUnwrittenHealth else { continue }
            let wasDisabled = lanes[index].isDisabled
            lanes[index].health = health
            switch (wasDisabled, health.disabled) {
            case (false, .some(let disabled)):
                if hasStarted {
                    actions.notices.append(.disabled(subscription: health.subscription, cause: disabled.cause))
                    stopServing(index, at: time)
                }
            case (true, nil):
                actions.notices.append(.enabled(subscription: health.subscription))
                lanes[index].breaker = CircuitBreaker()
                lanes[index].isTimingOut = false
                if settings.scope == .all { lanes[index].window.needsRescan = true }
                enqueue(index, at: time)
            default:
                break
            }
        }
    }

    /// A subscription was disabled: what waits is withdrawn.
    mutating func stopServing(_ index: Int, at time: EngineTime) {
        forgetWindow(index)
        if !lanes[index].isWithdrawing { withdraw(index, at: time) }
    }

    /// Settles or reschedules what a crash left in flight.
    private mutating func recover(_ interrupted: [InterruptedDelivery], at time: EngineTime) {
        guard !interrupted.isEmpty else { return }
        var unknown = 0
        for found in interrupted {
            let delivery = found.delivery
            let lane = laneIndex[delivery.subscription]
            let facts = AttemptFacts(
                mode: delivery.mode,
                number: delivery.attempts,
                freeAttempts: delivery.freeAttempts,
                interruptions: delivery.interruptions,
                isTest: delivery.event.isTest,
                policy: lane.map { lanes[$0].policy } ?? DeliveryPolicy(),
                isSuccess: { _ in false }
            )
            let ending = TransportResult.Ending.failed(.interrupted, detail: "the dispatcher ended during the attempt")
            let decision = AttemptDecision.decide(
                TransportResult(ending: ending, requestLeft: true),
                facts, now: time.timeline, wall: time.wall, jitter: Double.random(in: 0..<1, using: &random)
            )
            if decision.next == .settled(.unknown) { unknown += 1 }
            var attempt = Attempt(
                number: delivery.attempts,
                startedAt: found.claimedAt,
                url: lane.map { lanes[$0].target.subscription.url.display } ?? "",
                requestHeaders: [],
                requestBody: .empty
            )
            attempt.outcome = decision.outcome
            attempt.error = decision.error
            attempt.detail = decision.detail
            attempt.finishedAt = time.wall
            record(attempt, decision, delivery, lane: lane, at: time)
        }
        actions.notices.append(.recovered(interrupted: interrupted.count, unknown: unknown))
    }

    private mutating func eventsRead(_ reads: StoreReadResult, limit: Int, at time: EngineTime) {
        isReadingEvents = false
        fanOutsUnderWay += reads.pendingEvents.count
        actions.fanOuts.append(contentsOf: reads.pendingEvents)
        if reads.pendingEvents.count >= limit { wantsEvents = true }
        if let due = reads.nextEventDue {
            let wait = max(0, due.milliseconds - time.wall.milliseconds)
            let bounded = min(Duration.milliseconds(wait), Self.longestEventWait)
            nextEventAt = time.timeline + bounded
        } else {
            nextEventAt = nil
        }
    }

    private mutating func adopted(_ reads: StoreReadResult, at time: EngineTime) {
        for row in reads.adopted {
            guard let index = laneIndex[row.subscription], lanes[index].isOpen, !held.contains(row.id) else { continue }
            hold(HeldDelivery(delivery: clamped(row, lane: index, at: time)), lane: index, at: time)
        }
    }
}
