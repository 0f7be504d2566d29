internal import WebhookCore

/// The questions that drivers and tests ask an engine.
extension DeliveryEngine {
    /// Attempts that are claimed, on the wire, or not on record yet.
    package var inFlight: Int { attempts.count }

    /// What names the attempts of a subscription that have left, where it is served no more.
    package func sentAttempts(of subscription: String) -> Set<UInt64> {
        guard let queue = queues.index(of: subscription), !queues[queue].isServed else { return [] }
        return attempts.sent(of: queue)
    }

    /// True from a failure of the store until what had failed, or something in its place, is durable.
    package var takesStoreForFailing: Bool { commits.isFailing }

    /// Deliveries in memory: those in the buffers, claimed and in flight.
    package var holding: Int { memory.count }

    /// Tells whether nothing is due now and nothing is under way; what an open breaker holds back doesn't count as due.
    package func isIdle(at time: EngineTime) -> Bool {
        phase.hasStarted && isQuiet
            && !queues.indices.contains { index in
                let queue = queues[index]
                guard queue.isOpen, !queue.endpoint.breaker.isOpen, !isLeftToOthers(index) else { return false }
                if queue.buffer.isRefilling || queue.buffer.needsRescan { return true }
                if queue.buffer.hasMore, queue.buffer.count == 0 { return true }
                return queue.buffer.nextDue.map { $0 <= time.monotonic } ?? false
            }
    }

    /// True when every delivery has settled; parked and paused ones and events that are due later aside.
    package var isSettled: Bool {
        phase.hasStarted && isQuiet
            && queues.indices.allSatisfy { !queues[$0].isOpen || queues[$0].isExhausted || isLeftToOthers($0) }
    }

    /// Tells whether nothing of what a queue has in memory may start before somebody else has done something.
    private func isLeftToOthers(_ index: Int) -> Bool { settings.scope == .own && isBlocked(index) }

    /// True when a drain is complete: everything that began is on record. What the next dispatcher would find out as
    /// well, such as what a crash left, is no reason to wait for a store that fails.
    package var isDrained: Bool {
        phase.isDraining && (hasNothingUnderWay || (commits.isFailing && hasNothingOfItsOwn))
    }

    private var hasNothingOfItsOwn: Bool { attempts.isEmpty && backlog.isEmpty && commits.owesNothing }

    private var isQuiet: Bool {
        hasNothingUnderWay && backlog.isRead && !queues.indices.contains { queues[$0].cancellation.isUnderWay }
    }

    private var hasNothingUnderWay: Bool { attempts.isEmpty && commits.isEmpty && backlog.isEmpty }
}
