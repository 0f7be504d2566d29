internal import DequeModule
public import WebhookCore

/// Transactions: what they hold, and how they end.
extension DeliveryEngine {
    /// What the transaction under way shall hold; `nil`: nothing (more).
    ///
    /// To be called when the transaction begins; it may be called again during the transaction for more, of which all
    /// becomes durable or nothing.
    public mutating func takeBatch() -> StoreBatch? {
        isAskingForCommit = false
        guard !pending.batch.isEmpty, !isAbandoned else { return nil }
        // What a crash left in flight is looked up before anything of ours is: both look the same.
        let taken = pending.batch.reads.interrupted ? pending.takeReads() : pending.take()
        committing.append(taken)
        return taken.batch
    }

    /// Whether the store, after a transaction that succeeded, shall begin another at once, before anybody has looked at what
    /// the first brought. With `true`, it is asked for.
    public mutating func continuesCommitting() -> Bool {
        guard !isAskingForCommit, !pending.batch.isEmpty else { return false }
        isAskingForCommit = true
        return true
    }

    /// The first of the batches given out are durable: those of one transaction.
    public mutating func committed(_ results: [StoreBatchResult], at time: EngineTime) {
        let work = committing.prefix(results.count).reduce(into: StoreTrouble.Work()) { $0.formUnion($1.batch.work) }
        if storeTrouble.succeeded(work, now: time.monotonic) { actions.notices.append(.storeRecovered) }
        if !storeTrouble.isFailing { storeRetryAt = nil }
        var all: [(done: PendingCommit, result: StoreBatchResult)] = []
        // First of all who is disabled: nothing leaves for those.
        for result in results {
            guard let done = committing.popFirst() else { break }
            for index in done.health where !isHealthUnderWay(index) {
                queues[index].hasUnwrittenHealth = false
            }
            for case .health(let index) in result.refusals.map(\.item) {
                queues[done.health[index]].hasUnwrittenHealth = true
            }
            if done.batch.reads.health { applyHealth(result.reads.health, at: time) }
            all.append((done, result))
        }
        for (done, result) in all { finish(done, result, at: time) }
        finishInput(at: time)
    }

    private mutating func finish(_ done: PendingCommit, _ result: StoreBatchResult, at time: EngineTime) {
        if actions.recorded.isEmpty, result.results.allSatisfy({ $0 == .recorded }) {
            actions.recorded = done.results
        } else {
            for (index, attempt) in done.results.enumerated() {
                switch result.results[index] {
                case .recorded: actions.recorded.append(attempt)
                case .cancelled: cancelledInFlight(attempt, at: time)
                case .refused: break
                }
            }
        }
        if !cutDown.isEmpty { recordedCutDown(done, result, at: time) }
        let refused = RefusedDeliveries(result.refusals)
        actions.sends.reserveCapacity(actions.sends.count + done.claims.count + done.acceptances.count)
        actions.replies.reserveCapacity(actions.replies.count + done.acceptances.count)
        for (index, context) in done.acceptances.enumerated() {
            accepted(
                context,
                done.batch.acceptances[index],
                result.acceptances[index],
                refused: refused.accepted[index] ?? [:],
                at: time
            )
        }
        for (index, context) in done.fanOuts.enumerated() {
            front.matched(context.event)
            hasFrontMoved = true
            if case .stored(let ids, let cancelled) = result.fanOuts[index] {
                started(
                    context.starts,
                    ids,
                    done.batch.fanOuts[index].deliveries,
                    event: context.header,
                    place: context.event.place,
                    cancelled: cancelled,
                    refused: refused.fannedOut[index] ?? [:],
                    at: time
                )
            } else {
                startsCameToNothing(context.starts, at: time)
            }
        }
        for (index, queue) in done.openCancellations.enumerated() {
            openDeliveriesCancelled(queue, result.openCancellations[index], done, index, at: time)
        }
        // Before those that were refused because somebody else was faster.
        if !result.refusals.isEmpty { self.refused(result.refusals, done, at: time) }
        for (index, token) in done.claims.enumerated() { claimed(token, result.claims[index], at: time) }
        if !done.settlements.isEmpty { settled(done, result) }
        if !done.batch.setAsides.isEmpty { setAside(done.batch.setAsides, result.setAsides) }
        finishReads(done, result.reads, at: time)
    }

    /// An attempt is on record, and no retry follows: somebody had cancelled the delivery meanwhile.
    private mutating func cancelledInFlight(_ attempt: RecordedAttempt, at time: EngineTime) {
        var attempt = attempt
        attempt.state = .cancelled
        attempt.nextAttemptAt = nil
        actions.recorded.append(attempt)
        guard let queue = queueIndex[attempt.delivery.subscription] else { return }
        if let queued = queues[queue].buffer.remove(attempt.delivery.id) { release(queued) }
        // Those behind it may have waited for it.
        if queues[queue].oldestExternal != nil {
            lookForExternal(queue)
            refillIfNeeded(queue)
        }
        schedule(queue, at: time)
    }

    /// A transaction failed, and with it every batch that is given out: none was asked for behind it. The store is as
    /// before.
    public mutating func commitFailed(_ error: StoreError, at time: EngineTime) {
        isAskingForCommit = false
        let work = committing.reduce(into: StoreTrouble.Work()) { $0.formUnion($1.batch.work) }
        let (wait, occasion) = storeTrouble.failed(work, now: time.monotonic)
        actions.notices.append(.storeFailed(error, occasion))
        storeRetryAt = time.monotonic + wait
        // What is put back goes before what is there: the last first.
        while let failed = committing.popLast() { requeue(failed, error, at: time) }
        finishInput(at: time)
    }

    private mutating func requeue(_ failed: PendingCommit, _ error: StoreError, at time: EngineTime) {
        for context in failed.acceptances {
            actions.replies.append(EmitReply(token: context.token, result: .failure(error)))
            startsCameToNothing(context.starts, at: time)
        }
        for context in failed.fanOuts {
            front.requeue(context.event)
            startsCameToNothing(context.starts, at: time)
            if settings.scope == .own {
                pending.batch.reads.takeovers.append(context.event.row)
            } else {
                wantsEvents = true
            }
        }
        for token in failed.claims {
            guard let inFlightAttempt = abandonAttempt(token) else { continue }
            requeue(inFlightAttempt.queued, queue: inFlightAttempt.queue, at: time)
        }
        // Results are facts: they stay until they are on record. So do decisions about subscriptions.
        pending.batch.results.insert(contentsOf: failed.batch.results, at: 0)
        pending.results.insert(contentsOf: failed.results, at: 0)
        for (index, health) in zip(failed.health, failed.batch.health) where !pending.health.contains(index) {
            pending.batch.health.append(health)
            pending.health.append(index)
        }
        pending.batch.resumptions.insert(contentsOf: failed.batch.resumptions, at: 0)
        pending.batch.settlements.insert(contentsOf: failed.batch.settlements, at: 0)
        pending.settlements.insert(contentsOf: failed.settlements, at: 0)
        pending.batch.setAsides.insert(contentsOf: failed.batch.setAsides, at: 0)
        pending.batch.openCancellations.insert(contentsOf: failed.batch.openCancellations, at: 0)
        pending.openCancellations.insert(contentsOf: failed.openCancellations, at: 0)
        repeatReads(of: failed)
    }

    private func isHealthUnderWay(_ queue: Int) -> Bool {
        pending.health.contains(queue) || committing.contains { $0.health.contains(queue) }
    }

    private mutating func repeatReads(of failed: PendingCommit) {
        let reads = failed.batch.reads
        pending.batch.reads.interrupted = pending.batch.reads.interrupted || reads.interrupted
        pending.batch.reads.health = pending.batch.reads.health || reads.health
        pending.batch.reads.openSubscriptions = pending.batch.reads.openSubscriptions || reads.openSubscriptions
        pending.batch.reads.takeovers.append(contentsOf: reads.takeovers)
        pending.batch.reads.pendingEventsDueBy = reads.pendingEventsDueBy
        if let above = reads.newDeliveriesAbove { lookForNewDeliveries(above: above) }
        if reads.pendingEvents > 0 {
            isReadingEvents = false
            wantsEvents = true
        }
        refillRowsAsked -= failed.refillRows
        for refill in failed.refills where queues[refill.queue].buffer.epoch == refill.epoch {
            queues[refill.queue].buffer.refillFailed()
            refillIfNeeded(refill.queue)
        }
    }
}
