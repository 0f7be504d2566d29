internal import WebhookCore

extension StoreConformance {
    static let setAsideChecks: [Check] = [
        Check("an event is set aside at the second end of a process that rendered it", countsEnds),
        Check("an event set aside is given out no more, until it is released or cancelled", setsAside),
        Check("events that are left out are not read", excludes),
        Check("events that are due later are counted, with the next due time", countsScheduled),
    ]

    private static func pending(_ driver: StoreDriver, excluding rows: Set<Int64> = []) async throws -> [Int64] {
        try await driver.read { reads in
            reads.pendingEvents = 10
            reads.pendingEventsDueBy = .at(1_000)
            reads.excludedEvents = rows
        }.pendingEvents.map(\.row)
    }

    static func countsScheduled(_ driver: StoreDriver) async throws {
        let none = try await driver.store.scheduledEvents(after: .at(0))
        try expect(none, ScheduledEvents(), "an empty store")
        for (id, due) in [("now", nil), ("early", 5_000), ("late", 9_000), ("dropped", 9_500)] as [(String, Int64?)] {
            _ = try await driver.acceptPending(.sample(id, deliverAt: due.map { .at($0) }), at: .at(0))
        }
        _ = try await driver.store.cancel(events: ["dropped"], deliveries: [], subscription: nil, at: .at(1_000))
        for (instant, count, next) in [(1_000, 2, 5_000), (5_000, 1, 9_000), (9_000, 0, nil)] as [(Int64, Int, Int64?)]
        {
            let expected = ScheduledEvents(count: count, next: next.map { .at($0) })
            try expect(try await driver.store.scheduledEvents(after: .at(instant)), expected, "after \(instant)")
        }
    }

    static func countsEnds(_ driver: StoreDriver) async throws {
        let row = try await driver.acceptPending(.sample("e1"))
        let other = try await driver.acceptPending(.sample("e2"))
        let end = SetAside(event: row, cause: .renderingEnded)
        let once = try await driver.commit { $0.setAsides = [end] }
        try expect(once.setAsides, [SetAsideResult(event: "e1", isSetAside: false)], "the first end")
        try expect(try await pending(driver), [row, other], "what waits after one end")
        let twice = try await driver.commit { $0.setAsides = [end] }
        try expect(twice.setAsides, [SetAsideResult(event: "e1", isSetAside: true)], "the second end")
        try expect(try await pending(driver), [other], "what waits after two ends")
        try expect(
            try await driver.store.setAsideEvents(limit: 5),
            [SetAsideEvent(id: "e1", topic: "course.created", reason: SetAside.endedReason)],
            "what is set aside"
        )
        // Released, it has as many tries as before.
        try expect(try await driver.store.releaseSetAside(["e1", "e2", "e3"]), [row], "what is released")
        _ = try await driver.commit { $0.setAsides = [end] }
        try expect(try await pending(driver), [row, other], "what waits after one more end")
        let gone = try await driver.commit { $0.setAsides = [SetAside(event: 4_711, cause: .renderingEnded)] }
        try expect(gone.setAsides, [SetAsideResult(event: nil, isSetAside: false)], "an unknown event")
    }

    static func setsAside(_ driver: StoreDriver) async throws {
        let row = try await driver.acceptPending(.sample("e1"))
        let new = NewDeliveries(bodies: ["b"], deliveries: [.pending("a")])
        let result = try await driver.commit { batch in
            batch.setAsides = [SetAside(event: row, cause: .refused(reason: "no"))]
        }
        try expect(result.setAsides, [SetAsideResult(event: "e1", isSetAside: true)], "the result")
        let takenOver = try await driver.read { $0.takeovers = [row] }
        try expect(takenOver.pendingEvents.map(\.row), [], "events taken over")
        let fanOut = try await driver.commit {
            $0.fanOuts = [FanOut(event: row, createdAt: .at(2), deliveries: new)]
        }
        try expect(fanOut.fanOuts, [.refused], "a fan-out")
        try expect(try await driver.store.events(EventQuery()).map(\.setAside), ["no"], "the list")
        let pruned = try await driver.store.prune(olderThan: .at(1_000_000), limit: 10)
        try expect(pruned.events, 0, "events pruned")
        let cancelled = try await driver.store.cancel(events: ["e1"], deliveries: [], subscription: nil, at: .at(9))
        try expect(cancelled.events, ["e1"], "events cancelled")
        try expect(try await driver.store.setAsideEvents(limit: 5), [], "what is set aside")
    }

    static func excludes(_ driver: StoreDriver) async throws {
        let first = try await driver.acceptPending(.sample("e1"), at: .at(1))
        let second = try await driver.acceptPending(.sample("e2"), at: .at(2))
        try expect(try await pending(driver, excluding: [first]), [second], "what waits")
        let limited = try await driver.read { reads in
            reads.pendingEvents = 1
            reads.pendingEventsDueBy = .at(1_000)
            reads.excludedEvents = [first]
        }.pendingEvents.map(\.row)
        try expect(limited, [second], "what is left out takes up no room")
    }
}
