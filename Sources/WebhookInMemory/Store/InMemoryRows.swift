package import WebhookCore

/// Everything that an ``InMemoryStore`` keeps, with the indexes that keep a simulation fast.
///
/// A value: a copy is a snapshot, to look for violated invariants at leisure.
package struct InMemoryRows: Sendable {
    package private(set) var events: [Int64: InMemoryEventRow] = [:]
    package private(set) var deliveries: [Int64: InMemoryDeliveryRow] = [:]
    var healthRows: [String: InMemoryHealthRow] = [:]
    /// Subscriptions that were cancelled while events waited to be matched, with the rows of those events.
    var unmatchedCancellations: [String: Set<Int64>] = [:]
    /// The nodes whose rows stand, and who holds which subscription.
    var nodes: [NodeID: InMemoryNodeRow] = [:]
    package internal(set) var leases: [String: NodeID] = [:]
    /// Subscriptions that are kept in the store, by id, and the number of the last change.
    var storedSubscriptions: [String: StoredSubscription] = [:]
    /// Answers to requests, by their keys.
    var answers: [ByteString: StoredAnswer] = [:]
    var subscriptionsVersion: Int64 = 0
    /// The reason why a row is refused; `nil`: it isn't.
    var refuses: (@Sendable (WrittenRow, InMemoryRows) -> String?)?

    private(set) var eventRows: [String: Int64] = [:]
    package private(set) var lastEvent: Int64 = 0
    private(set) var lastDelivery: Int64 = 0
    /// Pending and waiting deliveries by subscription, in the order in which they are due.
    package private(set) var waiting: [String: SortedValues<Refill.Position>] = [:]
    private(set) var inFlight = SortedValues<Int64>()
    /// Events that wait for their fan-out and are due.
    package private(set) var dueEvents = SortedValues<InMemoryEventRow.Turn>()
    /// Events that wait for their time; the row stands where a delivery's id would.
    private(set) var scheduledEvents = SortedValues<Refill.Position>()

    init() {}

    /// The remembered health of each subscription, by name.
    package var health: [SubscriptionHealth] {
        healthRows.values.map(\.health).filter { $0 != SubscriptionHealth(subscription: $0.subscription) }
            .sorted { $0.subscription < $1.subscription }
    }

    /// Rows of deliveries, oldest first.
    package var deliveryRows: [InMemoryDeliveryRow] { deliveries.values.sorted { $0.id < $1.id } }

    /// True when an event waits for its fan-out, due or not.
    package var hasWaitingEvents: Bool { !dueEvents.isEmpty || !scheduledEvents.isEmpty }

    var waitingEventRows: [Int64] { dueEvents.values.map(\.row) + scheduledEvents.values.map(\.delivery.rawValue) }

    package func event(_ id: String) -> InMemoryEventRow? { eventRows[id].flatMap { events[$0] } }

    // MARK: Changing rows, the indexes along

    mutating func insertEvent(
        _ event: Event,
        target: String?,
        at instant: Timestamp,
        state: InMemoryEventRow.State,
        as reserved: Int64? = nil
    ) -> Int64 {
        let number = reserved ?? reserveEvent()
        var row = InMemoryEventRow(row: number, event: event, target: target, createdAt: instant, state: state)
        if event.isDue(at: instant) { row.place = number }
        events[number] = row
        eventRows[event.id] = number
        if state == .waitsForFanOut { wait(row) }
        return number
    }

    /// Gives out a row that may become visible later, after others that come behind it.
    package mutating func reserveEvent() -> Int64 {
        lastEvent += 1
        return lastEvent
    }

    /// Gives events whose time has come their place.
    mutating func takePlaces(dueBy instant: Timestamp) {
        while let position = scheduledEvents.first, position.dueAt <= instant {
            scheduledEvents.remove(position)
            let row = position.delivery.rawValue
            events[row]?.place = lastEvent
            if let event = events[row] { wait(event) }
        }
    }

    private mutating func wait(_ event: InMemoryEventRow) {
        if let turn = event.turn { dueEvents.insert(turn) } else { scheduledEvents.insert(Self.position(event)) }
    }

    private mutating func waitNoMore(_ event: InMemoryEventRow) {
        if let turn = event.turn { dueEvents.remove(turn) }
        scheduledEvents.remove(Self.position(event))
    }

    mutating func setState(_ state: InMemoryEventRow.State, ofEvent row: Int64) {
        guard let event = events[row] else { return }
        waitNoMore(event)
        events[row]?.state = state
        if state == .waitsForFanOut {
            events[row]?.ends = 0
            if let event = events[row] { wait(event) }
        }
    }

    /// Gives an event to a node to be fanned out.
    mutating func give(event row: Int64, to node: NodeID) { events[row]?.givenTo = node }

    mutating func countEnd(ofEvent row: Int64) -> Int {
        events[row]?.ends += 1
        return events[row]?.ends ?? 0
    }

    mutating func removeEvent(_ row: Int64) {
        guard let event = events.removeValue(forKey: row) else { return }
        eventRows[event.event.id] = nil
        waitNoMore(event)
    }

    /// Inserts a delivery under the next id.
    mutating func insertDelivery(_ make: (Delivery.ID) -> InMemoryDeliveryRow) -> Delivery.ID {
        lastDelivery += 1
        let row = make(Delivery.ID(rawValue: lastDelivery))
        deliveries[lastDelivery] = row
        events[row.event]?.deliveries.append(lastDelivery)
        index(row)
        return row.id
    }

    mutating func updateDelivery(_ id: Delivery.ID, _ change: (inout InMemoryDeliveryRow) -> Void) {
        guard var row = deliveries.removeValue(forKey: id.rawValue) else { return }
        unindex(row)
        change(&row)
        index(row)
        deliveries[id.rawValue] = row
    }

    mutating func removeDelivery(_ id: Int64) {
        guard let row = deliveries.removeValue(forKey: id) else { return }
        unindex(row)
        events[row.event]?.deliveries.removeAll { $0 == id }
    }

    private mutating func index(_ row: InMemoryDeliveryRow) {
        if let position = row.position { waiting[row.subscription, default: SortedValues()].insert(position) }
        if row.state == .inFlight { inFlight.insert(row.id.rawValue) }
    }

    private mutating func unindex(_ row: InMemoryDeliveryRow) {
        if let position = row.position { waiting[row.subscription]?.remove(position) }
        if row.state == .inFlight { inFlight.remove(row.id.rawValue) }
    }

    private static func position(_ row: InMemoryEventRow) -> Refill.Position {
        Refill.Position(dueAt: row.dueAt, delivery: Delivery.ID(rawValue: row.row))
    }
}
