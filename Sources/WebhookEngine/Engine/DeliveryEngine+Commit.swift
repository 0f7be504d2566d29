internal import WebhookCore

/// What became durable.
extension DeliveryEngine {
    mutating func accepted(
        _ context: PendingCommit.AcceptanceContext,
        _ done: Acceptance,
        _ result: AcceptanceResult,
        refused: [Int: String],
        at time: EngineTime
    ) {
        if case .stored(let row, let ids) = result {
            noteEvent(row, isMatched: !context.waitsForFanOut)
            var event = context.event
            event.row = row
            if let new = done.deliveries {
                started(context.starts, ids, new, event: event, place: row, refused: refused, at: time)
            }
            if context.waitsForFanOut, settings.scope == .all { expectEvent(at: context.deliverAt, at: time) }
        } else {
            startsCameToNothing(context.starts, at: time)
        }
        actions.replies.append(EmitReply(token: context.token, result: .success(result)))
    }

    /// New deliveries are durable: those claimed with the insert leave, the others wait their turn.
    ///
    /// - Parameters:
    ///   - cancelled: positions of those that somebody cancelled before.
    ///   - refused: those that the store has stored as failed instead, and why.
    mutating func started(
        _ starts: [PendingCommit.StartContext],
        _ ids: [Delivery.ID],
        _ new: NewDeliveries,
        event: EventHeader,
        place: Int64,
        cancelled: Set<Int> = [],
        refused: [Int: String],
        at time: EngineTime
    ) {
        if ids.isEmpty { actions.notices.append(.unmatched(event)) }
        for (index, id) in ids.enumerated() {
            let context = starts[index]
            noteDelivery(id)
            if cancelled.contains(index) {
                startsCameToNothing([context], at: time)
                var cancelled = new.deliveries[index]
                cancelled.start = .settled(.cancelled, nil, detail: "cancelled before the event was matched")
                settledAtOnce(id, event, cancelled)
                continue
            }
            if let reason = refused[index] {
                startsCameToNothing([context], at: time)
                let name = new.deliveries[index].subscription
                actions.notices.append(
                    .refused(
                        RefusedRow(part: .delivery, delivery: id, event: event.id, subscription: name, reason: reason)
                    )
                )
                var failed = new.deliveries[index]
                failed.fail(refusedFor: reason)
                settledAtOnce(id, event, failed)
                continue
            }
            guard var delivery = context.held else {
                settledAtOnce(id, event, new.deliveries[index])
                continue
            }
            delivery.delivery.id = id
            delivery.delivery.event.row = event.row
            if context.isInOrder { delivery.delivery.dueAt = AcceptancePlace.dueAt(place) }
            guard let token = context.flight else {
                lanes[context.lane].arriving -= 1
                if keeps(context.lane) {
                    hold(delivery, lane: context.lane, at: time)
                    continue
                }
                if settings.scope == .own { leaveToOthers(delivery.delivery, lane: context.lane) }
                if lanes[context.lane].isDisabled {
                    // Accepted before the start had read that it is disabled.
                    withdrawNew(context.lane, at: time)
                }
                continue
            }
            guard flights[token] != nil else { continue }
            held.insert(id)
            heldBodyBytes += delivery.body?.count ?? 0
            flights[token]?.held = delivery
            send(token, body: delivery.body, at: time)
        }
    }

    private mutating func settledAtOnce(_ id: Delivery.ID, _ event: EventHeader, _ new: NewDelivery) {
        guard case .settled(let state, let error, let detail) = new.start else { return }
        actions.settled.append(
            SettledDelivery(
                delivery: id,
                event: event,
                subscription: new.subscription,
                attempts: 0,
                state: state,
                error: error,
                detail: detail
            )
        )
    }

    /// Nothing was stored: slots taken in advance are free again.
    mutating func startsCameToNothing(_ starts: [PendingCommit.StartContext], at time: EngineTime) {
        for context in starts where context.held != nil {
            if let token = context.flight {
                _ = landUnused(token)
            } else {
                lanes[context.lane].arriving -= 1
            }
            enqueue(context.lane, at: time)
        }
    }

    /// Takes a delivery that is not held into its lane's window, or leaves it to the store.
    mutating func hold(_ delivery: HeldDelivery, lane index: Int, at time: EngineTime) {
        var delivery = delivery
        if let body = delivery.body, heldBodyBytes + body.count > settings.heldBodyBytes { delivery.body = nil }
        held.insert(delivery.delivery.id)
        heldBodyBytes += delivery.body?.count ?? 0
        if let left = lanes[index].window.insert(delivery, limit: room(index), now: time.timeline) { release(left) }
        enqueue(index, at: time)
    }

    /// Puts a delivery that was taken for an attempt back to the front.
    mutating func putBack(_ delivery: HeldDelivery, lane index: Int, at time: EngineTime) {
        guard keeps(index) else {
            if settings.scope == .own { leaveToOthers(delivery.delivery, lane: index) }
            return release(delivery)
        }
        lanes[index].window.pushBack(delivery)
        enqueue(index, at: time)
    }

    mutating func claimed(_ token: UInt64, _ result: ClaimResult, at time: EngineTime) {
        switch result {
        case .claimed(let body):
            guard let flight = flights[token] else { return }
            send(token, body: body ?? flight.held.body, at: time)
        case .refused:
            guard let flight = landUnused(token) else { return }
            // The attempt before it is still to be recorded, without its response.
            if cutDown.contains(flight.held.delivery.id) { return putBack(flight.held, lane: flight.lane, at: time) }
            // Somebody cancelled it.
            release(flight.held)
            lookForAttempted(after: flight.held, lane: flight.lane)
            enqueue(flight.lane, at: time)
        }
    }

    /// A claim is durable: the attempt leaves, if what it needs is still there.
    private mutating func send(_ token: UInt64, body: ByteString?, at time: EngineTime) {
        guard let flight = flights[token] else { return }
        guard let body else { return endUnsent(token, .unrenderable("nothing was rendered"), at: time) }
        guard lanes[flight.lane].isServed || flight.isOutsideLimits else {
            return endUnsent(token, lanes[flight.lane].isDisabled ? .disabled : .parked, at: time)
        }
        if flight.isRateClaimed {
            let limit = lanes[flight.lane].policy.rateLimit
            if limit != nil {
                let moment = lanes[flight.lane].rate.nextLeave(now: time.timeline)
                guard moment <= time.timeline else {
                    rememberDelay(flight.lane, until: moment, at: time)
                    lanes[flight.lane].paced.append(PacedSend(token: token, body: body))
                    return setTimer(flight.lane, moment)
                }
            }
            flights[token]?.isRateClaimed = false
            rememberDelay(flight.lane, until: time.timeline, at: time)
            lanes[flight.lane].rate.leave(limit, now: time.timeline)
            if limit != nil { enqueue(flight.lane, at: time) }
        }
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
                needsFreshConnection: flight.held.needsFreshConnection,
                isProven: lanes[flight.lane].health.isProven
            )
        )
    }

    /// Claimed attempts leave whose moment has come.
    mutating func sendPaced(_ index: Int, at time: EngineTime) {
        let paced = lanes[index].paced
        guard !paced.isEmpty else { return }
        // Those whose moment has not come stand in line again.
        lanes[index].paced = []
        for send in paced { self.send(send.token, body: send.body, at: time) }
    }

    mutating func withdrawn(_ lane: Int, _ count: Int, _ done: PendingCommit, _ index: Int, at time: EngineTime) {
        if count > 0 { actions.notices.append(.withdrawn(subscription: lanes[lane].name, count: count)) }
        lanes[lane].withdrawn += count
        let isWhole = count < done.batch.withdrawals[index].limit && !lanes[lane].needsWithdrawal
        lanes[lane].needsWithdrawal = false
        // The next start goes on where a drain stops.
        if !isWhole, lanes[lane].isDisabled, !isDraining { return withdraw(lane, at: time) }
        lanes[lane].isWithdrawing = false
        if lanes[lane].withdrawn > 0 {
            actions.notices.append(.withdrawalEnded(subscription: lanes[lane].name, count: lanes[lane].withdrawn))
            lanes[lane].withdrawn = 0
        }
        // Whoever enabled it meanwhile may have brought something back.
        if lanes[lane].isOpen {
            forgetWindow(lane)
            enqueue(lane, at: time)
        }
    }

    /// Settles the next portion of a disabled subscription's open deliveries.
    mutating func withdraw(_ lane: Int, at time: EngineTime) {
        lanes[lane].isWithdrawing = true
        lanes[lane].needsWithdrawal = false
        pending.withdrawals.append(lane)
        pending.batch.withdrawals.append(
            Withdrawal(subscription: lanes[lane].name, limit: settings.withdrawalBatch, at: time.wall)
        )
    }
}
