public import WebhookCore

/// New events.
extension DeliveryEngine {
    /// Events to accept. Each is answered by an ``EmitReply`` once it is durable.
    public mutating func emit(_ orders: [EmitRequest], at time: EngineTime) {
        for order in orders {
            let header = EventHeader(order.event, row: 0)
            let deliveries = order.deliveries.map { plan($0, header, isSendTest: order.target != nil, at: time) }
            commits.accept(
                PendingAcceptance(
                    token: order.token,
                    event: order.event,
                    // One that waits for its time is accepted before it, whatever was believed of the clock.
                    createdAt: deliveries == nil ? time.certain : time.wall,
                    target: order.target,
                    deliveries: deliveries
                )
            )
        }
        finishInput(at: time)
    }

    /// An event that was given out to be fanned out is matched and rendered.
    public mutating func fannedOut(_ event: PendingEvent, deliveries: PreparedDeliveries, at time: EngineTime) {
        backlog.answered(event)
        let header = EventHeader(event.event, row: event.row)
        let planned = plan(deliveries, header, isSendTest: event.target != nil, at: time)
        commits.fanOut(PendingFanOut(event: event, createdAt: time.wall, deliveries: planned))
        finishInput(at: time)
    }

    /// Decides how each delivery starts: claimed at once where nothing is in its way, waiting its turn, or settled.
    private mutating func plan(
        _ prepared: PreparedDeliveries,
        _ event: EventHeader,
        isSendTest: Bool,
        at time: EngineTime
    ) -> PlannedDeliveries {
        var planned = PlannedDeliveries(bodies: prepared.bodies)
        for entry in prepared.entries {
            guard let index = queues.index(of: entry.subscription) else { continue }
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
            var start = PlannedDelivery.Start.settled
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
                    if isSendTest, !phase.isDraining {
                        new.start = .claimed(at: time.wall)
                        start = .claimed(beginAttempt(queued, queue: index, slotClass: nil, at: time))
                    } else if !isOrdered, case .admitted(let slotClass) = admission(of: .new, queue: index, at: time) {
                        new.start = .claimed(at: time.wall)
                        start = .claimed(beginAttempt(queued, queue: index, slotClass: slotClass, at: time))
                    } else {
                        start = .queued(queued)
                        queues[index].expectNew()
                        // What others have accepted before is read in the same transaction.
                        if isOrdered, settings.scope == .own { backlog.want() }
                    }
                }
            case .failure(let error):
                new.start =
                    queues[index].isDisabled && !isSendTest
                    ? .settled(.cancelled, .disabled, detail: nil)
                    : .settled(.failed, .template, detail: error.description)
            }
            planned.deliveries.append(
                PlannedDelivery(new: new, queue: index, isInOrder: isOrdered, start: start)
            )
        }
        return planned
    }
}
