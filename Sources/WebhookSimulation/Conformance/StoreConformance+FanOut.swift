internal import WebhookCore

extension StoreConformance {
    static let fanOutChecks: [Check] = [
        Check("an event is fanned out once", fansOutOnce),
        Check(
            "pending events that are due come in the order of acceptance, with the next one's time",
            readsPendingEvents
        ),
        Check("an event takes its place when its time has come", takesPlace),
        Check("ordered first attempts stand by their events' places", ordersDeliveries),
        Check("an ordered read gives places to what has none", givesPlaces),
        Check("events and deliveries are taken over by row", takesOver),
    ]

    static func fansOutOnce(_ driver: StoreDriver) async throws {
        let row = try await driver.acceptPending(.sample("e1", isTest: true), at: .at(1))
        let new = NewDeliveries(bodies: ["body"], deliveries: [.pending("a", dueAt: .at(3)), .claimed("b")])
        let result = try await driver.commit { batch in
            let fanOut = FanOut(event: row, createdAt: .at(2), deliveries: new)
            batch.fanOuts = [fanOut, fanOut, FanOut(event: row + 1_000, createdAt: .at(2), deliveries: new)]
        }
        guard case .stored(let ids, _) = result.fanOuts[0], ids.count == 2 else {
            throw Failure(description: "the event was not fanned out: \(result.fanOuts)")
        }
        try expect(Array(result.fanOuts[1...]), [.refused, .refused], "a second fan-out, and one of nothing")
        let delivery = try await driver.delivery(ids[0])
        try expect(delivery.createdAt, .at(2), "the delivery's creation")
        try expect(delivery.isTest, true, "a test event's delivery is a test")
        try expect(try await driver.store.deliveries(DeliveryQuery()).count, 2, "deliveries in the store")

        let later = try await driver.acceptPending(.sample("e2"))
        _ = try await driver.store.cancel(events: ["e2"], deliveries: [], subscription: nil, at: .at(5))
        let refused = try await driver.commit {
            $0.fanOuts = [FanOut(event: later, createdAt: .at(6), deliveries: new)]
        }
        try expect(refused.fanOuts, [.refused], "a fan-out of a cancelled event")
    }

    static func readsPendingEvents(_ driver: StoreDriver) async throws {
        let late = try await driver.acceptPending(.sample("late", deliverAt: .at(100)), at: .at(0))
        // The clock goes back between two of them, and decides nothing.
        let first = try await driver.acceptPending(.sample("first"), at: .at(30))
        try await driver.accept(.sample("done"), at: .at(0), [])
        let second = try await driver.acceptPending(.sample("second", deliverAt: .at(15)), at: .at(20))
        let third = try await driver.acceptPending(.sample("third"), at: .at(5), target: "only")

        func read(_ limit: Int, dueBy instant: Timestamp) async throws -> StoreReadResult {
            try await driver.read { reads in
                reads.pendingEvents = limit
                reads.pendingEventsDueBy = instant
            }
        }
        let expectations: [(limit: Int, dueBy: Timestamp, rows: [Int64], next: Timestamp?)] = [
            (10, .at(0), [first, second, third], .at(100)),
            (2, .at(99), [first, second], .at(100)),
            (0, .at(100), [], nil),
            (10, .at(100), [first, second, third, late], nil),
            (10, .at(0), [first, second, third, late], nil),
        ]
        for expected in expectations {
            let found = try await read(expected.limit, dueBy: expected.dueBy)
            let what = "by \(expected.dueBy), limit \(expected.limit)"
            try expect(found.pendingEvents.map(\.row), expected.rows, "rows due \(what)")
            try expect(found.nextEventDue, expected.next, "the next due time \(what)")
            try expect(found.lastEvent, expected.limit > 0 ? third : 0, "the last event \(what)")
        }
        let events = try await read(10, dueBy: .at(0)).pendingEvents
        try expect(events.map(\.target), [nil, nil, "only", nil], "targets")
        try expect(events.map(\.place), [first, second, third, third], "places")
    }

    static func takesPlace(_ driver: StoreDriver) async throws {
        let early = try await driver.acceptPending(.sample("early", deliverAt: .at(100)), at: .at(0))
        let before = try await driver.acceptPending(.sample("before"), at: .at(0))
        // The time comes with this transaction, before what is new in it.
        let result = try await driver.commit { batch in
            batch.acceptances = [Acceptance(event: .sample("after"), createdAt: .at(0), deliveries: nil)]
            batch.reads.pendingEvents = 9
            batch.reads.pendingEventsDueBy = .at(100)
        }
        guard case .stored(let after, _) = result.acceptances[0] else {
            throw Failure(description: "it was not stored")
        }
        try expect(result.reads.pendingEvents.map(\.row), [before, early, after], "the order of acceptance")
        let again = try await driver.read { reads in
            reads.pendingEvents = 2
            reads.pendingEventsDueBy = .at(0)
        }
        try expect(again.pendingEvents.map(\.row), [before, early], "a place that was taken stays")
    }

    static func ordersDeliveries(_ driver: StoreDriver) async throws {
        let new = NewDeliveries(bodies: ["b"], deliveries: [.inOrder("a")])
        let early = try await driver.acceptPending(.sample("early", deliverAt: .at(100)), at: .at(50))
        let waits = try await driver.acceptPending(.sample("waits"), at: .at(50))
        let last = try await driver.accept(.sample("last"), at: .at(0), [.inOrder("a")])[0]
        _ = try await driver.read { reads in
            reads.pendingEvents = 1
            reads.pendingEventsDueBy = .at(100)
        }
        let result = try await driver.commit { batch in
            batch.fanOuts = [early, waits].map { FanOut(event: $0, createdAt: .at(200), deliveries: new) }
        }
        let ids = result.fanOuts.flatMap { outcome -> [Delivery.ID] in
            if case .stored(let ids, _) = outcome { ids } else { [] }
        }
        try expect(ids.count, 2, "both are fanned out")
        let read = try await driver.read { reads in
            reads.refills = [Refill(subscription: "a", after: nil, limit: 9, isOrdered: true)]
        }
        try expect(read.refills[0].map(\.id), [ids[1], last, ids[0]], "by place")
        try expect(read.refills[0].map(\.dueAt.milliseconds), [waits, waits + 1, waits + 1], "places")
        let indexed = try await driver.delivery(last)
        try expect(indexed.nextAttemptAt, .at(0), "a place is not shown as a time")
    }

    static func givesPlaces(_ driver: StoreDriver) async throws {
        let first = try await driver.acceptOne("e1", .claimed("a"))
        _ = try await driver.record(first, status: 200, next: .settled(.delivered))
        let second = try await driver.acceptOne("e2", .pending("a", dueAt: .at(7)))
        let third = try await driver.acceptOne("e3", .inOrder("a"))
        let again = try await driver.store.insertRetrigger(of: [first], at: .at(9))
        func read(_ refill: Refill) async throws -> [Delivery.ID] {
            try await driver.read { $0.refills = [refill] }.refills[0].map(\.id)
        }
        let unordered = try await read(Refill(subscription: "a", after: nil, limit: 9))
        try expect(unordered, [third, second] + again, "as they are due")
        let ordered = try await read(Refill(subscription: "a", after: nil, limit: 9, isOrdered: true))
        try expect(ordered, again + [second, third], "by their events")
    }

    static func takesOver(_ driver: StoreDriver) async throws {
        let waiting = try await driver.acceptPending(.sample("e1", deliverAt: .at(500)))
        let later = try await driver.acceptPending(.sample("e4", deliverAt: .at(501)))
        let result = try await driver.commit { batch in
            let new = NewDeliveries(bodies: ["b"], deliveries: [.pending("a", dueAt: .at(4)), .claimed("b")])
            batch.acceptances = [
                Acceptance(event: .sample("e2", tenant: "t"), createdAt: .at(0), deliveries: new),
                Acceptance(event: .sample("e3"), createdAt: .at(0), deliveries: new),
            ]
        }
        guard case .stored(let row, let ids) = result.acceptances[0] else {
            throw Failure(description: "e2 was not stored")
        }
        let read = try await driver.read { reads in
            reads.takeovers = [waiting, later, row]
            reads.pendingEventsDueBy = .at(500)
        }
        try expect(read.pendingEvents.map(\.row), [waiting], "events taken over: those that are due")
        try expect(read.takenOver.map(\.id), [ids[0]], "deliveries taken over: those that wait, not those in flight")
        try expect(
            read.takenOver.first?.event,
            EventHeader(row: row, id: "e2", topic: "course.created", tenant: "t", isTest: false),
            "the delivery's event"
        )
        let both = try await driver.read { reads in
            reads.takeovers = [waiting]
            reads.pendingEvents = 5
            reads.pendingEventsDueBy = .at(500)
        }
        try expect(both.pendingEvents.map(\.row), [waiting], "an event that is due and taken over comes once")
    }
}
