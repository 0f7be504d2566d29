internal import WebhookCore

/// New events.
extension DeliveryEngine {
    /// Plans an event's deliveries, and stores it.
    mutating func accept(_ request: EmitRequest, at time: EngineTime) {
        let header = EventHeader(request.event, row: 0)
        let deliveries = request.deliveries.map { plan($0, header, isSendTest: request.target != nil, at: time) }
        commits.accept(
            PendingAcceptance(
                token: request.token,
                event: request.event,
                // One that waits for its time is accepted before it, whatever was believed of the clock.
                createdAt: deliveries == nil ? time.certain : time.wall,
                target: request.target,
                deliveries: deliveries
            )
        )
    }

    /// Decides how each delivery starts: claimed at once where nothing is in its way, waiting its turn, or settled.
    mutating func plan(
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
