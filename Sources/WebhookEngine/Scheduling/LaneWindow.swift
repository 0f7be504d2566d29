internal import DequeModule
internal import HeapModule
internal import WebhookCore

/// The part of a subscription's open deliveries that is held in memory; the store has the rest.
///
/// Everything open in the store up to ``cursor`` is held, or was handed out. So memory stays bounded by ``limit``
/// whatever the backlog, and nothing is ever sent before what is due earlier. Where order matters, first attempts are due at
/// their ``AcceptancePlace``, and what was attempted stands before them: the first holds up the others until it is due.
struct LaneWindow {
    /// Due now, in order. Where order matters: everything held.
    private(set) var ready: Deque<HeldDelivery> = []
    /// Due later.
    private var later: Heap<LaterDelivery> = []
    /// Up to where the window is complete, as the store orders; `nil`: it holds all there is.
    private(set) var cursor: Refill.Position?
    /// The most deliveries to hold.
    var limit: Int
    /// Only changes while nothing is held.
    var isOrdered: Bool
    /// A read is under way.
    private(set) var isRefilling = false
    /// It begins at the start, and not at the cursor.
    private var isRescanning = false
    /// Others have written: what is in the store may stand before the cursor.
    var needsRescan = false
    /// Counts how often everything was forgotten: a read from before is of no use.
    private(set) var epoch = 0
    /// The first that was left to the store during a read: the read may have come too early to see it.
    private var missed: Refill.Position?

    /// A limit for those who have nothing to fall back on.
    static let unlimited = Int.max / 4

    init(limit: Int, isComplete: Bool, isOrdered: Bool = false) {
        self.limit = limit
        self.isOrdered = isOrdered
        cursor = isComplete ? nil : .first
    }

    var count: Int { ready.count + later.count }

    /// Whether the store may have more than the window.
    var hasMore: Bool { cursor != nil }

    /// Whether everything open is known to be none.
    var isExhausted: Bool { count == 0 && cursor == nil && !isRefilling && !needsRescan }

    /// Where order matters: whether the first may have to wait for one that was not read yet.
    var isAhead: Bool {
        guard isOrdered, let first = ready.first, !first.isRetry else { return false }
        if needsRescan || isRescanning { return true }
        return cursor.map { first.position > $0 } ?? false
    }

    /// A read is asked for, from the start or from the cursor.
    mutating func startRefill(isRescan: Bool) {
        isRefilling = true
        isRescanning = isRescan
        if isRescan { needsRescan = false }
    }

    /// Takes in a delivery unless it belongs behind the cursor or the window is full of earlier ones.
    ///
    /// - Returns: what is held no longer: the delivery itself, or a later one that had to make room.
    mutating func insert(_ held: HeldDelivery, limit: Int, now: Timestamp) -> HeldDelivery? {
        if let cursor, !(isOrdered && held.isRetry), held.position > cursor {
            leave(held.position)
            return held
        }
        hold(held, now: now)
        return count > limit ? evictLast() : nil
    }

    /// Takes in what a read brought.
    ///
    /// - Parameter end: how far it reached; `nil`: there is no more behind it.
    /// - Returns: what had to make room, and is held no longer.
    mutating func refilled(
        _ deliveries: [HeldDelivery],
        upTo end: Refill.Position?,
        now: Timestamp
    ) -> [HeldDelivery] {
        isRefilling = false
        isRescanning = false
        for held in deliveries { hold(held, now: now) }
        cursor = end
        if let missed { leave(missed) }
        missed = nil
        var evicted: [HeldDelivery] = []
        // Nothing behind the cursor is held: it would keep the window from looking for what stands before it.
        while !isOrdered, let cursor, let last = lastPosition, last > cursor, let held = evictLast() {
            evicted.append(held)
        }
        while count > limit + limit / 4, let last = evictLast() { evicted.append(last) }
        return evicted
    }

    /// The read came to nothing.
    mutating func refillFailed() {
        isRefilling = false
        isRescanning = false
        missed = nil
        needsRescan = true
    }

    /// Leaves a delivery to the store: the window is complete only up to the one before.
    private mutating func leave(_ position: Refill.Position) {
        if isRefilling { missed = missed.map { min($0, position) } ?? position }
        if let cursor, cursor < position { return }
        cursor = Refill.Position(dueAt: position.dueAt, delivery: .init(rawValue: position.delivery.rawValue - 1))
    }

    private mutating func hold(_ held: HeldDelivery, now: Timestamp) {
        if isOrdered {
            insertReady(held)
        } else if held.delivery.dueAt <= now, ready.last.map({ $0.position < held.position }) ?? true {
            ready.append(held)
        } else {
            later.insert(LaterDelivery(held: held))
        }
    }

    /// Moves what has become due to the ready ones.
    mutating func promote(now: Timestamp) {
        while let next = later.min, next.held.delivery.dueAt <= now { insertReady(later.removeMin().held) }
    }

    /// Puts a delivery where it belongs; nearly always that is at one of the ends.
    private mutating func insertReady(_ held: HeldDelivery) {
        let key = key(held)
        if let first = ready.first, key < self.key(first) { return ready.prepend(held) }
        var index = ready.endIndex
        while index > ready.startIndex, key < self.key(ready[index - 1]) { index -= 1 }
        ready.insert(held, at: index)
    }

    private func key(_ held: HeldDelivery) -> Refill.Position { isOrdered ? held.turn : held.position }

    mutating func popReady() -> HeldDelivery? { ready.popFirst() }

    /// Puts a delivery back that was taken and not sent.
    mutating func pushBack(_ held: HeldDelivery) { insertReady(held) }

    /// Lets go of a delivery that is no longer open. `nil`: it isn't held.
    mutating func remove(_ id: Delivery.ID) -> HeldDelivery? {
        if let index = ready.firstIndex(where: { $0.delivery.id == id }) { return ready.remove(at: index) }
        guard let found = later.unordered.first(where: { $0.held.delivery.id == id }) else { return nil }
        later = Heap(later.unordered.filter { $0.held.delivery.id != id })
        return found.held
    }

    /// The first moment at which something is due; `nil` where nothing is held.
    var nextDue: Timestamp? { ready.first?.delivery.dueAt ?? later.min?.held.delivery.dueAt }

    /// The first moment at which something that isn't due yet becomes due.
    var nextLater: Timestamp? { later.min?.held.delivery.dueAt }

    private var lastPosition: Refill.Position? {
        let last = later.max?.held.position
        guard let readyLast = ready.last?.position else { return last }
        return last.map { max($0, readyLast) } ?? readyLast
    }

    /// Lets go of the last one.
    private mutating func evictLast() -> HeldDelivery? {
        let isLater = later.max.map { last in ready.last.map { $0.position < last.held.position } ?? true } ?? false
        guard let last = isLater ? later.popMax()?.held : ready.popLast() else { return nil }
        leave(last.position)
        return last
    }

    /// Forgets everything that is held; what is in the store is to be read anew, unless `isComplete`.
    ///
    /// - Returns: what was held.
    mutating func forget(isComplete: Bool) -> [HeldDelivery] {
        let all = Array(ready) + later.unordered.map(\.held)
        let forgotten = epoch
        self = LaneWindow(limit: limit, isComplete: isComplete, isOrdered: isOrdered)
        epoch = forgotten + 1
        return all
    }
}
