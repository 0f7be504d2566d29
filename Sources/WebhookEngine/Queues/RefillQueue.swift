internal import DequeModule
internal import WebhookCore

/// The reads for the queues' buffers: a transaction takes a limited number of deliveries, the others' reads wait for the next.
struct RefillQueue {
    /// About the number of deliveries that a transaction reads into the buffers: some milliseconds.
    static let rowsPerTransaction = 2048

    /// The most deliveries that reads under way bring.
    private(set) var rowsUnderWay = 0
    /// Queues whose reads wait for the next transaction.
    private var waiting: Deque<Int> = []
    private var waits: Set<Int> = []

    func isWaiting(_ queue: Int) -> Bool { waits.contains(queue) }

    mutating func begin(rows: Int) { rowsUnderWay += rows }

    /// Reads have ended, well or not.
    mutating func end(rows: Int) { rowsUnderWay -= rows }

    /// A queue's read has to wait.
    mutating func wait(_ queue: Int) {
        if waits.insert(queue).inserted { waiting.append(queue) }
    }

    /// The next queue whose read has waited.
    mutating func next() -> Int? {
        guard let queue = waiting.popFirst() else { return nil }
        waits.remove(queue)
        return queue
    }
}

/// Reads for the queues' buffers.
extension DeliveryEngine {
    /// Asks for more of a queue's deliveries when its buffer runs low.
    mutating func refillIfNeeded(_ index: Int) {
        guard phase.hasStarted, settings.scope == .all || queues[index].external.areAny, queues[index].isOpen,
            let read = queues[index].buffer.neededRead(room: min(readRoom(index), 4096))
        else { return }
        guard commits.pendingRefillRows < RefillQueue.rowsPerTransaction else { return refills.wait(index) }
        queues[index].buffer.startRefill(isRescan: read.isRescan)
        refills.begin(rows: read.limit)
        commits.refill(
            PendingRefill(
                queue: index,
                epoch: queues[index].buffer.epoch,
                read: Refill(
                    subscription: queues[index].name,
                    after: read.isRescan ? nil : queues[index].buffer.cursor,
                    limit: read.limit,
                    isOrdered: queues[index].policy.ordered
                )
            )
        )
    }

    /// Asks for those whose reads had to wait for the next transaction.
    mutating func refillWaiting() {
        while commits.pendingRefillRows < RefillQueue.rowsPerTransaction, let index = refills.next() {
            refillIfNeeded(index)
        }
    }

    /// The most deliveries that reads keep in a queue's buffer; fewer where all buffers together have many.
    private func readRoom(_ index: Int) -> Int {
        let limit = queues[index].buffer.limit
        let isFree = memory.count + refills.rowsUnderWay < settings.bufferTotal || settings.scope == .own
        return isFree ? limit : min(limit, 8)
    }

    /// The most deliveries in a queue's buffer: more than reads bring while little is in memory.
    func room(_ index: Int) -> Int {
        let isFree = memory.count + refills.rowsUnderWay < settings.freeBuffer
        return isFree ? max(readRoom(index), settings.freeBuffer) : readRoom(index)
    }

    /// A read has brought a queue's next deliveries.
    mutating func refilled(_ refill: PendingRefill, _ rows: [OpenDelivery], at time: EngineTime) {
        let index = refill.queue
        guard queues[index].buffer.epoch == refill.epoch else { return }
        guard queues[index].isOpen else { return queues[index].buffer.refillFailed() }
        if settings.scope == .own { return externalRead(index, rows, at: time) }
        // The attempted one that comes beside the others says nothing about how far the read reached: it stands before the
        // cursor, or behind as many as were asked for.
        let positions = rows.map { Refill.Position(dueAt: $0.dueAt, delivery: $0.id) }
            .filter { position in refill.read.after.map { position > $0 } ?? true }
            .sorted()
        let end = positions.count < refill.read.limit ? nil : positions[refill.read.limit - 1]
        var fresh: [QueuedDelivery] = []
        for row in rows where memory.insert(row.id) {
            fresh.append(QueuedDelivery(delivery: recovery.corrected(row, queues[index].policy, at: time)))
        }
        let evicted = queues[index].buffer.refilled(fresh, upTo: end, limit: room(index), now: time.monotonic)
        for delivery in evicted { memory.remove(delivery) }
        schedule(index, at: time)
        refillIfNeeded(index)
    }
}
