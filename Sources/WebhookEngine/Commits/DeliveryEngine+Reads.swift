internal import WebhookCore

/// Consequences of reads from the store.
extension DeliveryEngine {
    mutating func finishReads(_ done: CommitBatch, _ reads: StoreReadResult, at time: EngineTime) {
        let asked = done.reads
        if asked.interrupted { recover(reads.interrupted, at: time) }
        if asked.openSubscriptions { openQueues(reads.openSubscriptions, at: time) }
        if asked.interrupted, phase.start() { begin(at: time) }
        if asked.pendingEvents > 0 {
            eventsRead(reads, asked, at: time)
        } else {
            giveOut(reads.pendingEvents)
        }
        if asked.newDeliveriesAbove != nil {
            if let highest = reads.highestDelivery { known.read(upTo: highest) }
            for name in reads.touchedSubscriptions { touched(name, at: time) }
        }
        refills.end(rows: done.refillRows)
        for (refill, rows) in zip(done.refills, reads.refills) { refilled(refill, rows, at: time) }
        if !asked.takeovers.isEmpty { takenOver(reads, at: time) }
    }

    /// Others have inserted deliveries of a subscription, or may have.
    private mutating func touched(_ name: String, at time: EngineTime) {
        guard let index = queues.index(of: name) else { return }
        guard !queues[index].isDisabled else { return cancelNewDeliveries(index, at: time) }
        queues[index].buffer.needsRescan = true
        schedule(index, at: time)
        refillIfNeeded(index)
    }

    /// A delivery of ours got its id. Where one was left out before it, somebody else has inserted something.
    mutating func noteDelivery(_ id: Delivery.ID) {
        let gap = known.inserted(id)
        if let gap, phase.hasStarted, settings.scope == .all { commits.readNewDeliveries(above: gap) }
    }

    private mutating func takenOver(_ reads: StoreReadResult, at time: EngineTime) {
        for row in reads.takenOver {
            guard let index = queues.index(of: row.subscription), !memory.contains(row.id) else { continue }
            guard !queues[index].isDisabled else {
                cancelNewDeliveries(index, at: time)
                continue
            }
            guard keeps(index) else { continue }
            let delivery = recovery.corrected(row, queues[index].policy, at: time)
            enqueue(QueuedDelivery(delivery: delivery), queue: index, at: time)
            // What looked like somebody else's before may be this one.
            if queues[index].oldestExternal != nil {
                queues[index].buffer.needsRescan = true
                refillIfNeeded(index)
            }
        }
    }
}
