internal import DequeModule
public import WebhookCore

/// Transactions: what they hold, and how they end.
extension DeliveryEngine {
    /// What the transaction under way shall hold; `nil`: nothing (more).
    ///
    /// To be called when the transaction begins; it may be called again during the transaction for more, of which all
    /// becomes durable or nothing.
    public mutating func takeBatch() -> StoreBatch? { phase.isAbandoned ? nil : commits.takeBatch() }

    /// Whether the store, after a transaction that succeeded, shall begin another at once, before anybody has looked at what
    /// the first brought. With `true`, it is asked for.
    public mutating func continuesCommitting() -> Bool { commits.asksForAnother() }

    /// The first of the batches given out are durable: those of one transaction.
    public mutating func committed(_ results: [StoreBatchResult], at time: EngineTime) {
        if commits.succeeded(results.count, now: time.monotonic) { actions.notices.append(.storeRecovered) }
        var all: [(done: CommitBatch, result: StoreBatchResult)] = []
        // First of all who is disabled: nothing leaves for those.
        for result in results {
            guard let done = commits.popFirst() else { break }
            for health in done.health where !commits.writesHealth(of: health.queue) {
                queues[health.queue].healthIsDurable()
            }
            for case .health(let index) in result.refusals.map(\.item) {
                queues[done.health[index].queue].healthChanged()
            }
            if done.reads.health { applyHealth(result.reads.health, at: time) }
            all.append((done, result))
        }
        for (done, result) in all { finish(done, result, at: time) }
        finishInput(at: time)
    }

    private mutating func finish(_ done: CommitBatch, _ result: StoreBatchResult, at time: EngineTime) {
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
        let refused = RefusedDeliveries(result.refusals)
        actions.sends.reserveCapacity(actions.sends.count + done.claims.count + done.acceptances.count)
        actions.replies.reserveCapacity(actions.replies.count + done.acceptances.count)
        for (index, acceptance) in done.acceptances.enumerated() {
            accepted(acceptance, result.acceptances[index], refused: refused.accepted[index] ?? [:], at: time)
        }
        for (index, fanOut) in done.fanOuts.enumerated() {
            fannedOutDurably(fanOut, result.fanOuts[index], refused: refused.fannedOut[index] ?? [:], at: time)
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
        at time: EngineTime
    ) {
        front.matched(fanOut.event)
        guard case .stored(let ids, let cancelled) = result else {
            return startsCameToNothing(fanOut.deliveries, at: time)
        }
        started(
            fanOut.deliveries,
            ids,
            event: EventHeader(fanOut.event.event, row: fanOut.event.row),
            place: fanOut.event.place,
            cancelled: cancelled,
            refused: refused,
            at: time
        )
    }

    /// An attempt is on record, and no retry follows: somebody had cancelled the delivery meanwhile.
    private mutating func cancelledInFlight(_ attempt: RecordedAttempt, at time: EngineTime) {
        var attempt = attempt
        attempt.state = .cancelled
        attempt.nextAttemptAt = nil
        actions.recorded.append(attempt)
        guard let queue = queues.index(of: attempt.delivery.subscription) else { return }
        if let queued = queues[queue].buffer.remove(attempt.delivery.id) { memory.remove(queued) }
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
        actions.notices.append(.storeFailed(error, commits.failed(now: time.monotonic)))
        while let failed = commits.popLast() { requeue(failed, error, at: time) }
        finishInput(at: time)
    }

    private mutating func requeue(_ failed: CommitBatch, _ error: StoreError, at time: EngineTime) {
        for acceptance in failed.acceptances {
            actions.replies.append(EmitReply(token: acceptance.token, result: .failure(error)))
            if let deliveries = acceptance.deliveries { startsCameToNothing(deliveries, at: time) }
        }
        for fanOut in failed.fanOuts {
            front.requeue(fanOut.event)
            startsCameToNothing(fanOut.deliveries, at: time)
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
        commits.putBack(failed)
        if failed.reads.pendingEvents > 0 { backlog.failRead() }
        refills.end(rows: failed.refillRows)
        for refill in failed.refills where queues[refill.queue].buffer.epoch == refill.epoch {
            queues[refill.queue].buffer.refillFailed()
            refillIfNeeded(refill.queue)
        }
    }
}
