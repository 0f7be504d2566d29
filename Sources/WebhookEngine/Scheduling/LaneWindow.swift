internal import DequeModule
internal import HeapModule
internal import WebhookCore

/// The part of a subscription's open deliveries that is held in memory; the store has the rest.
///
/// Everything open in the store up to ``cursor`` is held, or was handed out. So memory stays bounded by ``limit``
/// whatever the backlog, and nothing is ever sent before what is due earlier.
struct LaneWindow {
    /// Due now, in order.
    private(set) var ready: Deque<HeldDelivery> = []
    /// Due later.
    private var later: Heap<LaterDelivery> = []
    /// Up to where the window is complete; `nil`: it holds all there is.
    private(set) var cursor: Refill.Position?
    /// The most deliveries to hold.
    var limit: Int
    /// A read is under way.
    var isRefilling = false
    /// Others have written: what is in the store may stand before the cursor.
    var needsRescan = false

    init(limit: Int, isComplete: Bool) {
        self.limit = limit
        cursor = isComplete ? nil : Refill.Position(dueAt: Timestamp(milliseconds: .min), delivery: .init(rawValue: 0))
    }

    var count: Int { ready.count + later.count }

    /// Whether the store may have more than the window.
    var hasMore: Bool { cursor != nil }

    /// Whether everything open is known to be none.
    var isExhausted: Bool { count == 0 && cursor == nil && !isRefilling && !needsRescan }

    /// Takes in a delivery unless it belongs behind the cursor or the window is full; returns whether it is held now.
    mutating func insert(_ held: HeldDelivery, now: Timestamp) -> Bool {
        if let cursor, held.position > cursor { return false }
        if cursor == nil, count >= limit {
            cursor = lastPosition
            if let cursor, held.position > cursor { return false }
        }
        hold(held, now: now)
        return true
    }

    /// Takes in what a read brought. `isLast`: there is no more behind it.
    mutating func refilled(_ deliveries: [HeldDelivery], upTo end: Refill.Position?, isLast: Bool, now: Timestamp) {
        for held in deliveries { hold(held, now: now) }
        if isLast {
            cursor = nil
        } else if let end {
            cursor = max(end, cursor ?? end)
        }
    }

    private mutating func hold(_ held: HeldDelivery, now: Timestamp) {
        if held.delivery.dueAt <= now, ready.last.map({ $0.position < held.position }) ?? true {
            ready.append(held)
        } else {
            later.insert(LaterDelivery(held: held))
        }
    }

    /// Moves what has become due to the ready ones.
    mutating func promote(now: Timestamp) {
        while let next = later.min, next.held.delivery.dueAt <= now {
            let held = later.removeMin().held
            // What was due before the last ready one goes where it belongs; this is rare and short.
            var index = ready.endIndex
            while index > ready.startIndex, held.position < ready[index - 1].position { index -= 1 }
            ready.insert(held, at: index)
        }
    }

    mutating func popReady() -> HeldDelivery? { ready.popFirst() }

    /// Puts a delivery back to where it came from: the front.
    mutating func pushBack(_ held: HeldDelivery) { ready.prepend(held) }

    /// The first moment at which something is due; `nil` where nothing is held.
    var nextDue: Timestamp? { ready.first?.delivery.dueAt ?? later.min?.held.delivery.dueAt }

    /// The first moment at which something that isn't due yet becomes due.
    var nextLater: Timestamp? { later.min?.held.delivery.dueAt }

    private var lastPosition: Refill.Position? {
        let last = later.max?.held.position
        guard let readyLast = ready.last?.position else { return last }
        return last.map { max($0, readyLast) } ?? readyLast
    }

    /// Everything held, handed back and forgotten.
    mutating func removeAll() -> [HeldDelivery] {
        let all = Array(ready) + later.unordered.map(\.held)
        ready = []
        later = []
        return all
    }

    /// Forgets a delivery that the store says is no longer open.
    mutating func forgetAll(isComplete: Bool) {
        _ = removeAll()
        cursor = isComplete ? nil : Refill.Position(dueAt: Timestamp(milliseconds: .min), delivery: .init(rawValue: 0))
    }
}
