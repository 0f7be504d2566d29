internal import WebhookCore

/// The place up to which events are matched, in order of acceptance: an ordered subscription goes no further, because an
/// event that waits for its fan-out may be for it.
///
/// Other processes accept events, too. So the row of an event of our own only says that all before it are known where it
/// follows on the last known one; else the store is to be read.
struct AcceptanceFront {
    /// Up to this row every event is known; what of them waits and is due was given out.
    private(set) var known: Int64 = 0
    /// The places of events (rows) that were given out to be matched, until their deliveries are durable. A few.
    private var unmatched: [Int64: Int64] = [:]
    /// Places up to here may go.
    private(set) var limit: Int64 = 0
    /// True when the queues that are ``waiting`` are to look again.
    private var hasMoved = false
    /// Queues that wait for what was accepted before.
    private(set) var waiting: [Int] = []
    private var waits: Set<Int> = []

    /// An event was accepted.
    ///
    /// - Parameter isMatched: whether it was matched at once.
    /// - Returns: whether the store is to be read: it waits for its fan-out, or others may have come before it.
    mutating func accepted(_ row: Int64, isMatched: Bool) -> Bool {
        hasMoved = true
        guard isMatched else { return true }
        guard row > known else { return false }
        guard row == known + 1 else { return true }
        known = row
        update()
        return false
    }

    /// The store was read: everything that waits up to a place was given out.
    mutating func read(upTo place: Int64) {
        hasMoved = true
        known = max(known, place)
        update()
    }

    /// An event was given out to be matched.
    mutating func giveOut(_ event: PendingEvent) {
        unmatched[event.row] = event.place
        update()
    }

    /// An event's deliveries are durable, or it has none because it was cancelled.
    mutating func matched(_ event: PendingEvent) {
        hasMoved = true
        unmatched[event.row] = nil
        update()
    }

    /// An event waits in the store as before: it is to be read again.
    mutating func requeue(_ event: PendingEvent) {
        unmatched[event.row] = nil
        known = min(known, event.place - 1)
        update()
    }

    private mutating func update() { limit = unmatched.values.reduce(known, min) }

    // MARK: - Queues

    /// A queue waits for what was accepted before.
    mutating func wait(_ queue: Int) {
        if waits.insert(queue).inserted { waiting.append(queue) }
    }

    /// A queue has nothing that could wait.
    mutating func stopWaiting(_ queue: Int) {
        if waits.remove(queue) != nil { waiting.removeAll { $0 == queue } }
    }

    func isWaiting(_ queue: Int) -> Bool { waits.contains(queue) }

    /// The queues that waited, once the front has moved; those still in the way wait again.
    mutating func takeWaiting() -> [Int] {
        guard hasMoved else { return [] }
        hasMoved = false
        defer { (waiting, waits) = ([], []) }
        return waiting
    }
}
