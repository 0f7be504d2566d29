internal import WebhookCore

/// Where order matters: who waits for events that nobody has matched yet, and for what somebody else has to see to.
extension DeliveryEngine {
    /// Whether a delivery must wait for something accepted before it. What was attempted goes on whatever comes.
    func isHeldUp(_ index: Int, _ held: HeldDelivery) -> Bool {
        guard lanes[index].policy.ordered, !held.isRetry else { return false }
        return isBeyondFront(held) || lanes[index].isBehindForeign(held)
    }

    /// Whether a lane's next delivery must wait for something accepted before it.
    func isHeldUp(_ index: Int) -> Bool { lanes[index].candidate.map { isHeldUp(index, $0) } ?? false }

    private func isBeyondFront(_ held: HeldDelivery) -> Bool {
        AcceptancePlace.isPlace(held.delivery.dueAt) && held.delivery.dueAt.milliseconds > front.limit
    }

    /// Looks at a lane again once the front has moved.
    mutating func waitForFront(_ index: Int, _ held: HeldDelivery) {
        if !lanes[index].isHeldUp {
            lanes[index].isHeldUp = true
            heldUp.append(index)
        }
        // Whatever it is that is not known: the store knows.
        if held.delivery.dueAt.milliseconds > front.known, !isReadingEvents { wantsEvents = true }
    }

    /// What was held up goes on, if the front has moved far enough.
    mutating func releaseHeldUp(at time: EngineTime) {
        guard hasFrontMoved else { return }
        hasFrontMoved = false
        let waiting = heldUp
        heldUp = []
        for index in waiting {
            lanes[index].isHeldUp = false
            enqueue(index, at: time)
        }
    }

    /// One that was attempted is gone. Another may wait in the store, where its retry is due and so behind first attempts:
    /// a read brings only the earliest beside those.
    mutating func lookForAttempted(after gone: HeldDelivery, lane index: Int) {
        guard gone.isRetry, lanes[index].policy.ordered, settings.scope == .all else { return }
        lanes[index].window.needsRescan = true
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
        for index in lanes.indices where lanes[index].policy.ordered {
            let subscription = lanes[index].target.subscription
            lanes[index].firstUnmatched =
                events.filter { event in
                    event.target.map { $0 == subscription.name } ?? subscription.wants(event.event)
                }
                .map(\.place).min()
        }
    }
}
