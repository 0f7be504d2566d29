internal import WebhookCore

extension StoreConformance {
    static let fanOutChecks: [Check] = [
        Check("an event is fanned out once", fansOutOnce),
        Check("pending events come by due moment, with the next one's", readsPendingEvents),
        Check("events and deliveries are adopted by row", adopts),
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
        let third = try await driver.acceptPending(.sample("third"), at: .at(30))
        let first = try await driver.acceptPending(.sample("first", deliverAt: .at(10)), at: .at(0))
        let second = try await driver.acceptPending(.sample("second"), at: .at(20), target: "only")
        try await driver.accept(.sample("done"), at: .at(0), [])

        func read(_ limit: Int, dueBy moment: Timestamp) async throws -> ([Int64], Timestamp?) {
            let result = try await driver.read { reads in
                reads.pendingEvents = limit
                reads.pendingEventsDueBy = moment
            }
            return (result.pendingEvents.map(\.row), result.nextEventDue)
        }
        let expectations: [(limit: Int, dueBy: Timestamp, rows: [Int64], next: Timestamp?)] = [
            (10, .at(9), [], .at(10)),
            (10, .at(10), [first], .at(20)),
            (10, .at(50), [first, second, third], .at(100)),
            (2, .at(50), [first, second], .at(30)),
            (10, .at(100), [first, second, third, late], nil),
            (0, .at(100), [], nil),
        ]
        for expected in expectations {
            let (rows, next) = try await read(expected.limit, dueBy: expected.dueBy)
            try expect(rows, expected.rows, "rows due by \(expected.dueBy), limit \(expected.limit)")
            try expect(next, expected.next, "the next due moment by \(expected.dueBy), limit \(expected.limit)")
        }
        let target = try await driver.read { reads in
            reads.pendingEvents = 2
            reads.pendingEventsDueBy = .at(20)
        }.pendingEvents.map(\.target)
        try expect(target, [nil, "only"], "targets")
    }

    static func adopts(_ driver: StoreDriver) async throws {
        let waiting = try await driver.acceptPending(.sample("e1", deliverAt: .at(500)))
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
        let read = try await driver.read { $0.adoptions = [waiting, row] }
        try expect(read.pendingEvents.map(\.row), [waiting], "adopted events")
        try expect(read.adopted.map(\.id), [ids[0]], "adopted deliveries: those that wait, not those in flight")
        try expect(
            read.adopted.first?.event,
            EventHeader(row: row, id: "e2", topic: "course.created", tenant: "t", isTest: false),
            "the delivery's event"
        )
        let both = try await driver.read { reads in
            reads.adoptions = [waiting]
            reads.pendingEvents = 5
            reads.pendingEventsDueBy = .at(500)
        }
        try expect(both.pendingEvents.map(\.row), [waiting], "an event that is due and adopted comes once")
    }
}
