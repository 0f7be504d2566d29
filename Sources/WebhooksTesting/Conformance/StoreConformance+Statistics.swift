internal import WebhookCore

extension StoreConformance {
    static let statisticsChecks: [Check] = [
        Check("statistics count deliveries by subscription, tests left out", countsStatistics),
        Check("statistics measure the attempts of settled deliveries", measuresAttempts),
    ]

    static func countsStatistics(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(
            .sample("e1"),
            [.pending("a"), .claimed("a"), .claimed("a"), .claimed("a"), .claimed("a"), .claimed("a"), .pending("b")]
        )
        let test = try await driver.accept(.sample("e2", isTest: true), [.claimed("a")])
        _ = try await driver.record(test[0], status: 404, error: .status, next: .settled(.failed))
        _ = try await driver.record(ids[1], status: 200, finishedAt: .at(50), next: .settled(.delivered))
        _ = try await driver.record(ids[2], status: 200, finishedAt: .at(70), next: .settled(.delivered))
        _ = try await driver.record(ids[3], error: .timeout, next: .settled(.unknown))
        _ = try await driver.record(ids[4], status: 500, error: .status, next: .waiting(until: .at(90)))
        _ = try await driver.commit { $0.withdrawals = [Withdrawal(subscription: "b", limit: 1, at: .at(80))] }
        try await driver.store.setDisabled(.init(cause: .manual, at: .at(1)), subscription: "c", at: .at(1))
        _ = try await driver.claim(ids[4], number: 2, at: .at(91))
        _ = try await driver.record(ids[4], number: 2, error: .dns, next: .waiting(until: .at(99)))

        let statistics = try await driver.store.statistics()
        try expect(statistics.map(\.subscription), ["a", "b", "c"], "by name, those with nothing but health too")
        let counts: [DeliveryState: Int] = [.pending: 1, .inFlight: 1, .delivered: 2, .unknown: 1, .waiting: 1]
        try expect(statistics[0].counts, counts, "counts")
        try expect(statistics[0].lastError, .dns, "the last error, by the attempt's beginning")
        try expect(statistics[0].lastDeliveredAt, .at(70), "last delivered")
        try expect(statistics[1].counts, [.cancelled: 1], "a withdrawn delivery")
        try expect(statistics[1].lastError, nil, "disabled is no failure")
        try expect(statistics[2], SubscriptionStatistics(subscription: "c"), "nothing but health")
    }

    static func measuresAttempts(_ driver: StoreDriver) async throws {
        let claimed = Array(repeating: NewDelivery.claimed("a"), count: 100)
        let ids = try await driver.accept(.sample("e1"), claimed + [.claimed("b"), .claimed("c")])
        for (index, id) in ids.prefix(100).enumerated() {
            let duration = Duration.milliseconds(index + 1)
            _ = try await driver.record(id, status: 200, duration: duration, next: .settled(.delivered))
        }
        _ = try await driver.record(ids[100], error: .dns, duration: .seconds(1), next: .waiting(until: .at(90)))
        _ = try await driver.record(ids[101], error: .dns, duration: .microseconds(3), next: .settled(.failed))
        let statistics = try await driver.store.statistics()
        let expected: [[Duration?]] = [
            [.milliseconds(50), .milliseconds(95), .milliseconds(99)],
            [nil, nil, nil],
            [.microseconds(3), .microseconds(3), .microseconds(3)],
        ]
        try expect(statistics.map { [$0.p50, $0.p95, $0.p99] }, expected, "the nearest ranks")
    }
}
