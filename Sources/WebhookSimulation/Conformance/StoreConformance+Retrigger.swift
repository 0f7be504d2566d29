internal import WebhookCore

extension StoreConformance {
    static let retriggerChecks: [Check] = [
        Check("a retrigger is a new delivery with the old one's bytes", retriggers),
        Check("a retrigger of a delivery without a body takes one that is given", retriggersWithoutBody),
        Check("what was sent again since can be left out", findsNewestOnly),
        Check("an export has the events' data, in pages that go on", exports),
    ]

    static func retriggers(_ driver: StoreDriver) async throws {
        let new = NewDelivery(
            subscription: "a",
            mode: .singleShot,
            body: 0,
            contentType: .xml,
            start: .claimed(at: .at(1))
        )
        let ids = try await driver.accept(
            .sample("e1", tenant: "t"),
            [new, .pending("b", body: nil)],
            bodies: ["<a/>"]
        )
        _ = try await driver.record(ids[0], error: .timeout, next: .settled(.unknown))
        let nothing = Delivery.ID(rawValue: 9_999)
        let again = try await driver.store.insertRetrigger(of: [ids[0], nothing, ids[1], ids[0]], at: .at(60))
        try expect(again.count, 3, "an unknown delivery has none")
        try expect(again == again.sorted() && again[0] > ids[1], "new ids, in order")
        let expected = Delivery(
            id: again[0],
            event: "e1",
            topic: "course.created",
            tenant: "t",
            subscription: "a",
            state: .pending,
            mode: .singleShot,
            attempts: 0,
            nextAttemptAt: .at(60),
            lastStatus: nil,
            lastError: nil,
            createdAt: .at(60),
            settledAt: nil,
            isTest: false,
            retriggerOf: ids[0]
        )
        try expect(try await driver.delivery(again[0]), expected, "the new delivery")
        try expect(try await driver.delivery(ids[0]).state, .unknown, "the old one stays as it was")
        try expect(try await driver.claim(again[0]), .claimed(body: "<a/>"), "the same bytes")
        try expect(try await driver.claim(again[1]), .claimed(body: nil), "of one without a body")
        let refill = try await driver.read { $0.refills = [Refill(subscription: "a", after: nil, limit: 9)] }
        try expect(refill.refills[0].map(\.contentType), [.xml], "the content type")
        try expect(refill.refills[0].map(\.id), [again[2]], "what waits")
    }

    static func retriggersWithoutBody(_ driver: StoreDriver) async throws {
        let unrendered = NewDelivery(
            subscription: "b",
            mode: .retry,
            body: nil,
            contentType: .json,
            start: .settled(.failed, .template, detail: "why")
        )
        let ids = try await driver.accept(.sample("e1"), at: .at(1), [.claimed("a"), unrendered], bodies: ["old"])
        _ = try await driver.record(ids[0], status: 500, error: .status, next: .settled(.failed))
        let rendering = Retrigger.Rendering(body: "<new/>", contentType: .xml)
        let made = try await driver.store.insertRetriggers(
            ids.map { Retrigger(delivery: $0, rendering: rendering) },
            at: .at(50)
        ).made
        try expect(Set(made.map(\.event)).count, 1, "the event's row")
        let refill = try await driver.read { $0.refills = [Refill(subscription: "b", after: nil, limit: 9)] }
        try expect(refill.refills[0].map(\.contentType), [.xml], "the new content type")
        try expect(try await driver.claim(made[0].id), .claimed(body: "old"), "the same bytes where there are any")
        try expect(try await driver.claim(made[1].id), .claimed(body: "<new/>"), "the new ones where there were none")
        try expect(try await driver.store.integrityProblems(), [], "all is well")
    }

    static func findsNewestOnly(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(.sample("e1"), [.claimed("a"), .claimed("b")])
        for id in ids { _ = try await driver.record(id, status: 500, error: .status, next: .settled(.failed)) }
        let again = try await driver.store.insertRetrigger(of: [ids[0]], at: .at(50))
        var query = DeliveryQuery()
        query.newestOnly = true
        try expect(try await driver.store.deliveries(query).map(\.id), [again[0], ids[1]], "the newest of each")
        query.states = [.failed]
        try expect(try await driver.store.deliveries(query).map(\.id), [ids[1]], "what was not sent again")
    }

    static func exports(_ driver: StoreDriver) async throws {
        let large = ByteString(Array("\"\(String(repeating: "x", count: ExportedDelivery.pageSize))\"".utf8))
        let first = try await driver.accept(.sample("e1", data: large), [.pending("a"), .pending("b")])
        let second = try await driver.accept(.sample("e2", data: "[1]", occurredAt: .at(-7)), [.pending("a")])
        let third = try await driver.accept(.sample("e3", data: large), [.pending("a")])
        var query = DeliveryQuery()
        var pages: [[Delivery.ID]] = []
        while true {
            let page = try await driver.store.exportPage(query)
            guard let last = page.last else { break }
            for row in page {
                try expect(row.data, row.delivery.event == "e2" ? "[1]" : large, "the data, byte for byte")
                try expect(row.occurredAt, row.delivery.event == "e2" ? .at(-7) : .at(0), "when it happened")
            }
            pages.append(page.map(\.delivery.id))
            query.after = last.delivery.id
        }
        try expect(pages.flatMap { $0 }, third + second + first.reversed(), "newest first")
        try expect(pages.first, third, "no more data than a page holds")
        query = DeliveryQuery(states: [.failed])
        try expect(try await driver.store.exportPage(query), [], "filtered")
    }
}
