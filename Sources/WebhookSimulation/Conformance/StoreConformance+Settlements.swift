internal import WebhookCore

extension StoreConformance {
    static let settlementChecks: [Check] = [
        Check("only a pending or waiting delivery settles without an attempt", settles),
        Check("openCancellations settle what waits, in bounded batches", cancelsOpenDeliveries),
        Check("openCancellations may be for what is disabled still", cancelsWhileDisabled),
    ]

    static func settles(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(
            .sample("e1"),
            [.pending("a"), .claimed("b"), .claimed("c"), .claimed("d"), .claimed("e")]
        )
        _ = try await driver.record(ids[1], status: 500, error: .status, next: .waiting(until: .at(30)))
        _ = try await driver.record(ids[2], status: 200, next: .settled(.delivered))
        _ = try await driver.record(ids[4], status: 502, error: .status, next: .waiting(until: .at(30)))
        let result = try await driver.commit { batch in
            batch.settlements = ids.dropLast().map {
                Settlement(delivery: $0, state: .failed, error: .template, detail: "why", at: .at(40))
            }
            batch.settlements.append(
                Settlement(delivery: ids[4], state: .cancelled, error: nil, detail: nil, at: .at(40))
            )
        }
        try expect(result.settlements, [true, true, false, false, true], "settled, delivered already, in flight")
        for id in ids[0...1] {
            let delivery = try await driver.delivery(id)
            try expect(delivery.state, .failed, "state")
            try expect(delivery.lastError, .template, "error")
            try expect(delivery.detail, "why", "detail")
            try expect(delivery.settledAt, .at(40), "settled")
            try expect(delivery.nextAttemptAt, nil, "next attempt")
        }
        try expect(try await driver.delivery(ids[1]).lastStatus, 500, "the last attempt's status stays")
        try expect(try await driver.delivery(ids[2]).state, .delivered, "a settled delivery stays as it is")
        try expect(try await driver.delivery(ids[3]).state, .inFlight, "so does one in flight")
        try expect(try await driver.delivery(ids[4]).lastError, .status, "no error given: the last one stays")
    }

    static func cancelsOpenDeliveries(_ driver: StoreDriver) async throws {
        let waiting = (0..<5).map { NewDelivery.pending("a", dueAt: .at(Int64(10 - $0))) }
        let ids = try await driver.accept(.sample("e1"), waiting + [.claimed("a"), .pending("b")])
        func cancelOpenDeliveries(_ limit: Int) async throws -> Int {
            try await driver.commit { batch in
                batch.openCancellations = [OpenCancellation(subscription: "a", limit: limit, at: .at(50))]
            }.openCancellations[0]
        }
        try expect(try await cancelOpenDeliveries(3), 3, "the first batch")
        try expect(try await cancelOpenDeliveries(3), 2, "the second batch")
        try expect(try await cancelOpenDeliveries(3), 0, "nothing is left")
        for id in ids.prefix(5) {
            let delivery = try await driver.delivery(id)
            try expect(delivery.state, .cancelled, "state")
            try expect(delivery.lastError, .disabled, "error")
            try expect(delivery.settledAt, .at(50), "settled")
        }
        try expect(try await driver.delivery(ids[5]).state, .inFlight, "one in flight stays")
        try expect(try await driver.delivery(ids[6]).state, .pending, "another subscription's stays")
        let unknown = try await driver.commit { batch in
            batch.openCancellations = [OpenCancellation(subscription: "nobody", limit: 3, at: .at(50))]
        }
        try expect(unknown.openCancellations, [0], "an unknown subscription")
    }

    static func cancelsWhileDisabled(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(.sample("e1"), [.pending("a"), .pending("a"), .pending("b")])
        func cancel(_ name: String, _ change: (inout StoreBatch) -> Void = { _ in }) async throws -> Int {
            try await driver.commit { batch in
                let one = OpenCancellation(subscription: name, limit: 1, at: .at(50), whileDisabled: true)
                batch.openCancellations = [one]
                change(&batch)
            }.openCancellations[0]
        }
        try expect(try await cancel("a"), 0, "one that nobody has disabled")
        let manual = SubscriptionHealth.Disabled(cause: .manual, at: .at(5))
        try await driver.store.setDisabled(manual, subscription: "a", at: .at(5))
        try expect(try await cancel("a"), 1, "disabled by hand")
        try await driver.store.setDisabled(nil, subscription: "a", at: .at(6))
        try expect(try await cancel("a"), 0, "enabled meanwhile")
        try expect(try await driver.delivery(ids[1]).state, .pending, "what is left stays")
        func write(_ name: String, at instant: Timestamp) -> (inout StoreBatch) -> Void {
            { $0.health = [SubscriptionHealth(subscription: name, disabled: .init(cause: .gone, at: instant))] }
        }
        try expect(try await cancel("b", write("b", at: .at(7))), 1, "disabled by the same batch")
        try expect(try await cancel("a", write("a", at: .at(5))), 0, "disabled by one from before the enabling")
        let forced = try await driver.commit { batch in
            batch.openCancellations = [OpenCancellation(subscription: "a", limit: 5, at: .at(50))]
        }
        try expect(forced.openCancellations, [1], "whoever asks for it all the same")
    }
}
