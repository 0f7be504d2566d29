internal import WebhookCore

extension StoreConformance {
    static let pauseChecks: [Check] = [
        Check("a pause is remembered until it is lifted", pauses),
        Check("a pause that is over ends, another doesn't", endsPauses),
        Check("time in a pause doesn't count as failure", forgetsFailures),
        Check("what a pause holds is counted", countsPaused),
    ]

    private static func paused(_ driver: StoreDriver) async throws -> SubscriptionHealth.Paused? {
        try await driver.read { $0.health = true }.health.first { $0.subscription == "a" }?.paused
    }

    static func pauses(_ driver: StoreDriver) async throws {
        let pause = SubscriptionHealth.Paused(at: .at(5), until: .at(50))
        try expect(
            try await driver.store.setPaused(pause, subscription: "a", at: .at(5)),
            false,
            "it was not paused before"
        )
        try expect(try await paused(driver), pause, "read by an engine")
        try expect(try await driver.store.subscriptionNames(), ["a"], "its name is known")
        _ = try await driver.commit { $0.health = [SubscriptionHealth(subscription: "a", hasSucceeded: true)] }
        try expect(try await paused(driver), pause, "an engine's knowledge leaves it alone")
        let open = SubscriptionHealth.Paused(at: .at(6))
        try expect(try await driver.store.setPaused(open, subscription: "a", at: .at(6)), true, "replaced")
        try expect(try await driver.store.health().first?.paused, open, "in the log")
        try expect(try await driver.store.setPaused(nil, subscription: "a", at: .at(7)), true, "lifted")
        try expect(try await driver.store.health().map(\.paused), [nil], "gone")
        try expect(try await driver.store.setPaused(nil, subscription: "a", at: .at(8)), false, "lifted again")
        _ = try await driver.store.setPaused(pause, subscription: "a", at: .at(9))
        try expect(try await driver.store.setPaused(nil, subscription: "a", at: .at(50)), false, "its time was over")
    }

    static func endsPauses(_ driver: StoreDriver) async throws {
        let pause = SubscriptionHealth.Paused(at: .at(5), until: .at(50))
        func end(_ paused: SubscriptionHealth.Paused) async throws {
            _ = try await driver.commit {
                $0.resumptions = [Resumption(subscription: "a", paused: paused, at: .at(60))]
            }
        }
        _ = try await driver.store.setPaused(pause, subscription: "a", at: .at(5))
        try await end(SubscriptionHealth.Paused(at: .at(5)))
        try await end(SubscriptionHealth.Paused(at: .at(4), until: .at(50)))
        try expect(try await paused(driver), pause, "another pause's end")
        try await end(pause)
        try expect(try await paused(driver), nil, "its own end")
        let open = SubscriptionHealth.Paused(at: .at(70))
        _ = try await driver.store.setPaused(open, subscription: "a", at: .at(70))
        try await end(open)
        try expect(try await paused(driver), nil, "one without an end of its own")
    }

    static func forgetsFailures(_ driver: StoreDriver) async throws {
        func write(_ since: Timestamp) async throws -> Timestamp? {
            _ = try await driver.commit { $0.health = [SubscriptionHealth(subscription: "a", failingSince: since)] }
            return try await driver.store.health().first?.failingSince
        }
        try expect(try await write(.at(1)), .at(1), "before")
        _ = try await driver.store.setPaused(.init(at: .at(5)), subscription: "a", at: .at(5))
        try expect(try await driver.store.health().first?.failingSince, .at(1), "paused")
        _ = try await driver.store.setPaused(nil, subscription: "a", at: .at(90))
        try expect(try await driver.store.health().first?.failingSince, nil, "resumed")
        try expect(try await write(.at(1)), .at(90), "an engine that didn't know yet")
        try expect(try await write(.at(95)), .at(95), "failing since")
    }

    static func countsPaused(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(
            .sample("e1"),
            [.pending("a"), .claimed("a"), .pending("b"), .claimed("a")]
        )
        _ = try await driver.record(ids[3], status: 500, error: .status, next: .waiting(until: .at(40)))
        func progress() async throws -> [Int] {
            let progress = try await driver.store.progress(ofEvents: ["e1"])
            return [progress.withoutFirstAttempt, progress.paused]
        }
        try expect(try await progress(), [3, 0], "nobody is paused")
        _ = try await driver.store.setPaused(.init(at: .at(5)), subscription: "a", at: .at(5))
        try expect(try await progress(), [3, 1], "what was never attempted")
        try expect(
            try await driver.store.openDeliveries(of: "a"),
            OpenDeliveryCount(waiting: 2, inFlight: 1),
            "open deliveries"
        )
        try expect(try await driver.store.openDeliveries(of: "nobody"), OpenDeliveryCount(), "of an unknown one")
        _ = try await driver.store.setPaused(.init(at: .at(5), until: .at(6)), subscription: "a", at: .at(5))
        try expect(try await progress(), [3, 0], "a pause whose time is over")
        try expect(try await driver.store.subscriptionNames(), ["a", "b"], "names")
    }
}
