import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

/// Subscriptions of the store that change while events are matched.
@Suite("Subscriptions of the store")
struct StoredSubscriptionTests {
    /// Somebody else adds a subscription: the store's version is 1.
    private func change(_ harness: EngineHarness) async throws {
        let row = StoredSubscription(
            id: "ep_1",
            name: "ep_1",
            definition: "{}",
            createdAt: harness.clock.now,
            updatedAt: harness.clock.now
        )
        _ = try await InMemoryStore(sharing: harness.store).apply([.insert(row)])
    }

    /// Puts the change into force here.
    private func learn(_ harness: EngineHarness, version: Int64 = 1) {
        harness.change([subscription("ep_1")], removing: [])
        harness.registry = harness.registry.changing(removing: [], adding: [], storedVersion: version)
        harness.process { $0.learned(subscriptionsOf: version, at: $1) }
    }

    private func targets(_ harness: EngineHarness) -> [String] {
        harness.sent.map { "\($0.context.event.id) \($0.target.subscription.name)" }.sorted()
    }

    @Test("an event that was matched before is acknowledged, and goes to who wants it now")
    func emit() async throws {
        let harness = EngineHarness([subscription("crm")])
        harness.emit("e1")
        #expect(targets(harness) == ["e1 crm"])
        try await change(harness)
        harness.emit("e2")
        #expect(harness.replies.count == 2 && harness.newerSubscriptions == 1)
        #expect(targets(harness) == ["e1 crm"] && harness.rows.count == 1)
        harness.respondToAll()
        #expect(!harness.engine.isIdle(at: harness.now) && !harness.engine.isSettled)
        learn(harness)
        #expect(targets(harness) == ["e2 crm", "e2 ep_1"])
        harness.respondToAll()
        #expect(harness.engine.isSettled)
    }

    @Test("an event that waits in the store is not fanned out by older subscriptions; an ordered one keeps its place")
    func fanOut() async throws {
        let harness = EngineHarness([subscription("crm") { $0.ordered = true }])
        try await change(harness)
        _ = try await InMemoryStore(sharing: harness.store).append(harness.event("e1"), target: nil)
        harness.noticeExternalWrites()
        harness.emit("e2")
        #expect(harness.sent.isEmpty && harness.newerSubscriptions == 1 && harness.rows.isEmpty)
        learn(harness)
        #expect(targets(harness) == ["e1 crm", "e1 ep_1"])
        harness.respondToAll()
        #expect(harness.engine.isSettled && harness.states.allSatisfy { $0 == .delivered } && harness.rows.count == 4)
    }

    @Test("an engine that delivers its own events alone takes them up again")
    func own() async throws {
        var settings = EngineSettings()
        settings.scope = .own
        let harness = EngineHarness([subscription("crm")], settings: settings)
        try await change(harness)
        harness.emit("e1")
        #expect(harness.sent.isEmpty && !harness.engine.isSettled)
        // What is in force is not enough.
        harness.process { $0.learned(subscriptionsOf: 0, at: $1) }
        #expect(harness.sent.isEmpty)
        learn(harness)
        #expect(targets(harness) == ["e1 crm", "e1 ep_1"])
        harness.respondToAll()
        #expect(harness.engine.isSettled)
    }

    @Test("after a crash between the change and the fan-out, the next process delivers by what there is then")
    func crash() async throws {
        let harness = EngineHarness([subscription("crm")])
        try await change(harness)
        harness.emit("e1")
        let next = harness.restarted([subscription("crm")])
        #expect(next.sent.isEmpty && next.newerSubscriptions == 1)
        learn(next)
        #expect(targets(next) == ["e1 crm", "e1 ep_1"] && harness.sent.isEmpty)
    }
}
