internal import WebhookCore

extension StoreConformance {
    static let healthChecks: [Check] = [
        Check("health is remembered", remembersHealth),
        Check("a batch never undoes a decision made by hand", keepsManualDecisions),
    ]

    static func remembersHealth(_ driver: StoreDriver) async throws {
        try await driver.accept(.sample("e1"), [.pending("quiet")])
        let gone = SubscriptionHealth.Disabled(cause: .gone, at: .at(3))
        let health = [
            SubscriptionHealth(subscription: "a", failingSince: .at(1), breaker: .init(failures: 3, until: .at(9))),
            SubscriptionHealth(subscription: "b", disabled: gone, failingSince: .at(2), hasSucceeded: true),
            SubscriptionHealth(subscription: "c"),
        ]
        let result = try await driver.commit { batch in
            batch.health = health
            batch.reads.health = true
        }
        let expected = Array(health[0...1])
        try expect(result.reads.health.sorted { $0.subscription < $1.subscription }, expected, "health, read along")
        try expect(try await driver.store.health(), expected, "health in the log")
        try expect(try await driver.read { _ in }.health, [], "not asked for")
        let names: Set = ["b", "c", "unknown"]
        try expect(try await driver.read { $0.healthOf = names }.health, [health[1]], "of some, read along")
        try expect(try await driver.store.health(of: names), [health[1]], "of some")
        try expect(try await driver.store.health(of: ["b", "a"]), expected, "of some, by name")
        try expect(try await driver.store.health(of: []), [], "of none")

        let paced = SubscriptionHealth(subscription: "d", lastStartAt: .at(7))
        _ = try await driver.commit { $0.health = [paced] }
        try expect(try await driver.store.health().last, paced, "the last start")
        _ = try await driver.commit { $0.health = [SubscriptionHealth(subscription: "d", hasSucceeded: true)] }
        try expect(try await driver.store.health().last?.lastStartAt, .at(7), "an engine that knows of no start")

        let better = SubscriptionHealth(subscription: "a", hasSucceeded: true)
        _ = try await driver.commit { $0.health = [better] }
        try expect(try await driver.store.health().first, better, "health, changed")
    }

    static func keepsManualDecisions(_ driver: StoreDriver) async throws {
        func health() async throws -> SubscriptionHealth? { try await driver.store.health().first }
        func write(_ health: SubscriptionHealth) async throws { _ = try await driver.commit { $0.health = [health] } }
        let manual = SubscriptionHealth.Disabled(cause: .manual, at: .at(5))
        try await driver.store.setDisabled(manual, subscription: "a", at: .at(5))
        try expect(try await health(), SubscriptionHealth(subscription: "a", disabled: manual), "disabled by hand")

        try await write(SubscriptionHealth(subscription: "a", failingSince: .at(4), hasSucceeded: true))
        try expect(
            try await health(),
            SubscriptionHealth(subscription: "a", disabled: manual, failingSince: .at(4), hasSucceeded: true),
            "an engine that didn't know yet"
        )

        try await driver.store.setDisabled(nil, subscription: "a", at: .at(20))
        let enabled = SubscriptionHealth(subscription: "a", hasSucceeded: true)
        try expect(try await health(), enabled, "enabled by hand: the count of failures starts again")

        let old = SubscriptionHealth.Disabled(cause: .failing, at: .at(19))
        try await write(
            SubscriptionHealth(subscription: "a", disabled: old, failingSince: .at(4), hasSucceeded: true)
        )
        try expect(
            try await health(),
            SubscriptionHealth(subscription: "a", failingSince: .at(20), hasSucceeded: true),
            "an engine that didn't know of the enabling"
        )
        let new = SubscriptionHealth.Disabled(cause: .gone, at: .at(21))
        try await write(SubscriptionHealth(subscription: "a", disabled: new, hasSucceeded: true))
        try expect(try await health()?.disabled, new, "disabled since")
    }
}
