public import WebhookCore

/// New events.
extension DeliveryEngine {
    /// Events to accept. Each is answered by an ``EmitReply`` once it is durable.
    public mutating func emit(_ orders: [EmitRequest], at time: EngineTime) {
        for order in orders {
            var starts: [PendingCommit.StartContext] = []
            let header = EventHeader(
                row: 0,
                id: order.event.id,
                topic: order.event.topic,
                tenant: order.event.tenant,
                isTest: order.event.isTest
            )
            let deliveries = order.deliveries.map {
                decideStarts($0, header, isSendTest: order.target != nil, into: &starts, at: time)
            }
            // One that waits for its time is accepted before it, whatever was believed of the clock.
            let createdAt = deliveries == nil ? time.certain : time.wall
            pending.batch.acceptances.append(
                Acceptance(event: order.event, createdAt: createdAt, target: order.target, deliveries: deliveries)
            )
            pending.acceptances.append(
                PendingCommit.AcceptanceContext(
                    token: order.token,
                    event: header,
                    starts: starts,
                    waitsForFanOut: deliveries == nil,
                    deliverAt: order.event.deliverAt
                )
            )
        }
        finishInput(at: time)
    }

    /// An event that was given out to be fanned out is matched and rendered.
    public mutating func fannedOut(_ event: PendingEvent, deliveries: PreparedDeliveries, at time: EngineTime) {
        if largeFanOuts.remove(event.row) == nil { fanOutsUnderWay -= 1 }
        var starts: [PendingCommit.StartContext] = []
        let header = EventHeader(
            row: event.row,
            id: event.event.id,
            topic: event.event.topic,
            tenant: event.event.tenant,
            isTest: event.event.isTest
        )
        let decided = decideStarts(deliveries, header, isSendTest: event.target != nil, into: &starts, at: time)
        pending.batch.fanOuts.append(FanOut(event: event.row, createdAt: time.wall, deliveries: decided))
        pending.fanOuts.append(PendingCommit.FanOutContext(event: event, starts: starts))
        finishInput(at: time)
    }

    /// How each delivery starts: claimed at once where nothing is in its way, waiting its turn, or settled.
    private mutating func decideStarts(
        _ prepared: PreparedDeliveries,
        _ event: EventHeader,
        isSendTest: Bool,
        into starts: inout [PendingCommit.StartContext],
        at time: EngineTime
    ) -> NewDeliveries {
        var deliveries = NewDeliveries(bodies: prepared.bodies)
        for entry in prepared.entries {
            guard let index = queueIndex[entry.subscription] else { continue }
            let isOrdered = queues[index].policy.ordered
            let mode: DeliveryMode = isSendTest ? .singleShot : queues[index].policy.mode
            var new = NewDelivery(
                subscription: entry.subscription,
                mode: mode,
                body: nil,
                contentType: queues[index].target.subscription.contentType,
                // Where order matters, it must not depend on clocks, which step between two processes: the place decides.
                start: isOrdered ? .inOrder : .pending(dueAt: time.monotonic)
            )
            var context = PendingCommit.StartContext(queue: index, isInOrder: isOrdered)
            switch entry.renderedBody {
            case .success(let renderedBody):
                new.body = renderedBody.body
                new.contentType = renderedBody.contentType
                let body = prepared.bodies[renderedBody.body]
                if queues[index].isDisabled, !isSendTest {
                    new.start = .settled(.cancelled, .disabled, detail: nil)
                } else {
                    let queued = QueuedDelivery(
                        delivery: OpenDelivery(
                            id: Delivery.ID(rawValue: 0),
                            subscription: entry.subscription,
                            mode: mode,
                            contentType: renderedBody.contentType,
                            dueAt: time.monotonic,
                            event: event
                        ),
                        body: body
                    )
                    context.queued = queued
                    if isSendTest, !isDraining {
                        new.start = .claimed(at: time.wall)
                        context.inFlightAttempt = beginAttempt(
                            queued,
                            queue: index,
                            slotClass: .firstAttempt,
                            isOutsideLimits: true,
                            at: time
                        )
                    } else if !isOrdered, let slotClass = immediateSlotClass(index, at: time) {
                        new.start = .claimed(at: time.wall)
                        context.inFlightAttempt = beginAttempt(queued, queue: index, slotClass: slotClass, at: time)
                    } else {
                        queues[index].arriving += 1
                        // What others have accepted before is read in the same transaction.
                        if isOrdered, settings.scope == .own { wantsEvents = true }
                    }
                }
            case .failure(let error):
                new.start =
                    queues[index].isDisabled && !isSendTest
                    ? .settled(.cancelled, .disabled, detail: nil)
                    : .settled(.failed, .template, detail: error.description)
            }
            deliveries.deliveries.append(new)
            starts.append(context)
        }
        return deliveries
    }

    /// The slot class whose slot a new delivery may take at once: nothing of its subscription waits, and no limit is reached.
    private mutating func immediateSlotClass(_ index: Int, at time: EngineTime) -> SlotClass? {
        guard hasStarted, !isDraining, storeRetryAt == nil, queues[index].isOpen, queues[index].isExhausted,
            queues[index].oldestExternal == nil, inFlightAttempts.count < settings.maxInFlight,
            queues[index].inFlight < queues[index].maxInFlight
        else { return nil }
        let slotClass: SlotClass = queues[index].isOnProbation ? .probation : .firstAttempt
        guard hasSlot(slotClass), queues[index].breaker.allowsStart(now: time.monotonic) else { return nil }
        return allowsRate(index, now: time.monotonic) ? slotClass : nil
    }
}
