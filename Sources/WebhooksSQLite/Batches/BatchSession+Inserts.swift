internal import GRDB
internal import WebhookCore

extension BatchSession {
    /// The part of an event that its deliveries take: its row, its ``AcceptancePlace``, whether it is a test, and its data
    /// where they are at hand.
    typealias ParentEvent = (row: Int64, place: Int64, isTest: Bool, data: ByteString?)
    /// Inserts an event's deliveries.
    typealias DeliveryInsert = (NewDeliveries, ParentEvent, Timestamp) throws -> [Delivery.ID]

    /// Stores an event, with its deliveries where they are known.
    func accept(_ acceptance: Acceptance) throws -> AcceptanceResult {
        try accept(acceptance) { try insert($0, of: $1, at: $2) }
    }

    func accept(_ acceptance: Acceptance, _ insertDeliveries: DeliveryInsert) throws -> AcceptanceResult {
        let event = acceptance.event
        let message = event.message.map { PlatformWriter(db: db).writer(of: $0, at: acceptance.createdAt) }
        if let refusal = try message?.refusal() { return .conflict(differences: refusal) }
        let row = try nextEventID()
        let insert = try statement(.insertEvent)
        try insert.bind(row)
        try insert.bind(event.id)
        try insert.bind(event.topic)
        try insert.bind(event.tenant)
        try insert.bind(event.occurredAt)
        try insert.bind(event.occurredAtIsGiven)
        try insert.bind(acceptance.createdAt)
        try insert.bind(event.deliverAt)
        try insert.bind(event.isTest)
        try insert.bind(acceptance.target)
        try insert.bind(event.trace?.stored)
        try insert.bind(Checksum(event).value)
        try insert.bind(event.data)
        guard try insert.run() == 1 else {
            switch try Self.readable({ try KnownEvent.compare(event, db) }) {
            case .success(let result): return result
            // Whether it is the same can't be told any more.
            case .failure(let damage): return .refused(reason: damage.reason)
            }
        }
        useEventID()
        try message?.insert(row)
        guard let deliveries = acceptance.deliveries else {
            let pending = try statement(.insertPending)
            try pending.bind(row)
            try pending.bind(event.deliverAt ?? acceptance.createdAt)
            try pending.bind(event.isDue(at: acceptance.createdAt) ? row : nil)
            try pending.run()
            return .stored(event: row, deliveries: [])
        }
        let ids = try insertDeliveries(deliveries, (row, row, event.isTest, event.data), acceptance.createdAt)
        return .stored(event: row, deliveries: ids)
    }

    /// Stores the deliveries of an event that waits for its fan-out.
    func fanOut(_ fanOut: FanOut) throws -> FanOutResult {
        try self.fanOut(fanOut) { try insert($0, of: $1, at: $2) }
    }

    func fanOut(_ fanOut: FanOut, _ insertDeliveries: DeliveryInsert) throws -> FanOutResult {
        let event = try statement(.selectPending)
        try event.bind(fanOut.event)
        let waits = try event.next()
        let (isTest, place) = waits ? (event.bool(0), event.optionalInt64(1)) : (false, nil)
        event.reset()
        let pending = try statement(.deletePending)
        try pending.bind(fanOut.event)
        guard try pending.run() == 1 else { return .refused }
        guard waits else { throw StoreError.damaged("event \(fanOut.event) waits and isn't there") }
        var deliveries = fanOut.deliveries
        let cancelled = try unmatchedCancellations().apply(to: &deliveries, event: fanOut.event)
        let parent = (row: fanOut.event, place: try place ?? nextEventID() - 1, isTest: isTest, data: fanOut.data)
        let ids = try insertDeliveries(deliveries, parent, fanOut.createdAt)
        return .stored(deliveries: ids, cancelled: cancelled)
    }

    /// Gives events whose `deliverAt` has come their place in the order of acceptance: behind the last one so far.
    func takePlaces(dueBy instant: Timestamp) throws {
        // Seldom: the others have theirs from the start.
        let due = try statement(.selectPlaceless)
        try due.bind(instant)
        guard try due.next() else { return }
        due.reset()
        try prepareToWrite()
        let take = try statement(.takePlaces)
        try take.bind(try nextEventID() - 1)
        try take.bind(instant)
        try take.run()
    }

    private func insert(
        _ new: NewDeliveries,
        of event: ParentEvent,
        at instant: Timestamp
    ) throws -> [Delivery.ID] {
        let bodies = try new.bodies.map { try insert(body: $0, of: event.row, data: event.data) }
        return try new.deliveries.map { delivery in
            try insert(delivery, body: delivery.body.map { bodies[$0] }, of: event, at: instant)
        }
    }

    /// - Parameter body: its row.
    func insert(
        _ delivery: NewDelivery,
        body: Int64?,
        of event: ParentEvent,
        at instant: Timestamp
    ) throws -> Delivery.ID {
        let id = try takeDeliveryID()
        let subscription = try names.row(of: delivery.subscription, db)
        let insert = try statement(.insertDelivery)
        try insert.bind(id)
        try insert.bind(event.row)
        try insert.bind(subscription)
        if let body { try insert.bind(body) } else { try insert.bindNull() }
        try insert.bind(delivery.contentType.code)
        try insert.bind(delivery.mode.code)
        try insert.bind(event.isTest)
        try insert.bind(instant)
        try bind(delivery.start, place: event.place, at: instant, to: insert)
        try insert.run()
        return Delivery.ID(rawValue: id)
    }

    /// - Parameter data: the event's, where they are at hand.
    /// - Returns: its row.
    func insert(body: ByteString, of event: Int64, data: ByteString?) throws -> Int64 {
        let stored = StoredBody(body, data: data)
        let insert = try statement(.insertBody)
        try insert.bind(stored.split == nil ? nil : event)
        try insert.bind(stored.split)
        try insert.bind(Checksum(body: body).value)
        try insert.bind(stored.content)
        try insert.run()
        return db.lastInsertedRowID
    }

    /// Binds state, attempts, due_at, claimed_at, settled_at, last_error and detail.
    private func bind(
        _ start: NewDelivery.Start,
        place: Int64,
        at instant: Timestamp,
        to insert: PreparedStatement
    ) throws {
        var (state, attempts) = (DeliveryState.pending, 0)
        var (dueAt, claimedAt, settledAt): (Timestamp?, Timestamp?, Timestamp?)
        var (error, detail): (FailureKind?, String?)
        switch start {
        case .pending(let instant):
            dueAt = instant
        case .inOrder:
            dueAt = AcceptancePlace.dueAt(place)
        case .claimed(let instant):
            (state, attempts, claimedAt) = (.inFlight, 1, instant)
        case .settled(let settled, let reason, let words):
            (state, settledAt, error, detail) = (settled, instant, reason, words)
        }
        try insert.bind(state.code)
        try insert.bind(attempts)
        try insert.bind(dueAt)
        try insert.bind(claimedAt)
        try insert.bind(settledAt)
        try insert.bind(error?.code)
        try insert.bind(detail)
    }
}

/// An event whose id is in the store already.
enum KnownEvent {
    /// Returns the result of storing an event again: a duplicate or a conflict.
    static func compare(_ event: Event, _ db: StoreDatabase) throws -> AcceptanceResult {
        let sql = "SELECT \(EventRow.columns), e.id FROM webhooks_events e WHERE e.event_id = ?"
        let statement = try PreparedStatement(db, sql)
        try statement.bind(event.id)
        guard try statement.next() else {
            throw StoreError.damaged("an event's id is indexed and the event isn't there")
        }
        defer { statement.reset() }
        let known = try EventRow.read(statement)
        let differences = known.differences(from: event)
        return differences.isEmpty
            ? .duplicate(event: statement.int64(Event.columnCount)) : .conflict(differences: differences)
    }
}
