internal import WebhookCore

/// The ends of batches, and what follows from them.
extension DeliveryEngine {
    /// The first batch that was taken is durable: learns from it who is disabled or paused.
    mutating func endFirstBatch(_ result: StoreBatchResult, at time: EngineTime) -> CommitBatch? {
        guard var done = commits.popFirst() else { return nil }
        // Of a lease that is lost nothing was read; the node is about to hear of it.
        done.reads.acquired.removeAll(where: result.unheld.contains)
        for (index, health) in done.health.enumerated() where !commits.writesHealth(of: health.queue) {
            if result.refusals.contains(where: { $0.item == .health(index) }) { continue }
            queues[health.queue].healthIsDurable()
        }
        for index in done.reads.acquired.compactMap(queues.index) { queues[index].isAcquiring = false }
        if done.reads.health {
            applyHealth(result.reads.health, to: queues.indices, at: time)
        } else if !done.reads.healthOf.isEmpty {
            let asked = done.reads.healthOf.sorted().compactMap { queues.index(of: $0) }
            applyHealth(result.reads.health, to: asked, at: time)
        }
        if !done.healthReads.isEmpty { endHealthReads(done.healthReads, result.reads.health) }
        return done
    }

    mutating func finish(_ done: CommitBatch, _ result: StoreBatchResult, at time: EngineTime) {
        if actions.recorded.isEmpty, result.results.allSatisfy({ $0 == .recorded }) {
            actions.recorded = done.attempts
        } else {
            for (attempt, outcome) in zip(done.attempts, result.results) {
                switch outcome {
                case .recorded: actions.recorded.append(attempt)
                case .cancelled: cancelledInFlight(attempt, at: time)
                case .refused: break
                }
            }
        }
        if refusedRows.hasCutDown { recordedCutDown(done.attempts, result.results, at: time) }
        if !result.unheld.isEmpty { actions.doubtsLeases = true }
        if let version = result.newerSubscriptions, backlog.awaitSubscriptions(of: version) {
            actions.newerSubscriptions = version
        }
        let refused = RefusedDeliveries(result.refusals)
        actions.sends.reserveCapacity(actions.sends.count + done.claims.count + done.acceptances.count)
        actions.replies.reserveCapacity(actions.replies.count + done.acceptances.count)
        for (index, acceptance) in done.acceptances.enumerated() {
            accepted(
                acceptance,
                result.acceptances[index],
                isOutdated: result.newerSubscriptions != nil,
                refused: refused.accepted[index] ?? [:],
                unheld: result.unheld,
                at: time
            )
        }
        for (index, fanOut) in done.fanOuts.enumerated() {
            guard result.newerSubscriptions == nil else {
                fanOutLater(fanOut, at: time)
                continue
            }
            fannedOutDurably(
                fanOut,
                result.fanOuts[index],
                refused: refused.fannedOut[index] ?? [:],
                unheld: result.unheld,
                at: time
            )
        }
        for (cancellation, count) in zip(done.openCancellations, result.openCancellations) {
            openDeliveriesCancelled(cancellation, count, at: time)
        }
        // Before those that were refused because somebody else was faster.
        if !result.refusals.isEmpty { self.refused(result.refusals, done, at: time) }
        for (claim, outcome) in zip(done.claims, result.claims) { claimed(claim.token, outcome, at: time) }
        if !done.settlements.isEmpty { settled(done.settlements, result.settlements) }
        if !done.setAsides.isEmpty { setAside(done.setAsides, result.setAsides) }
        finishReads(done, result.reads, at: time)
    }

    private mutating func fannedOutDurably(
        _ fanOut: PendingFanOut,
        _ result: FanOutResult,
        refused: [Int: String],
        unheld: Set<String>,
        at time: EngineTime
    ) {
        front.matched(fanOut.event)
        guard case .stored(let ids, let cancelled) = result else {
            return undoStarts(of: fanOut.deliveries, at: time)
        }
        started(
            fanOut.deliveries,
            ids,
            event: EventHeader(fanOut.event.event, row: fanOut.event.row),
            place: fanOut.event.place,
            cancelled: cancelled,
            refused: refused,
            unheld: unheld,
            at: time
        )
    }

    /// A fan-out was not made: its event is matched again.
    private mutating func fanOutLater(_ fanOut: PendingFanOut, at time: EngineTime) {
        front.requeue(fanOut.event)
        undoStarts(of: fanOut.deliveries, at: time)
        if settings.scope == .own { backlog.waitForSubscriptions(fanOut.event.row) } else { backlog.want() }
    }

    /// An attempt is on record, and no retry follows: somebody had cancelled the delivery meanwhile.
    private mutating func cancelledInFlight(_ attempt: RecordedAttempt, at time: EngineTime) {
        actions.recorded.append(attempt.cancelled())
        guard let queue = queues.index(of: attempt.delivery.subscription) else { return }
        if let queued = queues[queue].buffer.remove(attempt.delivery.id) { memory.remove(queued) }
        // Those behind it may have waited for it.
        if queues[queue].external.areAny {
            lookForExternal(queue)
            refillIfNeeded(queue)
        }
        schedule(queue, at: time)
    }

    /// Puts back what failed.
    mutating func requeue(_ failed: CommitBatch, _ error: StoreError, at time: EngineTime) {
        for acceptance in failed.acceptances {
            actions.replies.append(EmitReply(token: acceptance.token, result: .failure(error)))
            if let deliveries = acceptance.deliveries { undoStarts(of: deliveries, at: time) }
        }
        for fanOut in failed.fanOuts {
            front.requeue(fanOut.event)
            undoStarts(of: fanOut.deliveries, at: time)
            if settings.scope == .own {
                commits.takeOverAgain(fanOut.event.row)
            } else {
                backlog.want()
            }
        }
        for claim in failed.claims {
            guard let attempt = abandonAttempt(claim.token) else { continue }
            requeue(attempt.queued, queue: attempt.queue, at: time)
        }
        commits.requeue(failed)
        if failed.reads.pendingEvents > 0 { backlog.failRead() }
        refills.end(rows: failed.refillRows)
        for refill in failed.refills where queues[refill.queue].buffer.epoch == refill.epoch {
            queues[refill.queue].buffer.refillFailed()
            refillIfNeeded(refill.queue)
        }
    }
}

// MARK: - Reads

extension DeliveryEngine {
    private mutating func finishReads(_ done: CommitBatch, _ reads: StoreReadResult, at time: EngineTime) {
        let asked = done.reads
        for row in reads.damaged { damaged(row) }
        if !asked.acquired.isEmpty { acquired(asked.acquired, reads, at: time) }
        if asked.abandoned > 0 { abandoned(reads.abandoned, at: time) }
        if asked.interrupted { recover(reads.interrupted, at: time) }
        if asked.openSubscriptions { openQueues(reads.openSubscriptions, at: time) }
        if asked.interrupted, phase.start() { begin(at: time) }
        if asked.pendingEvents > 0 {
            eventsRead(reads, asked, at: time)
        } else {
            giveOut(reads.pendingEvents)
        }
        if asked.newDeliveriesAbove != nil {
            if let highest = reads.highestDelivery { known.read(upTo: highest) }
            if let new = reads.newDeliveries {
                for delivery in new { inserted(delivery, at: time) }
            } else {
                for name in reads.touchedSubscriptions { touched(name, at: time) }
            }
        }
        refills.end(rows: done.refillRows)
        for (refill, rows) in zip(done.refills, reads.refills) { refilled(refill, rows, at: time) }
        if !asked.takeovers.isEmpty { takenOver(reads, at: time) }
    }

    /// Others have inserted deliveries of a subscription, or may have.
    mutating func touched(_ name: String, at time: EngineTime) {
        guard let index = queues.index(of: name) else { return }
        guard !queues[index].isDisabled else { return cancelNewDeliveries(index, at: time) }
        queues[index].buffer.needsRescan = true
        queues[index].holdBackNoMore()
        schedule(index, at: time)
        refillIfNeeded(index)
    }

    /// Others have inserted a delivery, or it is one of ours.
    private mutating func inserted(_ row: OpenDelivery, at time: EngineTime) {
        guard let index = queues.index(of: row.subscription), !memory.contains(row.id) else { return }
        // Where order matters, it may belong before what is in memory, and others may have moved on with it.
        guard keeps(index), !queues[index].policy.ordered else { return touched(row.subscription, at: time) }
        let delivery = recovery.corrected(row, queues[index].policy, at: time)
        enqueue(QueuedDelivery(delivery: delivery), queue: index, at: time)
    }

    /// Others may have written anything.
    mutating func lookForAllNew() {
        backlog.want()
        commits.readNewDeliveries(above: known.highest)
    }

    /// A delivery of ours got its id. Where one was left out before it, somebody else has inserted something.
    mutating func noteDelivery(_ id: Delivery.ID) {
        // Beside other dispatchers ids come in any order.
        guard !settings.isLeased else { return }
        let gap = known.inserted(id)
        if let gap, phase.hasStarted, settings.scope == .all { commits.readNewDeliveries(above: gap) }
    }

    private mutating func takenOver(_ reads: StoreReadResult, at time: EngineTime) {
        for row in reads.takenOver {
            guard let index = queues.index(of: row.subscription), !memory.contains(row.id) else { continue }
            guard !queues[index].isDisabled else {
                cancelNewDeliveries(index, at: time)
                continue
            }
            guard keeps(index) else { continue }
            let delivery = recovery.corrected(row, queues[index].policy, at: time)
            enqueue(QueuedDelivery(delivery: delivery), queue: index, at: time)
            // What looked like somebody else's before may be this one.
            if queues[index].external.areAny {
                queues[index].buffer.needsRescan = true
                refillIfNeeded(index)
            }
        }
    }
}
