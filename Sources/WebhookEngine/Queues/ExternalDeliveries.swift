internal import WebhookCore

/// The deliveries of others that an ordered subscription's own must not overtake.
///
/// An engine of the scope `.own` has its own deliveries alone, and those of other processes stand in the same order: it reads
/// which is the first of them, and starts nothing behind it. An engine that has the whole store knows none but its own.
struct ExternalDeliveries {
    /// The place of the first that is open; before everything until it was read.
    private var first: Refill.Position?
    /// The place of the first event that somebody else has to match, and that the subscription would get.
    var firstUnmatched: Int64?

    /// True when there are any, as far as is known.
    var areAny: Bool { first != nil }

    /// Tells whether one of them comes before a place.
    func stand(before turn: Refill.Position) -> Bool {
        if let first, first < turn { return true }
        return firstUnmatched.map { AcceptancePlace.dueAt($0) < turn.dueAt } ?? false
    }

    /// One is added.
    mutating func insert(_ turn: Refill.Position) { first = first.map { min($0, turn) } ?? turn }

    /// Nothing starts before the store was read.
    mutating func mustBeRead() { first = .first }

    /// The store was read.
    mutating func wereRead(first: Refill.Position?) { self.first = first }
}

/// An engine that has only its own deliveries, beside the others.
extension DeliveryEngine {
    /// Somebody else has to see to a delivery from now on; where order matters, those behind it wait for that.
    mutating func leaveToOthers(_ delivery: OpenDelivery, queue index: Int) {
        guard settings.scope == .own, queues[index].policy.ordered else { return }
        queues[index].external.insert(delivery.turn)
    }

    /// An engine that has only its own deliveries reads what others have of an ordered subscription, before it goes on.
    mutating func lookForExternal(_ index: Int) {
        guard settings.scope == .own, queues[index].policy.ordered else { return }
        queues[index].external.mustBeRead()
        queues[index].buffer.needsRescan = true
    }

    /// Looks again at what is in the way of ordered subscriptions, since it may have been cancelled.
    mutating func lookForWhatIsInTheWay() {
        guard !front.waiting.isEmpty else { return }
        backlog.want()
        for index in front.waiting where queues[index].external.areAny {
            queues[index].buffer.needsRescan = true
            refillIfNeeded(index)
        }
    }

    /// An engine that has only its own deliveries learns which others of an ordered subscription are open.
    mutating func externalRead(_ index: Int, _ rows: [OpenDelivery], at time: EngineTime) {
        _ = queues[index].buffer.refilled([], upTo: nil, limit: room(index), now: time.monotonic)
        let policy = queues[index].policy
        let others = rows.filter { !memory.contains($0.id) }
        queues[index].external.wereRead(first: others.map { recovery.corrected($0, policy, at: time).turn }.min())
        schedule(index, at: time)
    }

    /// An engine that has only its own deliveries learns what others have to match, and who has to wait for it.
    mutating func unmatchedRead(_ events: [PendingEvent]) {
        for index in queues.indices where queues[index].policy.ordered {
            let subscription = queues[index].target.subscription
            let wanted = events.filter { event in
                event.target.map { $0 == subscription.name } ?? subscription.wants(event.event)
            }
            queues[index].external.firstUnmatched = wanted.map(\.place).min()
        }
    }
}
