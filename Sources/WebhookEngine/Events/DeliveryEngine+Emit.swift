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
        var planned = PlannedDeliveries(
            bodies: prepared.bodies,
            subscriptionsVersion: prepared.subscriptionsVersion
        )
        for entry in prepared.entries {
            planned.deliveries.append(plan(entry, prepared.bodies, event, isSendTest: isSendTest, at: time))
        }
        return planned
    }

    private mutating func plan(
        _ entry: PreparedDeliveries.Entry,
        _ bodies: [ByteString],
        _ event: EventHeader,
        isSendTest: Bool,
        at time: EngineTime
    ) -> PlannedDelivery {
        let queue = queues.index(of: entry.subscription)
        let isOrdered = queue.map { queues[$0].policy.ordered } ?? entry.isOrdered
        var new = NewDelivery(
            subscription: entry.subscription,
            mode: isSendTest ? .singleShot : queue.map { queues[$0].policy.mode } ?? entry.mode,
            body: nil,
            contentType: queue.map { queues[$0].target.subscription.contentType } ?? entry.contentType,
            // Where order matters, it must not depend on clocks, which step between two processes: the place decides.
            start: isOrdered ? .inOrder : .pending(dueAt: time.monotonic)
        )
        var start = PlannedDelivery.Start.settled
        let isCancelled = !isSendTest && queue.map { queues[$0].isDisabled } ?? false
        switch entry.renderedBody {
        case _ where isCancelled: new.start = .settled(.cancelled, .disabled, detail: nil)
        case .failure(let error): new.start = .settled(.failed, .template, detail: error.description)
        case .success: start = .left
        }
        if case .success(let renderedBody) = entry.renderedBody {
            new.body = renderedBody.body
            new.contentType = renderedBody.contentType
            if case .left = start, let queue {
                start = self.start(
                    &new,
                    body: bodies[renderedBody.body],
                    event,
                    queue,
                    isSendTest: isSendTest,
                    at: time
                )
            }
        }
        return PlannedDelivery(new: new, isInOrder: isOrdered, start: start)
    }

    /// Tells whether a send test may leave past every limit: beside other dispatchers only where the lease is held.
    private func maySendTest(_ index: Int, at time: EngineTime) -> Bool {
        !settings.isLeased || (queues[index].service.isServing && isWithinTerm(at: time))
    }

    /// Claims a delivery at once, or lets it wait its turn.
    private mutating func start(
        _ new: inout NewDelivery,
        body: ByteString,
        _ event: EventHeader,
        _ index: Int,
        isSendTest: Bool,
        at time: EngineTime
    ) -> PlannedDelivery.Start {
        let queued = QueuedDelivery(
            delivery: OpenDelivery(
                id: Delivery.ID(rawValue: 0),
                subscription: new.subscription,
                mode: new.mode,
                contentType: new.contentType,
                dueAt: time.monotonic,
                event: event
            ),
            body: body
        )
        if isSendTest, !phase.isDraining, maySendTest(index, at: time) {
            new.start = .claimed(at: time.wall)
            return .claimed(beginAttempt(queued, queue: index, slotClass: nil, at: time))
        }
        let isOrdered = queues[index].policy.ordered
        if !isOrdered, case .admitted(let slotClass) = admission(of: .new, queue: index, at: time) {
            new.start = .claimed(at: time.wall)
            return .claimed(beginAttempt(queued, queue: index, slotClass: slotClass, at: time))
        }
        queues[index].expectNew()
        // What others have accepted before is read in the same transaction.
        if isOrdered, settings.scope == .own { backlog.want() }
        return .queued(queued, queue: index)
    }
}
