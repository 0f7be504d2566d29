internal import WebhookCore

/// Ordered subscriptions: they wait for events that nobody has matched yet, and for deliveries of other processes.
extension DeliveryEngine {
    /// Whether a delivery must wait for something accepted before it. What was attempted goes on whatever comes.
    func isBlocked(_ index: Int, _ queued: QueuedDelivery) -> Bool {
        guard queues[index].policy.ordered, !queued.isRetry else { return false }
        return isBeyondFront(queued) || queues[index].isBehindExternal(queued)
    }

    /// Whether a queue's next delivery must wait for something accepted before it.
    func isBlocked(_ index: Int) -> Bool { queues[index].candidate.map { isBlocked(index, $0) } ?? false }

    private func isBeyondFront(_ queued: QueuedDelivery) -> Bool {
        AcceptancePlace.isPlace(queued.delivery.dueAt) && queued.delivery.dueAt.milliseconds > front.limit
    }

    /// Looks at a queue again once the front has moved.
    mutating func waitForFront(_ index: Int, dueAt: Timestamp) {
        if !queues[index].isBlocked {
            queues[index].isBlocked = true
            blocked.append(index)
        }
        // Whatever it is that is not known: the store knows.
        if dueAt.milliseconds > front.known, !isReadingEvents { wantsEvents = true }
    }

    /// What was held up goes on, if the front has moved far enough.
    mutating func unblockQueues(at time: EngineTime) {
        guard hasFrontMoved else { return }
        hasFrontMoved = false
        let waiting = blocked
        blocked = []
        for index in waiting {
            queues[index].isBlocked = false
            schedule(index, at: time)
        }
    }

    /// One that was attempted is gone. Another may wait in the store, where its retry is due and so behind first attempts:
    /// a read brings only the earliest beside those.
    mutating func lookForAttempted(after gone: QueuedDelivery, queue index: Int) {
        guard gone.isRetry, queues[index].policy.ordered, settings.scope == .all else { return }
        queues[index].buffer.needsRescan = true
        refillIfNeeded(index)
    }

    /// An event of ours has its row.
    mutating func noteEvent(_ row: Int64, isMatched: Bool) {
        guard hasOrdered else { return }
        // One that waits for its fan-out is read, and so is what others have accepted before.
        if !isMatched || front.accepted(row) { wantsEvents = true }
        hasFrontMoved = true
    }

    /// An engine that has only its own deliveries learns what others have to match, and who has to wait for it.
    mutating func unmatchedRead(_ events: [PendingEvent]) {
        for index in queues.indices where queues[index].policy.ordered {
            let subscription = queues[index].target.subscription
            queues[index].firstUnmatched =
                events.filter { event in
                    event.target.map { $0 == subscription.name } ?? subscription.wants(event.event)
                }
                .map(\.place).min()
        }
    }
}
