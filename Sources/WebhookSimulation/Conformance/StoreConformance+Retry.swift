internal import WebhookCore

extension StoreConformance {
    static let retryChecks: [Check] = [Check("what waits is made due by hand, and engines are told", retries)]

    static func retries(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(
            .sample("e1"),
            [.pending("a", dueAt: .at(900)), .claimed("a"), .claimed("a"), .claimed("b"), .pending("c")]
        )
        _ = try await driver.record(ids[1], status: 503, error: .status, next: .waiting(until: .at(9_000)))
        _ = try await driver.record(ids[2], status: 200, next: .settled(.delivered))
        let nothing = Delivery.ID(rawValue: ids[4].rawValue + 1)
        let outcomes = try await driver.store.retry([ids[1], ids[0], ids[2], ids[3], nothing])
        try expect(outcomes, [.due, .due, .settled(.delivered), .inFlight, .unknown], "outcomes")
        let delivery = try await driver.delivery(ids[1])
        try expect(delivery.state, .waiting, "the state stays")
        try expect(delivery.attempts, 1, "so do the attempts")
        try expect(delivery.lastError, .status, "and the last error")
        try expect(delivery.nextAttemptAt.map { $0 > .at(9_000) }, true, "it is due since then")
        let read = try await driver.read { reads in
            reads.health = true
            reads.refills = [Refill(subscription: "a", after: nil, limit: 9)]
        }
        try expect(read.refills[0].map(\.id), [ids[0], ids[1]], "the order")
        try expect(read.refills[0].map { $0.dueAt.milliseconds < 0 }, [true, true], "due before all others")
        try expect(read.health.map(\.subscription), ["a"], "whose engine has to look again")
        try expect(read.health.map(\.retries), [1], "how often")
        try expect(try await driver.store.retry([ids[0]]), [.due], "again")
        try expect(try await driver.store.health().map(\.retries), [2], "how often, again")
        guard case .claimed = try await driver.claim(ids[1], number: 2) else {
            throw Failure(description: "the next attempt can't be claimed")
        }
        try expect(try await driver.store.retry([ids[1]]), [.inFlight], "once it is claimed")
    }
}
