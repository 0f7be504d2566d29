internal import WebhookCore

/// The start: what is open, and what a crash left.
extension DeliveryEngine {
    /// The store has been read: attempts may begin.
    mutating func begin(at time: EngineTime) {
        for index in queues.indices {
            beginRate(index, at: time)
            schedule(index, at: time)
        }
    }

    /// Settles or reschedules what a crash left in flight.
    mutating func recover(_ interrupted: [InterruptedDelivery], at time: EngineTime) {
        guard !interrupted.isEmpty else { return }
        var unknown = 0
        for found in interrupted {
            let delivery = found.delivery
            let queue = queues.index(of: delivery.subscription)
            let (record, isGivenUp) = recovery.recover(
                found,
                target: queue.map { queues[$0].target },
                isDisabled: queue.map { queues[$0].isDisabled } ?? false,
                jitter: Double.random(in: 0..<1, using: &random),
                at: time
            )
            if isGivenUp {
                let (event, name) = (delivery.event.id, delivery.subscription)
                let reason = SetAside.endedRequestDetail
                actions.notices.append(
                    .givenUp(delivery: delivery.id, event: event, subscription: name, reason: reason)
                )
            }
            if record.state == .unknown { unknown += 1 }
            self.record(record, queue: queue, at: time)
        }
        actions.notices.append(.recovered(interrupted: interrupted.count, unknown: unknown))
    }

    /// Looks for what is open in the store.
    mutating func openQueues(_ open: [OpenSubscription], at time: EngineTime) {
        for subscription in open {
            guard let index = queues.index(of: subscription.name) else { continue }
            if settings.scope == .own {
                // Nothing goes before it is known what is older.
                lookForExternal(index)
            } else if queues[index].isDisabled {
                cancelNewDeliveries(index, at: time)
            } else {
                queues[index].buffer.needsRescan = true
            }
        }
    }
}
