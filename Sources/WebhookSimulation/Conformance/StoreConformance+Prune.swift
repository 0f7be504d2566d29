internal import WebhookCore

extension StoreConformance {
    static let pruneChecks: [Check] = [
        Check("pruning deletes what settled long ago, in batches", prunes),
        Check("ids of deliveries are never given out again", neverReusesIDs),
        Check("a body stays as long as a delivery needs it", keepsSharedBodies),
        Check("a sound store has no problems", findsNoProblems),
    ]

    static func prunes(_ driver: StoreDriver) async throws {
        var settled: [Delivery.ID] = []
        for index in 0..<5 {
            let ids = try await driver.accept(.sample("old\(index)"), [.claimed("a"), .claimed("b")])
            for id in ids {
                _ = try await driver.record(id, status: 200, finishedAt: .at(30), next: .settled(.delivered))
            }
            settled += ids
        }
        let open = try await driver.accept(.sample("open"), [.claimed("a"), .pending("b")])
        _ = try await driver.record(open[0], status: 200, finishedAt: .at(30), next: .settled(.delivered))
        let recent = try await driver.acceptOne("recent", .claimed("a"))
        _ = try await driver.record(recent, status: 200, finishedAt: .at(200), next: .settled(.delivered))
        _ = try await driver.acceptPending(.sample("pending"))
        try await driver.accept(.sample("nobody"), [])
        try await driver.accept(.sample("new"), at: .at(150), [])

        var total = PruneResult()
        var batches = 0
        while true {
            let batchSize = try await driver.store.prune(olderThan: .at(100), limit: 4)
            if batchSize.isEmpty { break }
            try expect(batchSize.deliveries <= 4 && batchSize.events <= 4, "a batch is bounded")
            total.events += batchSize.events
            total.deliveries += batchSize.deliveries
            total.attempts += batchSize.attempts
            batches += 1
            try expect(batches < 100, "pruning comes to an end")
        }
        try expect(total, PruneResult(events: 6, deliveries: 11, attempts: 11), "what was deleted")
        let deliveries = try await driver.store.deliveries(DeliveryQuery())
        try expect(deliveries.map(\.id), [recent, open[1]], "deliveries that stay")
        let events = try await driver.store.events(EventQuery()).map(\.id)
        try expect(events, ["new", "pending", "recent", "open"], "events that stay")
        try expect(try await driver.store.attempts(of: settled[0]), [], "attempts go with their delivery")
        try expect(try await driver.store.attempts(of: recent).count, 1, "others stay")
        guard case .stored = try await driver.store.append(.sample("old0", data: "0"), target: nil) else {
            throw Failure(description: "a pruned event's id may be used again")
        }
        try expect(try await driver.store.integrityProblems(), [], "problems")
    }

    static func neverReusesIDs(_ harness: Harness) async throws {
        let driver = StoreDriver(store: try await harness.open())
        let ids = try await driver.accept(.sample("e1"), [.claimed("a"), .claimed("b")])
        for id in ids { _ = try await driver.record(id, status: 200, next: .settled(.delivered)) }
        let row = try await driver.acceptPending(.sample("e2"))
        _ = try await driver.store.cancel(events: ["e2"], deliveries: [], subscription: nil, at: .at(9))
        let pruned = try await driver.store.prune(olderThan: .at(1_000), limit: 100)
        try expect(pruned, PruneResult(events: 2, deliveries: 2, attempts: 2), "everything is pruned")
        let read = try await driver.read { $0.newDeliveriesAbove = Delivery.ID(rawValue: 0) }
        try expect(read.highestDelivery, nil, "the store is empty")

        let next = StoreDriver(store: try await harness.connect(driver.store))
        let later = try await next.acceptOne("e3", .pending("a"))
        try expect(later > ids[1], "a new delivery after everything was pruned: \(later)")
        let again = try await driver.store.insertRetrigger(of: [later], at: .at(1))
        try expect(again[0] > later, "and a retrigger: \(again)")
        let newer = try await driver.acceptPending(.sample("e4"))
        try expect(newer > row, "events' rows neither")
    }

    static func keepsSharedBodies(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(.sample("e1"), [.claimed("a"), .pending("b")])
        _ = try await driver.record(ids[0], status: 500, error: .status, next: .settled(.failed))
        let again = try await driver.store.insertRetrigger(of: [ids[0]], at: .at(50))
        let first = try await driver.store.prune(olderThan: .at(100), limit: 10)
        try expect(first, PruneResult(events: 0, deliveries: 1, attempts: 1), "the settled one goes")
        try expect(try await driver.claim(ids[1]), .claimed(body: "body"), "the other one's body")
        try expect(try await driver.claim(again[0]), .claimed(body: "body"), "the retrigger's body")
        try expect(try await driver.delivery(again[0]).retriggerOf, ids[0], "what it was a retrigger of")
        try expect(try await driver.store.integrityProblems(), [], "problems")
    }

    static func findsNoProblems(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(.sample("e1"), [.pending("a"), .claimed("b"), .claimed("c"), .claimed("d")])
        _ = try await driver.record(ids[1], status: 500, error: .status, next: .waiting(until: .at(30)))
        _ = try await driver.record(ids[2], status: 200, next: .settled(.delivered))
        _ = try await driver.acceptPending(.sample("e2"))
        try expect(try await driver.store.integrityProblems(), [], "problems")
    }
}
