internal import DequeModule
internal import HeapModule
internal import WebhookCore

/// The part of a subscription's open deliveries that is in memory; the store has the rest.
///
/// Everything open in the store up to ``cursor`` is queued, or was handed out. So memory stays bounded whatever the backlog,
/// and nothing is ever sent before what is due earlier. Where order matters, first attempts are due at their
/// ``AcceptancePlace``, and what was attempted stands before them: the first holds up the others until it is due.
struct DeliveryBuffer {
    /// The read that is to bring more.
    private enum Read {
        /// ──asked for──▶ fromCursor or fromStart
        case none
        /// ──done or failed──▶ none
        case fromCursor
        /// ──done or failed──▶ none
        case fromStart
    }

    /// Due now, in order. Where order matters: everything in the buffer.
    private(set) var ready: Deque<QueuedDelivery> = []
    /// Due later.
    private var scheduled: Heap<ScheduledDelivery> = []
    /// Up to where the buffer is complete, as the store orders; `nil`: it holds all there is.
    private(set) var cursor: Refill.Position?
    /// The most deliveries that reads fill it with.
    var limit: Int
    /// Only changes while it is empty.
    var isOrdered: Bool
    private var read = Read.none
    /// Others have written: what is in the store may stand before the cursor.
    var needsRescan = false
    /// Counts how often it was cleared: a read from before is of no use.
    private(set) var epoch = 0
    /// The first that was left to the store during a read, which may have come too early to see it.
    private var leftDuringRead: Refill.Position?

    /// A limit for those who have nothing to fall back on.
    static let unlimited = Int.max / 4

    init(limit: Int, isComplete: Bool, isOrdered: Bool = false) {
        self.limit = limit
        self.isOrdered = isOrdered
        cursor = isComplete ? nil : .first
    }

    var count: Int { ready.count + scheduled.count }

    /// True when a read is under way.
    var isRefilling: Bool { read != .none }

    /// True when the store may have more than the buffer.
    var hasMore: Bool { cursor != nil }

    /// True when everything open is known to be none.
    var isExhausted: Bool { count == 0 && cursor == nil && !isRefilling && !needsRescan }

    /// Tells whether nothing is due, in memory or in the store, as far as others' writes are known.
    func isIdle(at now: Timestamp) -> Bool {
        guard ready.isEmpty, !needsRescan, read != .fromStart else { return false }
        if let cursor, cursor.dueAt <= now { return false }
        return scheduled.min.map { $0.queued.delivery.dueAt > now } ?? true
    }

    /// True when order matters and the first may have to wait for one that was not read yet.
    var isAhead: Bool {
        guard isOrdered, let first = ready.first, !first.isRetry else { return false }
        if needsRescan || read == .fromStart { return true }
        return cursor.map { first.position > $0 } ?? false
    }

    /// The read that the buffer needs, from the start or from the cursor; `nil`: none, or one is under way.
    ///
    /// - Parameter room: the most deliveries that it may have.
    func neededRead(room: Int) -> (isRescan: Bool, limit: Int)? {
        guard !isRefilling else { return nil }
        let isLow = hasMore && (count <= room / 4 || isAhead)
        guard isLow || needsRescan else { return nil }
        let isRescan = needsRescan || cursor == nil
        return (isRescan, isRescan ? min(count, 4096) + room : room)
    }

    /// A read is asked for, from the start or from the cursor.
    mutating func startRefill(isRescan: Bool) {
        read = isRescan ? .fromStart : .fromCursor
        if isRescan { needsRescan = false }
    }

    /// Takes in a delivery unless it belongs behind the cursor or the buffer is full of earlier ones.
    ///
    /// - Returns: what is not in the buffer: the delivery itself, or a later one that had to make room.
    mutating func insert(_ queued: QueuedDelivery, limit: Int, now: Timestamp) -> QueuedDelivery? {
        // Behind the cursor the store may have others that come first.
        if let cursor, queued.position > cursor, !(isOrdered && queued.isRetry) {
            leaveToStore(queued.position)
            return queued
        }
        add(queued, now: now)
        return count > limit ? evictLast() : nil
    }

    /// Takes in what a read brought.
    ///
    /// - Parameter end: how far it reached; `nil`: there is no more behind it.
    /// - Returns: what had to make room.
    mutating func refilled(
        _ deliveries: [QueuedDelivery],
        upTo end: Refill.Position?,
        limit: Int,
        now: Timestamp
    ) -> [QueuedDelivery] {
        read = .none
        for queued in deliveries { add(queued, now: now) }
        cursor = end
        // Whether the read has seen it or not: the next one begins there.
        if let leftDuringRead { leaveToStore(leftDuringRead) }
        leftDuringRead = nil
        return evictBehindCursor() + evict(downTo: limit + limit / 4)
    }

    /// The read failed.
    mutating func refillFailed() {
        read = .none
        leftDuringRead = nil
        needsRescan = true
    }

    /// Leaves a delivery to the store: the buffer is complete only up to the one before.
    private mutating func leaveToStore(_ position: Refill.Position) {
        if isRefilling { leftDuringRead = leftDuringRead.map { min($0, position) } ?? position }
        if cursor.map({ position <= $0 }) ?? true { cursor = position.justBefore }
    }

    /// Lets go of what is behind the cursor: it would keep the buffer from looking for what stands before it.
    private mutating func evictBehindCursor() -> [QueuedDelivery] {
        guard !isOrdered else { return [] }
        var evicted: [QueuedDelivery] = []
        while let cursor, let last = lastPosition, last > cursor, let queued = evictLast() { evicted.append(queued) }
        return evicted
    }

    private mutating func evict(downTo size: Int) -> [QueuedDelivery] {
        var evicted: [QueuedDelivery] = []
        while count > size, let last = evictLast() { evicted.append(last) }
        return evicted
    }

    private mutating func add(_ queued: QueuedDelivery, now: Timestamp) {
        if isOrdered {
            insertReady(queued)
        } else if queued.delivery.dueAt <= now, ready.last.map({ $0.position < queued.position }) ?? true {
            ready.append(queued)
        } else {
            scheduled.insert(ScheduledDelivery(queued: queued))
        }
    }

    /// Moves what has become due to the ready ones.
    mutating func promote(now: Timestamp) {
        while let next = scheduled.min, next.queued.delivery.dueAt <= now { insertReady(scheduled.removeMin().queued) }
    }

    /// Puts a delivery where it belongs; nearly always that is at one of the ends.
    private mutating func insertReady(_ queued: QueuedDelivery) {
        let key = key(queued)
        if let first = ready.first, key < self.key(first) { return ready.prepend(queued) }
        var index = ready.endIndex
        while index > ready.startIndex, key < self.key(ready[index - 1]) { index -= 1 }
        ready.insert(queued, at: index)
    }

    private func key(_ queued: QueuedDelivery) -> Refill.Position { isOrdered ? queued.turn : queued.position }

    mutating func popReady() -> QueuedDelivery? { ready.popFirst() }

    /// Puts a delivery back that was taken and not sent.
    mutating func requeue(_ queued: QueuedDelivery) { insertReady(queued) }

    /// Removes a delivery that is no longer open. `nil`: it isn't in the buffer.
    mutating func remove(_ id: Delivery.ID) -> QueuedDelivery? {
        if let index = ready.firstIndex(where: { $0.delivery.id == id }) { return ready.remove(at: index) }
        guard let found = scheduled.unordered.first(where: { $0.queued.delivery.id == id }) else { return nil }
        scheduled = Heap(scheduled.unordered.filter { $0.queued.delivery.id != id })
        return found.queued
    }

    /// The first time at which something is due; `nil` where the buffer is empty.
    var nextDue: Timestamp? { ready.first?.delivery.dueAt ?? scheduled.min?.queued.delivery.dueAt }

    /// The first time at which something that isn't due yet becomes due.
    var nextScheduled: Timestamp? { scheduled.min?.queued.delivery.dueAt }

    private var lastPosition: Refill.Position? {
        let last = scheduled.max?.queued.position
        guard let readyLast = ready.last?.position else { return last }
        return last.map { max($0, readyLast) } ?? readyLast
    }

    /// Lets go of the last one.
    private mutating func evictLast() -> QueuedDelivery? {
        let isLater =
            scheduled.max.map { last in ready.last.map { $0.position < last.queued.position } ?? true } ?? false
        guard let last = isLater ? scheduled.popMax()?.queued : ready.popLast() else { return nil }
        leaveToStore(last.position)
        return last
    }

    /// Removes everything; what is in the store is to be read again, unless `isComplete`.
    ///
    /// - Returns: what was in it.
    mutating func clear(isComplete: Bool) -> [QueuedDelivery] {
        let all = Array(ready) + scheduled.unordered.map(\.queued)
        let last = epoch
        self = DeliveryBuffer(limit: limit, isComplete: isComplete, isOrdered: isOrdered)
        epoch = last + 1
        return all
    }
}
