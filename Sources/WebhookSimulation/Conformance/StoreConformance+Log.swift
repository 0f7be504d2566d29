internal import WebhookCore

extension StoreConformance {
    static let logChecks: [Check] = [
        Check("events are listed newest first, filtered and paged", listsEvents),
        Check("events that wait to be matched are counted", countsUnmatchedEvents),
        Check("deliveries are listed newest first, filtered and paged", listsDeliveries),
        Check("an event's newest delivery for each subscription is found", findsNewestDeliveries),
    ]

    static func listsEvents(_ driver: StoreDriver) async throws {
        let later = Event.sample("e3", topic: "user.created", tenant: "t", given: true, deliverAt: .at(900))
        try await driver.accept(.sample("e1", tenant: "t"), at: .at(10), [.pending("a"), .pending("b")])
        try await driver.accept(.sample("e2", topic: "user.deleted", isTest: true), at: .at(20), [])
        _ = try await driver.acceptPending(later, at: .at(30))
        _ = try await driver.acceptPending(.sample("e4", occurredAt: .at(-5)), at: .at(40))
        _ = try await driver.store.cancel(events: ["e4"], deliveries: [], subscription: nil, at: .at(41))

        func list(_ fill: (inout EventQuery) -> Void) async throws -> [String] {
            var query = EventQuery()
            fill(&query)
            return try await driver.store.events(query).map(\.id)
        }
        try expect(try await list { _ in }, ["e4", "e3", "e2", "e1"], "all")
        try expect(try await list { $0.since = .at(20) }, ["e4", "e3", "e2"], "since")
        try expect(try await list { $0.until = .at(20) }, ["e1"], "until")
        try expect(try await list { $0.topics = ["user.created", "user.deleted"] }, ["e3", "e2"], "topics")
        try expect(try await list { $0.tenant = "t" }, ["e3", "e1"], "tenant")
        try expect(try await list { $0.isTest = true }, ["e2"], "tests")
        try expect(try await list { $0.isTest = false }, ["e4", "e3", "e1"], "no tests")
        try expect(try await list { $0.limit = 2 }, ["e4", "e3"], "the first page")
        try expect(try await list { ($0.limit, $0.after) = (2, "e3") }, ["e2", "e1"], "the second page")
        try expect(try await list { ($0.limit, $0.after) = (2, "e1") }, [], "behind the last")
        try expect(try await list { $0.after = "nothing" }, [], "behind an unknown event")
        try expect(try await list { ($0.tenant, $0.until) = ("t", .at(30)) }, ["e1"], "two conditions")

        let rows = try await driver.store.events(EventQuery())
        let expected = LoggedEvent(
            id: "e3",
            topic: "user.created",
            tenant: "t",
            occurredAt: .at(0),
            createdAt: .at(30),
            deliverAt: .at(900),
            isTest: false,
            isCancelled: false,
            deliveryCount: 0,
            isUnmatched: true
        )
        try expect(rows.map(\.isUnmatched), [false, true, false, false], "waits to be matched")
        try expect(rows[1], expected, "a row")
        try expect(rows.map(\.isCancelled), [true, false, false, false], "cancelled")
        try expect(rows.map(\.deliveryCount), [0, 0, 0, 2], "how many deliveries")
        try expect(rows[0].occurredAt, .at(-5), "when it happened")
    }

    static func countsUnmatchedEvents(_ driver: StoreDriver) async throws {
        let none = try await driver.store.unmatchedEvents(at: .at(100))
        try expect(none, UnmatchedEvents(due: 0, later: 0), "an empty store")
        try await driver.accept(.sample("e1"), [.pending("a")])
        for id in ["e2", "e3", "e4"] { _ = try await driver.acceptPending(.sample(id)) }
        _ = try await driver.acceptPending(.sample("e5", deliverAt: .at(900)))
        _ = try await driver.store.cancel(events: ["e4"], deliveries: [], subscription: nil, at: .at(41))
        let waiting = try await driver.store.unmatchedEvents(at: .at(100))
        try expect(waiting, UnmatchedEvents(due: 2, later: 1), "due and due later, without the cancelled one")
        let later = try await driver.store.unmatchedEvents(at: .at(900))
        try expect(later, UnmatchedEvents(due: 3, later: 0), "once its time has come")
    }

    static func listsDeliveries(_ driver: StoreDriver) async throws {
        let first = try await driver.accept(
            .sample("e1", tenant: "t"),
            at: .at(10),
            [.pending("a"), .claimed("b"), .pending("c")]
        )
        let second = try await driver.accept(
            .sample("e2", topic: "user.deleted", isTest: true),
            at: .at(20),
            [.claimed("a"), .pending("b")]
        )
        _ = try await driver.record(second[0], status: 200, next: .settled(.delivered))
        let all = Array((first + second).reversed())

        func list(_ fill: (inout DeliveryQuery) -> Void) async throws -> [Delivery.ID] {
            var query = DeliveryQuery()
            fill(&query)
            return try await driver.store.deliveries(query).map(\.id)
        }
        try expect(try await list { _ in }, all, "all")
        try expect(try await list { $0.since = .at(20) }, Array(all[0..<2]), "since")
        try expect(try await list { $0.until = .at(20) }, Array(all[2...]), "until")
        try expect(try await list { $0.topics = ["user.deleted", "x.y"] }, Array(all[0..<2]), "topics")
        try expect(try await list { $0.tenant = "t" }, Array(all[2...]), "tenant")
        try expect(try await list { $0.isTest = true }, Array(all[0..<2]), "tests")
        try expect(try await list { $0.isTest = false }, Array(all[2...]), "no tests")
        let states: Set<DeliveryState> = [.delivered, .inFlight]
        try expect(try await list { $0.states = states }, [second[0], first[1]], "states")
        try expect(try await list { $0.subscription = "a" }, [second[0], first[0]], "subscription")
        try expect(try await list { $0.subscription = "nobody" }, [], "an unknown subscription")
        try expect(try await list { $0.events = ["e1", "e9"] }, Array(all[2...]), "events")
        try expect(try await list { $0.limit = 2 }, Array(all[0..<2]), "the first page")
        try expect(try await list { ($0.limit, $0.after) = (2, all[1]) }, Array(all[2..<4]), "the second page")
        try expect(try await list { $0.after = all[4] }, [], "behind the last")
        _ = try await driver.record(first[1], status: 500, error: .status, next: .settled(.failed))
        try expect(try await list { $0.errors = [.status, .disabled] }, [first[1]], "errors")
        try expect(try await list { $0.errors = [.disabled] }, [], "an error that nothing has")
        let both = try await list { ($0.subscription, $0.states) = ("b", [.pending]) }
        try expect(both, [second[1]], "two conditions")
    }

    static func findsNewestDeliveries(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(.sample("e1"), [.claimed("a"), .pending("b")])
        try await driver.accept(.sample("e2"), [.pending("a")])
        _ = try await driver.record(ids[0], status: 500, error: .status, next: .settled(.failed))
        let again = try await driver.store.insertRetrigger(of: [ids[0]], at: .at(50))
        let newest = try await driver.store.newestDeliveries(ofEvent: "e1")
        try expect(newest.map(\.id), [again[0], ids[1]], "the newest by subscription, newest first")
        try expect(try await driver.store.newestDeliveries(ofEvent: "e9"), [], "an unknown event")
        try expect(try await driver.store.delivery(Delivery.ID(rawValue: 9_999)), nil, "an unknown delivery")
    }
}
