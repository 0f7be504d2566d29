/// The times at which to wake connections; a binary heap, earliest first.
struct TimerHeap {
    struct Entry {
        /// In nanoseconds of the monotonic clock.
        var deadline: UInt64
        var descriptor: Int32
        /// Tells the connection from others that had its descriptor.
        var number: UInt32
        /// Tells the connection's wait from earlier ones, which were given up.
        var token: Int
    }

    private var entries: [Entry] = []

    var earliest: UInt64? { entries.first?.deadline }

    mutating func add(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].deadline < entries[parent].deadline else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the earliest entry if its time has come.
    mutating func popDue(at now: UInt64) -> Entry? {
        guard let first = entries.first, first.deadline <= now else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return first }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].deadline < entries[least].deadline {
                least = child
            }
            guard least != parent else { return first }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
