internal import WebhookCore

/// Consequences of durable writes.
extension DeliveryEngine {
    mutating func accepted(
        _ acceptance: PendingAcceptance,
        _ result: AcceptanceResult,
        isOutdated: Bool = false,
        refused: [Int: String],
        unheld: Set<String>,
        at time: EngineTime
    ) {
        if case .stored(let row, let ids) = result {
            noteEvent(row, isMatched: acceptance.deliveries != nil && !isOutdated)
            if let deliveries = acceptance.deliveries, isOutdated {
                undoStarts(of: deliveries, at: time)
                if settings.scope == .own { backlog.waitForSubscriptions(row) } else { backlog.want() }
            } else if let deliveries = acceptance.deliveries {
                let event = EventHeader(acceptance.event, row: row)
                started(deliveries, ids, event: event, place: row, refused: refused, unheld: unheld, at: time)
            } else if settings.scope == .all {
                backlog.expect(acceptance.event.deliverAt, at: time)
            }
        } else if let deliveries = acceptance.deliveries {
            undoStarts(of: deliveries, at: time)
        }
        actions.replies.append(EmitReply(token: acceptance.token, result: .success(result)))
    }

    /// New deliveries are durable: those claimed with the insert leave, the others wait their turn.
    ///
    /// - Parameters:
    ///   - cancelled: positions of those that somebody cancelled before.
    ///   - refused: those that the store has stored as failed instead, and why.
    ///   - unheld: subscriptions whose deliveries are another node's, and wait for it instead of being claimed.
    mutating func started(
        _ planned: PlannedDeliveries,
        _ ids: [Delivery.ID],
        event: EventHeader,
        place: Int64,
        cancelled: Set<Int> = [],
        refused: [Int: String],
        unheld: Set<String>,
        at time: EngineTime
    ) {
        if ids.isEmpty { actions.notices.append(.unmatched(event)) }
        for (index, id) in ids.enumerated() {
            let delivery = planned.deliveries[index]
            noteDelivery(id)
            if cancelled.contains(index) {
                undoStart(of: delivery, at: time)
                var new = delivery.new
                new.start = .settled(.cancelled, nil, detail: "cancelled before the event was matched")
                settledAtOnce(id, event, new)
            } else if let reason = refused[index] {
                undoStart(of: delivery, at: time)
                tell(.delivery, id, event: event.id, delivery.new.subscription, reason)
                var new = delivery.new
                new.fail(refusedFor: reason)
                settledAtOnce(id, event, new)
            } else if case .claimed = delivery.start, unheld.contains(delivery.new.subscription) {
                undoStart(of: delivery, at: time)
            } else {
                stored(delivery, id, event, place: place, at: time)
            }
        }
    }

    /// A new delivery is durable as it was planned.
    private mutating func stored(
        _ planned: PlannedDelivery,
        _ id: Delivery.ID,
        _ event: EventHeader,
        place: Int64,
        at time: EngineTime
    ) {
        switch planned.start {
        case .settled: settledAtOnce(id, event, planned.new)
        case .claimed(let token):
            let place = planned.isInOrder ? place : nil
            guard let delivery = attempts.identify(token, id, event: event.row, place: place) else { return }
            memory.insert(delivery)
            send(token, body: delivery.body, at: time)
        case .left:
            // It may be back meanwhile.
            touched(planned.new.subscription, at: time)
        case .queued(var delivery, let queue):
            delivery.identify(id, event: event.row, place: planned.isInOrder ? place : nil)
            queues[queue].newArrived()
            if keeps(queue) { return enqueue(delivery, queue: queue, at: time) }
            leaveToOthers(delivery.delivery, queue: queue)
            // Accepted before the start had read that it is disabled.
            if queues[queue].isDisabled { cancelNewDeliveries(queue, at: time) }
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
    mutating func undoStarts(of planned: PlannedDeliveries, at time: EngineTime) {
        for delivery in planned.deliveries { undoStart(of: delivery, at: time) }
    }

    private mutating func undoStart(of planned: PlannedDelivery, at time: EngineTime) {
        switch planned.start {
        case .settled, .left: break
        case .queued(_, let queue):
            queues[queue].newArrived()
            schedule(queue, at: time)
        case .claimed(let token):
            guard let attempt = abandonAttempt(token) else { return }
            schedule(attempt.queue, at: time)
        }
    }
}
