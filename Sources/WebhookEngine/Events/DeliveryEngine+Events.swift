internal import WebhookCore

/// Events that wait in the store for their fan-out.
extension DeliveryEngine {
    mutating func readEventsIfWanted(at time: EngineTime) {
        guard settings.scope == .all || queues.hasOrdered, !phase.isDraining,
            let excluded = backlog.beginRead(mostLarge: settings.largeFanOuts)
        else { return }
        commits.readEvents(atMost: settings.fanOutBatch, dueBy: time.certain, excluding: excluded)
    }

    mutating func eventsRead(_ reads: StoreReadResult, _ asked: StoreReads, at time: EngineTime) {
        backlog.endRead()
        let events = reads.pendingEvents
        let isWhole = events.count < asked.pendingEvents
        front.read(upTo: isWhole ? reads.lastEvent : events.prefix(asked.pendingEvents).last?.place ?? 0)
        guard settings.scope == .all else {
            let takenOver = Set(asked.takeovers)
            unmatchedRead(events.filter { !takenOver.contains($0.row) })
            return giveOut(events.filter { takenOver.contains($0.row) })
        }
        giveOut(events)
        if !isWhole { backlog.want() }
        backlog.learnNext(reads.nextEventDue, at: time)
    }

    mutating func giveOut(_ events: [PendingEvent]) {
        for event in events { front.giveOut(event) }
        for event in events {
            let isLarge = event.event.data.count > settings.promptEventBytes
            backlog.giveOut(event, isLarge: isLarge)
            if isLarge { actions.largeFanOuts.append(event) } else { actions.fanOuts.append(event) }
        }
    }
}

/// Ordered subscriptions: they wait for events that nobody has matched yet, and for deliveries of other processes.
extension DeliveryEngine {
    /// Tells whether a queue's next delivery must wait for something accepted before it.
    func isBlocked(_ index: Int) -> Bool {
        queues[index].candidate.map { queues[index].isBlocked($0, upTo: front.limit) } ?? false
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
}
