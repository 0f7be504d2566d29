internal import WebhookCore

extension StoreConformance {
    static let scheduleChecks: [Check] = [
        Check("a retry's wait is kept beside its due time", keepsWait),
        Check("refills come by due time and id, page by page", refills),
        Check("a refill tells all that a scheduler needs", refillsCompletely),
        Check("open subscriptions come with their earliest due time", listsOpenSubscriptions),
        Check("subscriptions with new deliveries are found", findsNewDeliveries),
        Check("a refill brings the earliest delivery that waits for a retry, where it is asked for", bringsAttempted),
    ]

    static func refills(_ driver: StoreDriver) async throws {
        let due: [Int64] = [30, 10, 20, 10, 30, 10]
        let new = due.map { NewDelivery.pending("a", dueAt: .at($0)) }
        let ids = try await driver.accept(.sample("e1"), new + [.pending("b", dueAt: .at(1)), .claimed("a")])
        let retried = try await driver.acceptOne("e2", .claimed("a"))
        _ = try await driver.record(retried, error: .status, next: .waiting(until: .at(20)))
        let order = [ids[1], ids[3], ids[5], ids[2], retried, ids[0], ids[4]]

        func refill(after: Refill.Position?, limit: Int) async throws -> [OpenDelivery] {
            try await driver.read { reads in
                reads.refills = [Refill(subscription: "a", after: after, limit: limit)]
            }.refills[0]
        }
        try expect(try await refill(after: nil, limit: 100).map(\.id), order, "all that wait, those in flight left out")
        var paged: [Delivery.ID] = []
        var position: Refill.Position?
        while true {
            let page = try await refill(after: position, limit: 2)
            guard let last = page.last else { break }
            try expect(page.count <= 2, "a page holds at most two")
            paged += page.map(\.id)
            position = Refill.Position(dueAt: last.dueAt, delivery: last.id)
        }
        try expect(paged, order, "pages put together")

        let several = try await driver.read { reads in
            reads.refills = [
                Refill(subscription: "b", after: nil, limit: 1), Refill(subscription: "nobody", after: nil, limit: 1),
                Refill(subscription: "a", after: Refill.Position(dueAt: .at(30), delivery: ids[4]), limit: 5),
                Refill(subscription: "a", after: Refill.Position(dueAt: .at(15), delivery: ids[5]), limit: 1),
            ]
        }.refills
        try expect(several.map { $0.map(\.id) }, [[ids[6]], [], [], [ids[2]]], "refills run parallel")
    }

    static func refillsCompletely(_ driver: StoreDriver) async throws {
        let event = Event.sample("e1", topic: "user.created", tenant: "t", isTest: true)
        let new = NewDelivery(
            subscription: "a",
            mode: .singleShot,
            body: 0,
            contentType: .form,
            start: .pending(dueAt: .at(8))
        )
        let result = try await driver.commit { batch in
            let deliveries = NewDeliveries(bodies: ["b"], deliveries: [new])
            batch.acceptances = [Acceptance(event: event, createdAt: .at(0), deliveries: deliveries)]
            // Reads come last: they see what the same batch wrote.
            batch.reads.refills = [Refill(subscription: "a", after: nil, limit: 1)]
        }
        guard case .stored(let row, let ids) = result.acceptances[0] else {
            throw Failure(description: "the event was not stored")
        }
        let expected = OpenDelivery(
            id: ids[0],
            subscription: "a",
            mode: .singleShot,
            contentType: .form,
            dueAt: .at(8),
            event: EventHeader(row: row, id: "e1", topic: "user.created", tenant: "t", isTest: true)
        )
        try expect(result.reads.refills, [[expected]], "the refill")
    }

    static func listsOpenSubscriptions(_ driver: StoreDriver) async throws {
        try await driver.accept(
            .sample("e1"),
            [.pending("b", dueAt: .at(9)), .pending("b", dueAt: .at(4)), .claimed("c"), .pending("a", dueAt: .at(6))]
        )
        let done = try await driver.acceptOne("e2", .claimed("d"))
        _ = try await driver.record(done, status: 200, next: .settled(.delivered))
        let read = try await driver.read { $0.openSubscriptions = true }
        try expect(read.openSubscriptions.sorted(), ["a", "b"], "subscriptions with waiting deliveries")
    }

    static func findsNewDeliveries(_ driver: StoreDriver) async throws {
        let zero = Delivery.ID(rawValue: 0)
        let empty = try await driver.read { $0.newDeliveriesAbove = zero }
        try expect(empty.highestDelivery, nil, "the highest id of an empty store")
        let old = try await driver.acceptOne("e1", .pending("old"))
        let ids = try await driver.accept(.sample("e2"), [.pending("b"), .claimed("c"), .pending("a"), .pending("b")])
        let read = try await driver.read { $0.newDeliveriesAbove = old }
        try expect(read.touchedSubscriptions.sorted(), ["a", "b"], "subscriptions with new deliveries")
        try expect(read.highestDelivery, ids[3], "the highest id")
        let none = try await driver.read { $0.newDeliveriesAbove = ids[3] }
        try expect(none.touchedSubscriptions, [], "nothing new")
        try expect(try await driver.read { _ in }.highestDelivery, nil, "not asked for")
    }

    static func bringsAttempted(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(.sample("e1"), Array(repeating: .pending("a"), count: 4) + [.pending("b")])
        for id in [ids[3], ids[2], ids[4]] {
            _ = try await driver.claim(id)
            _ = try await driver.record(id, status: 500, error: .status, next: .waiting(until: .at(9_000)))
        }
        func refill(_ limit: Int, _ isOrdered: Bool) async throws -> [Delivery.ID] {
            let refill = Refill(subscription: "a", after: nil, limit: limit, isOrdered: isOrdered)
            return try await driver.read { $0.refills = [refill] }.refills[0].map(\.id)
        }
        try expect(try await refill(1, false), [ids[0]], "not asked for")
        try expect(try await refill(1, true), [ids[0], ids[2]], "beside the others")
        try expect(try await refill(9, true), ids.prefix(4).map { $0 }, "once only")
    }

    static func keepsWait(_ driver: StoreDriver) async throws {
        let id = try await driver.acceptOne("e1", .claimed("a"))
        let attempt = Attempt(number: 1, startedAt: .at(10), url: "u", requestHeaders: [], requestBody: .empty)
        let result = try await driver.commit { batch in
            let write = AttemptWrite(
                delivery: id,
                attempt: attempt,
                uncountedAttempts: 0,
                interruptions: 0,
                next: .waiting(until: .at(9_000)),
                wait: .milliseconds(1_234)
            )
            batch.results = [write]
            batch.reads.refills = [Refill(subscription: "a", after: nil, limit: 1)]
        }
        try expect(result.reads.refills[0].map(\.wait), [.milliseconds(1_234)], "the wait")
        let fresh = try await driver.acceptOne("e2", .pending("b"))
        let read = try await driver.read { $0.refills = [Refill(subscription: "b", after: nil, limit: 1)] }
        try expect(read.refills[0].map(\.id), [fresh], "a first attempt")
        try expect(read.refills[0].map(\.wait), [nil], "it never waited")
    }
}
