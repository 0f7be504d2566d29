internal import HeapModule
internal import WebhookCore

/// The times at which queues are to be looked at again.
struct QueueTimers {
    private struct Timer: Comparable {
        var at: Timestamp
        var queue: Int

        static func < (lhs: Timer, rhs: Timer) -> Bool { (lhs.at, lhs.queue) < (rhs.at, rhs.queue) }
    }

    private var timers: Heap<Timer> = []
    /// The earliest timer of each queue.
    private var earliest: [Timestamp?] = []

    /// With those of no use any more.
    var count: Int { timers.count }

    /// The time at which the next is due.
    var next: Timestamp? { timers.min?.at }

    /// A queue is new.
    mutating func addQueue(_ index: Int) {
        if index == earliest.count { earliest.append(nil) }
    }

    /// These queues are gone.
    mutating func removeQueues(_ indices: [Int]) {
        for index in indices { earliest[index] = nil }
        rebuild()
    }

    /// Leaves out timers of no use.
    private mutating func rebuild() {
        timers = Heap(earliest.indices.compactMap { queue in earliest[queue].map { Timer(at: $0, queue: queue) } })
    }

    /// Looks at a queue at a time, if not earlier.
    mutating func set(_ queue: Int, at time: Timestamp) {
        if let set = earliest[queue], set <= time { return }
        earliest[queue] = time
        if timers.count > 2 * earliest.count + 64 {
            // Most are of no use any more: a queue that was woken up earlier sets its next timer again.
            rebuild()
        } else {
            timers.insert(Timer(at: time, queue: queue))
        }
    }

    /// The next queue whose time has come.
    mutating func popDue(now: Timestamp) -> Int? {
        guard let timer = timers.min, timer.at <= now else { return nil }
        timers.removeMin()
        if earliest[timer.queue] == timer.at { earliest[timer.queue] = nil }
        return timer.queue
    }
}
