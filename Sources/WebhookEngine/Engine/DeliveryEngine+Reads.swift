internal import WebhookCore

/// Consequences of reads from the store.
extension DeliveryEngine {
    mutating func finishReads(_ done: CommitBatch, _ reads: StoreReadResult, at time: EngineTime) {
        let asked = done.reads
        if asked.interrupted { recover(reads.interrupted, at: time) }
        if asked.openSubscriptions { openQueues(reads.openSubscriptions, at: time) }
        if !hasStarted, asked.interrupted {
            hasStarted = true
            for index in queues.indices {
                beginRate(index, at: time)
                schedule(index, at: time)
            }
        }
        if asked.pendingEvents > 0 {
            eventsRead(reads, asked, at: time)
        } else {
            giveOut(reads.pendingEvents)
        }
        if asked.newDeliveriesAbove != nil {
            if let highest = reads.highestDelivery { highestDelivery = max(highestDelivery, highest) }
            for name in reads.touchedSubscriptions { touched(name, at: time) }
        }
        refillRowsAsked -= done.refillRows
        for (refill, rows) in zip(done.refills, reads.refills)
        where queues[refill.queue].buffer.epoch == refill.epoch {
            refilled(refill.queue, rows, refill.read, at: time)
        }
        if !asked.takeovers.isEmpty { takenOver(reads, at: time) }
    }

    /// Others have inserted deliveries of a subscription, or may have.
    private mutating func touched(_ name: String, at time: EngineTime) {
        guard let index = queueIndex[name] else { return }
        guard !queues[index].isDisabled else { return cancelNewDeliveries(index, at: time) }
        queues[index].buffer.needsRescan = true
        schedule(index, at: time)
        refillIfNeeded(index)
    }

    /// Takes care that what came for a disabled subscription doesn't hang.
    mutating func cancelNewDeliveries(_ index: Int, at time: EngineTime) {
        if queues[index].isCancelling {
            queues[index].needsCancelling = true
        } else {
            cancelOpenDeliveries(index, at: time)
        }
    }

    /// A delivery of ours got its id. Where one was left out before it, somebody else has inserted something.
    mutating func noteDelivery(_ id: Delivery.ID) {
        guard id > highestDelivery else { return }
        if hasStarted, settings.scope == .all, id.rawValue > highestDelivery.rawValue + 1 {
            commits.readNewDeliveries(above: highestDelivery)
        }
        highestDelivery = id
    }

    private mutating func refilled(_ index: Int, _ rows: [OpenDelivery], _ refill: Refill, at time: EngineTime) {
        guard queues[index].isOpen else { return queues[index].buffer.refillFailed() }
        if settings.scope == .own { return externalRead(index, rows, at: time) }
        // The attempted one that comes beside the others says nothing about how far the read reached: it stands before the
        // cursor, or behind as many as were asked for.
        let positions = rows.map { Refill.Position(dueAt: $0.dueAt, delivery: $0.id) }
            .filter { position in refill.after.map { position > $0 } ?? true }
            .sorted()
        let end = positions.count < refill.limit ? nil : positions[refill.limit - 1]
        var fresh: [QueuedDelivery] = []
        for row in rows where memory.insert(row.id) {
            fresh.append(QueuedDelivery(delivery: clamped(row, queue: index, at: time)))
        }
        let evicted = queues[index].buffer.refilled(fresh, upTo: end, now: time.monotonic)
        for delivery in evicted { memory.remove(delivery) }
        schedule(index, at: time)
        refillIfNeeded(index)
    }

    /// An engine that has only its own deliveries learns which others of an ordered subscription are open.
    private mutating func externalRead(_ index: Int, _ rows: [OpenDelivery], at time: EngineTime) {
        _ = queues[index].buffer.refilled([], upTo: nil, now: time.monotonic)
        let foreign = rows.filter { !memory.contains($0.id) }
        queues[index].oldestExternal = foreign.map { clamped($0, queue: index, at: time).turn }.min()
        schedule(index, at: time)
    }

    /// A due time may have been written by a clock that was wrong, or ours is wrong now: a first attempt is due at once, and a
    /// retry no later than its own wait after this process's start.
    private func clamped(_ row: OpenDelivery, queue index: Int, at time: EngineTime) -> OpenDelivery {
        var row = row
        guard row.attempts > 0 else {
            if queues[index].policy.ordered, !AcceptancePlace.isPlace(row.dueAt) {
                row.dueAt = AcceptancePlace.dueAt(row.event.row)
            }
            row.dueAt = min(row.dueAt, time.monotonic)
            return row
        }
        let wait = row.wait ?? RetrySchedule.longestWait(queues[index].policy)
        // What this process has written is never from the future.
        if row.dueAt > time.monotonic + wait { row.dueAt = startedAt + wait }
        return row
    }

    private mutating func openQueues(_ open: [OpenSubscription], at time: EngineTime) {
        for subscription in open {
            guard let index = queueIndex[subscription.name] else { continue }
            if settings.scope == .own {
                // Nothing goes before it is known what is older.
                lookForExternal(index)
            } else if queues[index].isDisabled {
                cancelNewDeliveries(index, at: time)
            } else {
                queues[index].buffer.needsRescan = true
            }
        }
    }

    /// Settles or reschedules what a crash left in flight.
    private mutating func recover(_ interrupted: [InterruptedDelivery], at time: EngineTime) {
        guard !interrupted.isEmpty else { return }
        var unknown = 0
        for found in interrupted {
            let delivery = found.delivery
            let queue = queueIndex[delivery.subscription]
            let context = DecisionContext(
                mode: delivery.mode,
                number: delivery.attempts,
                uncountedAttempts: delivery.uncountedAttempts,
                interruptions: delivery.interruptions,
                isTest: delivery.event.isTest,
                policy: queue.map { queues[$0].policy } ?? DeliveryPolicy(),
                isSuccess: { _ in false }
            )
            let ending = TransportResult.Ending.failed(.interrupted, detail: "the dispatcher ended during the attempt")
            var decision = AttemptDecision.decide(
                TransportResult(ending: ending, mayHaveBeenSent: true),
                context,
                now: time.monotonic,
                wall: time.wall,
                jitter: Double.random(in: 0..<1, using: &random)
            )
            if case .waiting = decision.next {
                if deadly.contains(delivery.id) {
                    giveUp(delivery, &decision)
                } else if queue.map({ queues[$0].isDisabled }) ?? false {
                    decision.next = .settled(.cancelled)
                }
            }
            if decision.next == .settled(.unknown) { unknown += 1 }
            let recorded = RecordedAttempt(
                delivery,
                number: delivery.attempts,
                startedAt: found.claimedAt,
                url: queue.map { queues[$0].target.url } ?? "",
                decision: decision,
                isRecovered: true,
                at: time
            )
            record(recorded, queue: queue, at: time)
        }
        actions.notices.append(.recovered(interrupted: interrupted.count, unknown: unknown))
    }

    /// What ended the process in its rendering would end it again.
    private mutating func giveUp(_ delivery: OpenDelivery, _ decision: inout AttemptDecision) {
        decision.fail(.internal, SetAside.endedRequestDetail)
        actions.notices.append(
            .givenUp(
                delivery: delivery.id,
                event: delivery.event.id,
                subscription: delivery.subscription,
                reason: SetAside.endedRequestDetail
            )
        )
    }

    private mutating func eventsRead(_ reads: StoreReadResult, _ asked: StoreReads, at time: EngineTime) {
        isReadingEvents = false
        hasFrontMoved = true
        let events = reads.pendingEvents
        let isWhole = events.count < asked.pendingEvents
        front.read(upTo: isWhole ? reads.lastEvent : events.prefix(asked.pendingEvents).last?.place ?? 0)
        guard settings.scope == .all else {
            let takenOver = Set(asked.takeovers)
            unmatchedRead(events.filter { !takenOver.contains($0.row) })
            return giveOut(events.filter { takenOver.contains($0.row) })
        }
        giveOut(events)
        if !isWhole { wantsEvents = true }
        nextEventAt = nil
        if let due = reads.nextEventDue { expectEvent(at: max(due, time.certain + .milliseconds(1)), at: time) }
    }

    private mutating func giveOut(_ events: [PendingEvent]) {
        for event in events { front.giveOut(event) }
        for event in events {
            if event.event.data.count <= settings.promptEventBytes {
                fanOutsUnderWay += 1
                actions.fanOuts.append(event)
            } else {
                largeFanOuts.insert(event.row)
                actions.largeFanOuts.append(event)
            }
        }
    }

    /// An event waits in the store for its time; `nil`: it is due.
    mutating func expectEvent(at due: Timestamp?, at time: EngineTime) {
        guard let due, due > time.certain else {
            wantsEvents = true
            return
        }
        let wait = min(Duration.milliseconds(due.milliseconds - time.certain.milliseconds), Self.longestEventWait)
        let instant = time.monotonic + wait
        nextEventAt = nextEventAt.map { min($0, instant) } ?? instant
    }

    private mutating func takenOver(_ reads: StoreReadResult, at time: EngineTime) {
        for row in reads.takenOver {
            guard let index = queueIndex[row.subscription], !memory.contains(row.id) else { continue }
            guard !queues[index].isDisabled else {
                cancelNewDeliveries(index, at: time)
                continue
            }
            guard keeps(index) else { continue }
            enqueue(QueuedDelivery(delivery: clamped(row, queue: index, at: time)), queue: index, at: time)
            // What looked like somebody else's before may be this one.
            if queues[index].oldestExternal != nil {
                queues[index].buffer.needsRescan = true
                refillIfNeeded(index)
            }
        }
    }
}
