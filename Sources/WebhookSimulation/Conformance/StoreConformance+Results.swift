internal import WebhookCore

extension StoreConformance {
    static let resultChecks: [Check] = [
        Check("a result settles a delivery or lets it wait", recordsResults),
        Check("a result is refused unless its attempt is in flight", refusesResults),
        Check("steps that were not used up are remembered", remembersUncountedAttempts),
    ]

    static func recordsResults(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(.sample("e1"), [.claimed("a"), .claimed("b"), .claimed("c")])
        let recorded = [
            try await driver.record(ids[0], status: 204, next: .settled(.delivered)),
            try await driver.record(ids[1], status: 503, error: .status, next: .waiting(until: .at(99))),
            try await driver.record(ids[2], error: .timeout, next: .settled(.unknown)),
        ]
        try expect(recorded, [.recorded, .recorded, .recorded], "recorded")
        let delivered = try await driver.delivery(ids[0])
        try expect(delivered.state, .delivered, "state")
        try expect(delivered.lastStatus, 204, "status")
        try expect(delivered.lastError, nil, "error")
        try expect(delivered.settledAt, .at(20), "settled when the attempt finished")
        let waiting = try await driver.delivery(ids[1])
        try expect(waiting.state, .waiting, "state")
        try expect(waiting.nextAttemptAt, .at(99), "next attempt")
        try expect(waiting.lastError, .status, "error")
        try expect(waiting.settledAt, nil, "settled")
        let unknown = try await driver.delivery(ids[2])
        try expect(unknown.state, .unknown, "state")
        try expect(unknown.lastError, .timeout, "error")

        let openDeliveriesCancelled = try await driver.acceptOne("e2", .claimed("a"))
        _ = try await driver.record(openDeliveriesCancelled, status: 503, error: .status, next: .settled(.cancelled))
        let disabled = try await driver.delivery(openDeliveriesCancelled)
        try expect(disabled.lastError, .disabled, "the error of one whose subscription was disabled")
        try expect(disabled.lastStatus, 503, "its status")

        _ = try await driver.claim(ids[1], number: 2)
        _ = try await driver.record(ids[1], number: 2, error: .dns, next: .waiting(until: .at(199)))
        let again = try await driver.delivery(ids[1])
        try expect(again.lastStatus, nil, "the last attempt got no answer")
        try expect(again.lastError, .dns, "the last attempt's error")
    }

    static func refusesResults(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(.sample("e1"), [.claimed("a"), .pending("b"), .claimed("c")])
        _ = try await driver.record(ids[2], status: 200, next: .settled(.delivered))
        let before = try await driver.store.deliveries(DeliveryQuery())
        let refused = [
            try await driver.record(ids[0], number: 2, status: 200, next: .settled(.delivered)),
            try await driver.record(ids[1], number: 1, status: 200, next: .settled(.delivered)),
            try await driver.record(ids[2], number: 1, error: .timeout, next: .settled(.failed)),
            try await driver.record(Delivery.ID(rawValue: 9_999), status: 200, next: .settled(.delivered)),
        ]
        try expect(refused, [.refused, .refused, .refused, .refused], "another number, pending, settled, unknown")
        try expect(try await driver.store.deliveries(DeliveryQuery()), before, "refused results change nothing")
        try expect(try await driver.store.attempts(of: ids[2]).count, 1, "attempts of the delivered one")
        try expect(try await driver.store.attempts(of: ids[1]).count, 0, "attempts of the pending one")
    }

    static func remembersUncountedAttempts(_ driver: StoreDriver) async throws {
        let id = try await driver.acceptOne("e1", .claimed("a"))
        var attempt = Attempt(number: 1, startedAt: .at(5), url: "u", requestHeaders: [], requestBody: .empty)
        attempt.finishedAt = .at(6)
        attempt.outcome = .failed
        attempt.error = .interrupted
        let write = AttemptWrite(
            delivery: id,
            attempt: attempt,
            uncountedAttempts: 3,
            interruptions: 2,
            next: .waiting(until: .at(7))
        )
        _ = try await driver.commit { $0.results = [write] }
        let refill = try await driver.read { $0.refills = [Refill(subscription: "a", after: nil, limit: 5)] }
        try expect(refill.refills.first?.map(\.uncountedAttempts), [3], "uncounted attempts")
        try expect(refill.refills.first?.map(\.interruptions), [2], "interruptions")
        try expect(refill.refills.first?.map(\.attempts), [1], "attempts")
    }
}
