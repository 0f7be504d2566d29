internal import WebhookCore

extension StoreConformance {
    static let statisticsChecks: [Check] = [
        Check("statistics count deliveries by subscription, tests left out", countsStatistics),
        Check("statistics tell what went wrong last, until an attempt succeeds", tellsLastFailure),
        Check("a retry that is under way counts as a retry", countsRetriesInFlight),
        Check("statistics measure the attempts of settled deliveries", measuresAttempts),
        Check("what settles without an attempt hides no measured one", measuresBehindCancelled),
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
        _ = try await driver.commit {
            $0.openCancellations = [OpenCancellation(subscription: "b", limit: 1, at: .at(80))]
        }
        try await driver.store.setDisabled(.init(cause: .manual, at: .at(1)), subscription: "c", at: .at(1))
        _ = try await driver.claim(ids[4], number: 2, at: .at(91))
        _ = try await driver.record(ids[4], number: 2, error: .dns, next: .waiting(until: .at(99)))

        let statistics = try await driver.store.statistics()
        try expect(statistics.map(\.subscription), ["a", "b", "c"], "by name, those with nothing but health too")
        let counts: [DeliveryState: Int] = [.pending: 1, .inFlight: 1, .delivered: 2, .unknown: 1, .waiting: 1]
        try expect(statistics[0].counts, counts, "counts")
        try expect(statistics[0].lastFailure?.error, .dns, "the last error, by the attempt's beginning")
        try expect(statistics[0].lastDeliveredAt, .at(70), "last delivered")
        try expect(statistics[1].counts, [.cancelled: 1], "a cancelled delivery")
        try expect(statistics[1].lastFailure, nil, "disabled is no failure")
        try expect(statistics[2], SubscriptionStatistics(subscription: "c"), "nothing but health")
    }

    static func tellsLastFailure(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(.sample("e1"), [.claimed("a"), .pending("a"), .claimed("b")])
        func last() async throws -> SubscriptionStatistics.Failure? {
            try await driver.store.statistics().first { $0.subscription == "a" }?.lastFailure
        }
        func failure(_ error: FailureKind, _ status: Int?, _ at: Timestamp) -> SubscriptionStatistics.Failure {
            SubscriptionStatistics.Failure(error: error, status: status, at: at)
        }
        _ = try await driver.record(
            ids[0],
            startedAt: .at(5),
            status: 503,
            error: .status,
            next: .waiting(until: .at(9))
        )
        try expect(try await last(), failure(.status, 503, .at(5)), "status and time")
        _ = try await driver.claim(ids[1], number: 1, at: .at(20))
        try expect(try await last(), failure(.status, 503, .at(5)), "what is under way says nothing")
        _ = try await driver.record(ids[1], startedAt: .at(20), status: 204, next: .settled(.delivered))
        try expect(try await last(), nil, "a later one succeeded")
        _ = try await driver.claim(ids[0], number: 2, at: .at(30))
        try expect(try await last(), nil, "a retry of the first is under way")
        _ = try await driver.record(
            ids[0],
            number: 2,
            startedAt: .at(30),
            error: .timeout,
            next: .settled(.unknown)
        )
        try expect(try await last(), failure(.timeout, nil, .at(30)), "the newest attempt, however it settled")
        let other = try await driver.store.statistics().first { $0.subscription == "b" }
        try expect(other?.lastFailure, nil, "nothing has ended")
    }

    static func countsRetriesInFlight(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(.sample("e1"), [.claimed("a"), .claimed("a"), .pending("a")])
        let test = try await driver.accept(.sample("e2", isTest: true), [.claimed("a")])
        for id in [ids[0], test[0]] {
            _ = try await driver.record(id, status: 503, error: .status, next: .waiting(until: .at(9)))
        }
        let waiting = try await driver.store.statistics()[0]
        try expect([waiting.openFirstAttempts, waiting.openRetries], [2, 1], "one waits")
        for id in [ids[0], test[0]] { _ = try await driver.claim(id, number: 2) }
        let underWay = try await driver.store.statistics()[0]
        try expect([underWay.openFirstAttempts, underWay.openRetries], [2, 1], "it is under way")
        try expect(underWay.retriesInFlight, 1, "tests don't count")
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

    static func measuresBehindCancelled(_ driver: StoreDriver) async throws {
        let measured = try await driver.accept(.sample("e1"), [.claimed("a"), .claimed("a")])
        _ = try await driver.record(measured[0], status: 200, duration: .milliseconds(3), next: .settled(.delivered))
        let next = AttemptWrite.Next.waiting(until: .at(90))
        _ = try await driver.record(measured[1], error: .dns, duration: .milliseconds(8), next: next)
        let pending = Array(repeating: NewDelivery.pending("a"), count: SubscriptionStatistics.sample + 1)
        _ = try await driver.accept(.sample("e2"), pending)
        _ = try await driver.store.cancel(events: [], deliveries: [], subscription: "a", at: .at(40))
        let statistics = try await driver.store.statistics()[0]
        try expect(statistics.count(.cancelled), pending.count + 1, "cancelled")
        try expect([statistics.p50, statistics.p99], [.milliseconds(3), .milliseconds(8)], "both attempts")
    }
}
