public import WebhookCore

/// New events.
extension DeliveryEngine {
    /// Events to accept. Each is answered by an ``EmitReply`` once it is durable.
    public mutating func emit(_ orders: [EmitOrder], at time: EngineTime) {
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
            // One that waits for its moment is accepted before it, whatever was believed of the clock.
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
        conclude(at: time)
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
        conclude(at: time)
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
            guard let index = laneIndex[entry.subscription] else { continue }
            let isOrdered = lanes[index].policy.ordered
            let mode: DeliveryMode = isSendTest ? .singleShot : lanes[index].policy.mode
            var new = NewDelivery(
                subscription: entry.subscription,
                mode: mode,
                body: nil,
                contentType: lanes[index].target.subscription.contentType,
                // Where order matters, it must not depend on clocks, which step between two processes: the place decides.
                start: isOrdered ? .inOrder : .pending(dueAt: time.timeline)
            )
            var context = PendingCommit.StartContext(lane: index, isInOrder: isOrdered)
            switch entry.representation {
            case .success(let representation):
                new.body = representation.body
                new.contentType = representation.contentType
                let body = prepared.bodies[representation.body]
                if lanes[index].isDisabled, !isSendTest {
                    new.start = .settled(.cancelled, .disabled, detail: nil)
                } else {
                    let held = HeldDelivery(
                        delivery: OpenDelivery(
                            id: Delivery.ID(rawValue: 0),
                            subscription: entry.subscription,
                            mode: mode,
                            contentType: representation.contentType,
                            dueAt: time.timeline,
                            event: event
                        ),
                        body: body
                    )
                    context.held = held
                    if isSendTest, !isDraining {
                        new.start = .claimed(at: time.wall)
                        context.flight = takeOff(held, lane: index, ring: .first, isOutsideLimits: true, at: time)
                    } else if !isOrdered, let ring = immediateRing(index, at: time) {
                        new.start = .claimed(at: time.wall)
                        context.flight = takeOff(held, lane: index, ring: ring, at: time)
                    } else {
                        lanes[index].arriving += 1
                        // What others have accepted before is read in the same transaction.
                        if isOrdered, settings.scope == .own { wantsEvents = true }
                    }
                }
            case .failure(let error):
                new.start =
                    lanes[index].isDisabled && !isSendTest
                    ? .settled(.cancelled, .disabled, detail: nil)
                    : .settled(.failed, .template, detail: error.description)
            }
            deliveries.deliveries.append(new)
            starts.append(context)
        }
        return deliveries
    }

    /// The ring whose slot a new delivery may take at once: nothing of its subscription waits, and no limit is reached.
    private mutating func immediateRing(_ index: Int, at time: EngineTime) -> Lane.Ring? {
        guard hasStarted, !isDraining, storeRetryAt == nil, lanes[index].isOpen, lanes[index].isExhausted,
            lanes[index].firstForeign == nil, flights.count < settings.maxInFlight,
            lanes[index].inFlight < lanes[index].maxInFlight
        else { return nil }
        let ring: Lane.Ring = lanes[index].isRestricted ? .restricted : .first
        guard hasSlot(ring), lanes[index].breaker.allowsStart(now: time.timeline) else { return nil }
        return allowsRate(index, now: time.timeline) ? ring : nil
    }
}
