public import WebhookCore

/// What a transaction brought.
extension DeliveryEngine {
    /// The commit that was given out is durable.
    public mutating func committed(_ result: StoreBatchResult, at time: EngineTime) {
        guard let done = committing else { return }
        committing = nil
        if storeBackoff != Self.firstStoreBackoff {
            actions.notices.append(.storeRecovered)
            storeBackoff = Self.firstStoreBackoff
        }
        storeRetryAt = nil
        for (index, attempt) in done.results.enumerated() where result.results[index] { actions.recorded.append(attempt) }
        for index in done.health where !pending.health.contains(index) { lanes[index].hasUnwrittenHealth = false }
        for (index, context) in done.acceptances.enumerated() { accepted(context, result.acceptances[index], at: time) }
        for (index, context) in done.fanOuts.enumerated() {
            if case .stored(let ids) = result.fanOuts[index] {
                started(context.starts, ids, event: context.event.row, at: time)
            } else {
                startsCameToNothing(context.starts, at: time)
            }
        }
        for (index, lane) in done.withdrawals.enumerated() { withdrawn(lane, result.withdrawals[index], done, index, at: time) }
        for (index, token) in done.claims.enumerated() { claimed(token, result.claims[index], at: time) }
        finishReads(done, result.reads, at: time)
        conclude(at: time)
    }

    /// The commit that was given out failed; the store is as before.
    public mutating func commitFailed(_ error: StoreError, at time: EngineTime) {
        guard let failed = committing else { return }
        committing = nil
        actions.notices.append(.storeFailed(error))
        storeRetryAt = time.timeline + storeBackoff
        storeBackoff = min(storeBackoff * 2, Self.longestStoreBackoff)
        for context in failed.acceptances {
            actions.replies.append(EmitReply(token: context.token, result: .failure(error)))
            startsCameToNothing(context.starts, at: time)
        }
        for context in failed.fanOuts {
            startsCameToNothing(context.starts, at: time)
            wantsEvents = true
        }
        for token in failed.claims {
            guard let flight = land(token) else { continue }
            lanes[flight.lane].breaker.released()
            putBack(flight.held, lane: flight.lane, at: time)
        }
        // Results are facts: they stay until they are on record. So do decisions about subscriptions.
        pending.batch.results.insert(contentsOf: failed.batch.results, at: 0)
        pending.results.insert(contentsOf: failed.results, at: 0)
        pending.batch.health.insert(contentsOf: failed.batch.health, at: 0)
        pending.health.insert(contentsOf: failed.health, at: 0)
        pending.batch.withdrawals.insert(contentsOf: failed.batch.withdrawals, at: 0)
        pending.withdrawals.insert(contentsOf: failed.withdrawals, at: 0)
        repeatReads(of: failed)
        conclude(at: time)
    }

    private mutating func repeatReads(of failed: PendingCommit) {
        let reads = failed.batch.reads
        pending.batch.reads.interrupted = pending.batch.reads.interrupted || reads.interrupted
        pending.batch.reads.health = pending.batch.reads.health || reads.health
        pending.batch.reads.openSubscriptions = pending.batch.reads.openSubscriptions || reads.openSubscriptions
        pending.batch.reads.adoptions.append(contentsOf: reads.adoptions)
        if let above = reads.newDeliveriesAbove { pending.batch.reads.newDeliveriesAbove = above }
        if reads.pendingEvents > 0 {
            isReadingEvents = false
            wantsEvents = true
        }
        for index in failed.refills {
            lanes[index].window.isRefilling = false
            lanes[index].window.needsRescan = true
        }
    }

    private mutating func accepted(
        _ context: PendingCommit.AcceptanceContext,
        _ result: AcceptanceResult,
        at time: EngineTime
    ) {
        if case .stored(let event, let ids) = result {
            started(context.starts, ids, event: event, at: time)
        } else {
            startsCameToNothing(context.starts, at: time)
        }
        actions.replies.append(EmitReply(token: context.token, result: .success(result)))
    }

    /// New deliveries are durable: those claimed with the insert leave, the others wait their turn.
    private mutating func started(
        _ starts: [PendingCommit.StartContext],
        _ ids: [Delivery.ID],
        event: Int64,
        at time: EngineTime
    ) {
        for (context, id) in zip(starts, ids) {
            highestDelivery = max(highestDelivery, id)
            guard var delivery = context.held else { continue }
            delivery.delivery.id = id
            delivery.delivery.event.row = event
            if let token = context.flight {
                guard flights[token] != nil else { continue }
                held.insert(id)
                heldBodyBytes += delivery.body?.count ?? 0
                flights[token]?.held = delivery
                send(token, body: delivery.body ?? .empty)
            } else if lanes[context.lane].isOpen {
                hold(delivery, lane: context.lane, at: time)
            }
        }
    }

    /// Nothing was stored: slots taken in advance are free again.
    private mutating func startsCameToNothing(_ starts: [PendingCommit.StartContext], at time: EngineTime) {
        for context in starts {
            guard let token = context.flight, let flight = land(token) else { continue }
            lanes[flight.lane].breaker.released()
            enqueue(flight.lane, at: time)
        }
    }

    /// Takes a delivery that is not held into its lane's window, or leaves it to the store.
    mutating func hold(_ delivery: HeldDelivery, lane index: Int, at time: EngineTime) {
        var delivery = delivery
        if let body = delivery.body, heldBodyBytes + body.count > settings.heldBodyBytes { delivery.body = nil }
        if lanes[index].policy.ordered, delivery.isRetry, lanes[index].head == nil {
            lanes[index].head = delivery
        } else if !lanes[index].window.insert(delivery, now: time.timeline) {
            return
        }
        held.insert(delivery.delivery.id)
        heldBodyBytes += delivery.body?.count ?? 0
        enqueue(index, at: time)
    }

    /// Puts a delivery that was taken for an attempt back to the front.
    private mutating func putBack(_ delivery: HeldDelivery, lane index: Int, at time: EngineTime) {
        guard lanes[index].isOpen else { return release(delivery) }
        if lanes[index].policy.ordered, delivery.isRetry {
            lanes[index].head = delivery
        } else {
            lanes[index].window.pushBack(delivery)
        }
        enqueue(index, at: time)
    }

    private mutating func claimed(_ token: UInt64, _ result: ClaimResult, at time: EngineTime) {
        switch result {
        case .claimed(let body):
            guard let flight = flights[token] else { return }
            send(token, body: body ?? flight.held.body ?? .empty)
        case .refused:
            // Somebody cancelled it.
            guard let flight = land(token) else { return }
            lanes[flight.lane].breaker.released()
            release(flight.held)
            enqueue(flight.lane, at: time)
        }
    }

    private mutating func send(_ token: UInt64, body: ByteString) {
        guard let flight = flights[token] else { return }
        let delivery = flight.held.delivery
        actions.sends.append(
            SendOrder(
                token: token,
                target: lanes[flight.lane].target,
                context: AttemptContext(
                    event: delivery.event,
                    delivery: delivery.id,
                    attempt: flight.number,
                    contentType: delivery.contentType,
                    mode: delivery.mode,
                    at: flight.startedAt
                ),
                body: body,
                needsFreshConnection: flight.held.needsFreshConnection
            )
        )
    }

    private mutating func withdrawn(_ lane: Int, _ count: Int, _ done: PendingCommit, _ index: Int, at time: EngineTime) {
        if count >= done.batch.withdrawals[index].limit, lanes[lane].isDisabled {
            withdraw(lane, at: time)
        } else {
            lanes[lane].isWithdrawing = false
            // Nothing is open any more; what an enabling person brings back is found by a rescan.
            forgetWindow(lane)
            if settings.scope == .all { lanes[lane].window.needsRescan = true }
        }
    }

    /// Settles the next portion of a disabled subscription's open deliveries.
    mutating func withdraw(_ lane: Int, at time: EngineTime) {
        lanes[lane].isWithdrawing = true
        pending.withdrawals.append(lane)
        pending.batch.withdrawals.append(
            Withdrawal(subscription: lanes[lane].name, limit: settings.withdrawalBatch, at: time.wall)
        )
    }
}
