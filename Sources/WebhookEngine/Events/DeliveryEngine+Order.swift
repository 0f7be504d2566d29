internal import WebhookCore

/// Ordered subscriptions: they wait for events that nobody has matched yet, and for deliveries of other processes.
extension DeliveryEngine {
    /// Whether a queue's next delivery must wait for something accepted before it.
    func isBlocked(_ index: Int) -> Bool {
        queues[index].candidate.map { queues[index].isBlocked($0, upTo: front.limit) } ?? false
    }

    /// What was held up goes on, if the front has moved.
    mutating func unblockQueues(at time: EngineTime) {
        for index in front.takeWaiting() { schedule(index, at: time) }
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
        guard queues.hasOrdered else { return }
        // One that waits for its fan-out is read, and so is what others have accepted before.
        if front.accepted(row, isMatched: isMatched) { backlog.want() }
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
