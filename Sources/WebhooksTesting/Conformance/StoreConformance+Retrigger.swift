internal import WebhookCore

extension StoreConformance {
    static let retriggerChecks: [Check] = [
        Check("a retrigger is a new delivery with the old one's bytes", retriggers)
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
}
