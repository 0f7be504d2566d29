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

/// Slot classes that have a free slot.
struct FreeSlots: OptionSet {
    let rawValue: UInt8

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ slotClass: SlotClass) { rawValue = 1 << UInt8(slotClass.rawValue) }
}

/// The slots for attempts, and the queues that wait for one: the slot classes take turns, and within a class the queues do.
///
/// Dead endpoints can't take the slots of healthy ones, retries leave room for first attempts, and one tenant's stored
/// subscriptions leave room for everybody else's.
struct AdmissionControl {
    private var waiting: [Deque<PlaceInLine>] = SlotClass.allCases.map { _ in [] }
    private var taken = SlotClass.allCases.map { _ in 0 }
    private var shares: TenantShares
    /// The share of the queue that had the last turn.
    private var lastShare = TenantShares.none
    /// The class whose turn it is.
    private var turn = 0
    /// The most attempts in flight at once.
    var limit: Int {
        didSet {
            shares.limit = tenantSlots
            for share in shares.numbers { letIn(of: share) }
        }
    }

    init(limit: Int) {
        self.limit = limit
        shares = TenantShares(limit: Self.tenantSlots(of: limit))
    }

    /// Slots that endpoints without a success, or that time out, share.
    var probationSlots: Int { max(1, limit / 8) }
    /// Slots that retries may use: with the restricted ones, an eighth of all is left for first attempts.
    var retrySlots: Int { max(1, limit - limit / 8 - probationSlots) }
    /// Slots that all stored subscriptions of one tenant may use together. Half: no tenant alone stops the others, and where
    /// there is but one tenant, it still has enough of them.
    var tenantSlots: Int { Self.tenantSlots(of: limit) }

    private static func tenantSlots(of limit: Int) -> Int { max(1, limit / 2) }

    /// The classes that have a slot for a queue of that share. That ``limit`` is not reached is to be asked beside.
    func free(of share: Int) -> FreeSlots {
        guard shares.hasRoom(share) else { return [] }
        var free = FreeSlots(.firstAttempt)
        if hasSlot(.retry) { free.insert(FreeSlots(.retry)) }
        if hasSlot(.probation) { free.insert(FreeSlots(.probation)) }
        return free
    }

    private func hasSlot(_ slotClass: SlotClass) -> Bool {
        switch slotClass {
        case .firstAttempt: true
        case .retry: taken[slotClass.rawValue] < retrySlots
        case .probation: taken[slotClass.rawValue] < probationSlots
        }
    }

    mutating func takeSlot(_ slotClass: SlotClass, of share: Int) {
        taken[slotClass.rawValue] += 1
        if share != TenantShares.none { shares.take(share) }
    }

    mutating func freeSlot(_ slotClass: SlotClass, of share: Int) {
        taken[slotClass.rawValue] -= 1
        guard share != TenantShares.none else { return }
        shares.free(share)
        letIn(of: share)
    }

    /// A queue waits for a slot.
    mutating func lineUp(_ queue: Int, for slotClass: SlotClass, of share: Int) {
        guard share != TenantShares.none else {
            return waiting[slotClass.rawValue].append(PlaceInLine(queue: queue, share: share))
        }
        shares.lineUp(queue, of: share, for: slotClass)
        letIn(of: share)
    }

    /// The queue whose turn it is, of those whose class has a slot.
    mutating func next() -> Int? {
        // Whether it took a slot is known by now: if not, that is for the next of its tenant.
        if lastShare != TenantShares.none { letIn(of: lastShare) }
        lastShare = TenantShares.none
        for offset in waiting.indices {
            let slotClass = SlotClass.allCases[(turn + offset) % waiting.count]
            guard hasSlot(slotClass), let place = waiting[slotClass.rawValue].popFirst() else { continue }
            turn = (slotClass.rawValue + 1) % waiting.count
            if place.share != TenantShares.none { shares.leftLine(place.share, for: slotClass) }
            lastShare = place.share
            return place.queue
        }
        return nil
    }

    /// Lets queues that wait for their tenant's share stand in line with everybody's, as far as it has room.
    private mutating func letIn(of share: Int) {
        for slotClass in SlotClass.allCases {
            while let queue = shares.enterLine(share, for: slotClass) {
                waiting[slotClass.rawValue].append(PlaceInLine(queue: queue, share: share))
            }
        }
    }
}

extension AdmissionControl {
    /// A queue of a tenant's comes.
    ///
    /// - Returns: the share that its attempts count in.
    mutating func joinShare(of tenant: String) -> Int { shares.join(tenant) }

    /// A queue goes, or is another tenant's from now on.
    mutating func leaveShare(_ share: Int) { if share != TenantShares.none { shares.leave(share) } }
}

private struct PlaceInLine {
    var queue: Int
    var share: Int
}
