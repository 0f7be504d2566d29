internal import WebhookCore

/// Subscriptions that are kept in the store and disabled: what their rows say, and what is remembered of them.
extension StoreConformance {
    /// The row of `ep_1`, and the disabling that is remembered of it.
    private static func state(
        _ driver: StoreDriver
    ) async throws -> (row: StoredSubscription, disabled: SubscriptionHealth.Disabled?) {
        guard let row = try await subscriptions(driver.store).storedSubscription("ep_1") else {
            throw Failure(description: "the subscription is gone")
        }
        return (row, try await driver.store.health(of: ["ep_1"]).first?.disabled)
    }

    /// Changes the row of `ep_1`, a second later each time.
    private static func change(
        _ driver: StoreDriver,
        enables: Bool = false,
        _ body: (inout StoredSubscription) -> Void
    ) async throws {
        var row = try await state(driver).row
        row.updatedAt = row.updatedAt + .seconds(1)
        body(&row)
        let result = try await subscriptions(driver.store).apply([.update(row, enables: enables)])
        try expect(result, .done(version: row.version + 1), "changed")
    }

    static func disablesByHand(_ driver: StoreDriver) async throws {
        let store = try subscriptions(driver.store)
        func expectDisabled(_ isDisabled: Bool, at instant: Timestamp?, _ what: String) async throws {
            let (row, disabled) = try await state(driver)
            try expect(row.isDisabled, isDisabled, "the row, \(what)")
            try expect(disabled, instant.map { .init(cause: .manual, at: $0) }, "what is remembered, \(what)")
        }
        var first = row("ep_1")
        first.isDisabled = true
        _ = try await store.apply([.insert(first), .insert(row("ep_2"))])
        try await expectDisabled(true, at: time, "made disabled")
        try expect(try await driver.store.health().map(\.subscription), ["ep_1"], "of the other one nothing")
        _ = try await store.apply([.update(row("ep_2"))])
        first.version = 1
        (first.uid, first.updatedAt) = ("crm", time + .seconds(1))
        _ = try await store.apply([.update(first)])
        try await expectDisabled(true, at: time, "changed otherwise")
        try await change(driver) { $0.isDisabled = false }
        try await expectDisabled(false, at: nil, "enabled")
        try await change(driver) { $0.isDisabled = true }
        let since = try await state(driver).row.updatedAt
        try await expectDisabled(true, at: since, "disabled")

        // By an operator, in its health: a change of the row as any other.
        let version = try await store.subscriptionsVersion()
        try await driver.store.setDisabled(nil, subscription: "ep_1", at: time + .seconds(50))
        try await expectDisabled(false, at: nil, "enabled by an operator")
        try expect(try await store.subscriptionsVersion(), version + 1, "which is numbered")
        try expect(try await state(driver).row.version, version + 1, "as what has changed")
        let manual = SubscriptionHealth.Disabled(cause: .manual, at: time + .seconds(51))
        try await driver.store.setDisabled(manual, subscription: "ep_1", at: manual.at)
        try await expectDisabled(true, at: manual.at, "disabled by an operator")
        try expect(try await state(driver).row.updatedAt, manual.at, "at that time")
        try await driver.store.setDisabled(manual, subscription: "crm", at: manual.at)
        try expect(try await store.subscriptionsVersion(), version + 2, "one of the file is no change of these")

        // What is refused changes neither.
        var outdated = row("ep_1")
        outdated.version = 1
        let refused = try await store.apply([.insert(row("ep_3")), .update(outdated, enables: true)])
        try expect(refused, .outdated(id: "ep_1"), "read before")
        try await expectDisabled(true, at: manual.at, "after a refusal")
    }

    static func enablesByChange(_ driver: StoreDriver) async throws {
        let store = try subscriptions(driver.store)
        _ = try await store.apply([.insert(row("ep_1"))])
        func write(_ cause: SubscriptionHealth.Disabled.Cause?, at instant: Timestamp) async throws {
            let disabled = cause.map { SubscriptionHealth.Disabled(cause: $0, at: instant) }
            _ = try await driver.commit { batch in
                batch.health = [SubscriptionHealth(subscription: "ep_1", disabled: disabled, failingSince: time)]
            }
        }
        try await write(nil, at: time)
        try await change(driver, enables: true) { $0.metadata = #"{"a":"b"}"# }
        try expect(try await driver.store.health().first?.failingSince, time, "what is enabled goes on failing")
        let gone = time + .seconds(10)
        try await write(.gone, at: gone)
        try expect(try await state(driver).row.isDisabled, false, "the dispatcher has disabled it, and nobody by hand")
        try await change(driver) { $0.metadata = "{}" }
        try expect(try await state(driver).disabled, .init(cause: .gone, at: gone), "a change of something else")
        try await change(driver, enables: true) { $0.updatedAt = gone + .seconds(1) }
        try expect(try await state(driver).disabled, nil, "one that enables it")
        // An engine that doesn't know of it yet.
        try await write(.failing, at: gone)
        try expect(try await state(driver).disabled, nil, "what is older doesn't come back")
        try await write(.failing, at: gone + .seconds(5))
        try await change(driver) { $0.isDisabled = true }
        try expect(try await state(driver).disabled?.cause, .manual, "by hand from then on")
    }
}
