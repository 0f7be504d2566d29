internal import DequeModule

/// The share of the slots that an attempt takes, and in which a queue with ready work waits for its turn.
enum SlotClass: Int, CaseIterable {
    /// First attempts to proven endpoints.
    case firstAttempt
    /// Retries to proven endpoints.
    case retry
    /// Endpoints that never succeeded, or that time out.
    case probation
}

/// The slots for attempts, and the queues that wait for one: the slot classes take turns, and within a class the queues do.
///
/// Dead endpoints can't take the slots of healthy ones, and retries leave room for first attempts.
struct AdmissionControl {
    private var waiting: [Deque<Int>] = SlotClass.allCases.map { _ in [] }
    private var taken = SlotClass.allCases.map { _ in 0 }
    /// The class whose turn it is.
    private var turn = 0
    /// The most attempts in flight at once.
    var limit: Int

    init(limit: Int) { self.limit = limit }

    /// Slots that endpoints without a success, or that time out, share.
    var probationSlots: Int { max(1, limit / 8) }
    /// Slots that retries may use: with the restricted ones, an eighth of all is left for first attempts.
    var retrySlots: Int { max(1, limit - limit / 8 - probationSlots) }

    /// Tells whether a class has a free slot. That ``limit`` is not reached is to be asked beside.
    func hasSlot(_ slotClass: SlotClass) -> Bool {
        switch slotClass {
        case .firstAttempt: true
        case .retry: taken[slotClass.rawValue] < retrySlots
        case .probation: taken[slotClass.rawValue] < probationSlots
        }
    }

    mutating func takeSlot(_ slotClass: SlotClass) { taken[slotClass.rawValue] += 1 }

    mutating func freeSlot(_ slotClass: SlotClass) { taken[slotClass.rawValue] -= 1 }

    /// A queue waits for a slot.
    mutating func lineUp(_ queue: Int, for slotClass: SlotClass) { waiting[slotClass.rawValue].append(queue) }

    /// The queue whose turn it is, of those whose class has a slot.
    mutating func next() -> Int? {
        for offset in waiting.indices {
            let slotClass = (turn + offset) % waiting.count
            guard hasSlot(SlotClass.allCases[slotClass]), let queue = waiting[slotClass].popFirst() else { continue }
            turn = (slotClass + 1) % waiting.count
            return queue
        }
        return nil
    }
}
