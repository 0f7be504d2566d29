internal import DequeModule
internal import WebhookCore

/// The slots that tenants have taken, each by all of its subscriptions together, and the queues that wait for their tenant's.
///
/// Only what is kept in the store has one: whoever has an application's token may make a thousand endpoints that hang. A queue
/// waits here, and not in everybody's line, while its tenant has all that it may have.
struct TenantShares {
    /// The number of what is in no share.
    static let none = 0

    /// The most slots that a tenant's subscriptions may have together.
    var limit: Int
    /// By the numbers that queues and attempts have; one is given again once nothing refers to it. The first is ``none``.
    private var shares = [Share()]
    private var byTenant: [ByteString: Int] = [:]
    private var unused: [Int] = []

    init(limit: Int) { self.limit = limit }

    var numbers: Range<Int> { 1..<shares.count }

    func hasRoom(_ share: Int) -> Bool { share == Self.none || shares[share].taken < limit }

    /// A queue of a tenant's comes.
    mutating func join(_ tenant: String) -> Int {
        let key = ByteString(tenant)
        let share = byTenant[key] ?? unused.popLast() ?? shares.count
        if share == shares.count { shares.append(Share()) }
        shares[share].tenant = key
        shares[share].queues += 1
        byTenant[key] = share
        return share
    }

    /// A queue goes, or is another's from now on. What it has under way, or in line, still counts.
    mutating func leave(_ share: Int) {
        shares[share].queues -= 1
        removeIfUnused(share)
    }

    mutating func take(_ share: Int) { shares[share].taken += 1 }

    mutating func free(_ share: Int) {
        shares[share].taken -= 1
        removeIfUnused(share)
    }

    /// A queue waits until its tenant has room.
    mutating func lineUp(_ queue: Int, of share: Int, for slotClass: SlotClass) {
        shares[share].waiting[slotClass.rawValue].append(queue)
    }

    /// The next queue that may stand in everybody's line: no more of a class at once than its tenant has room for, so that
    /// who waits there for a class without a slot is in no way of its other classes.
    mutating func enterLine(_ share: Int, for slotClass: SlotClass) -> Int? {
        let index = slotClass.rawValue
        guard shares[share].inLine[index] < limit - shares[share].taken,
            let queue = shares[share].waiting[index].popFirst()
        else { return nil }
        shares[share].inLine[index] += 1
        return queue
    }

    /// A queue had its turn in everybody's line.
    mutating func leftLine(_ share: Int, for slotClass: SlotClass) {
        shares[share].inLine[slotClass.rawValue] -= 1
        removeIfUnused(share)
    }

    private mutating func removeIfUnused(_ share: Int) {
        guard shares[share].isUnused, let tenant = shares[share].tenant else { return }
        byTenant[tenant] = nil
        shares[share].tenant = nil
        unused.append(share)
    }
}

private struct Share {
    /// `nil`: nobody's for now.
    var tenant: ByteString?
    /// The queues that have it.
    var queues = 0
    var taken = 0
    /// By class: who waits for room here, and the number of those who wait in everybody's line.
    var waiting: [Deque<Int>] = SlotClass.allCases.map { _ in [] }
    var inLine = SlotClass.allCases.map { _ in 0 }

    var isUnused: Bool {
        queues == 0 && taken == 0 && inLine.allSatisfy { $0 == 0 } && waiting.allSatisfy(\.isEmpty)
    }
}
