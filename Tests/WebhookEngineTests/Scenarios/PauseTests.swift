import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Pausing")
struct PauseTests {
    private func pause(_ harness: EngineHarness, for length: Duration? = nil, _ name: String = "crm") async throws {
        let now = harness.clock.now
        let pause = SubscriptionHealth.Paused(at: now, until: length.map { now + $0 })
        _ = try await InMemoryStore(sharing: harness.store).setPaused(pause, subscription: name, at: now)
        harness.noticeExternalWrites()
    }

    private func resume(_ harness: EngineHarness, _ name: String = "crm") async throws {
        let outside = InMemoryStore(sharing: harness.store)
        _ = try await outside.setPaused(nil, subscription: name, at: harness.clock.now)
        harness.noticeExternalWrites()
    }

    @Test("holds first attempts and retries, and sends them when it is lifted; what was under way ends")
    func holds() async throws {
        let harness = EngineHarness([subscription { $0.schedule = [.seconds(5)] }, subscription("lms")])
        harness.emit("e1", "e2")
        let mine = harness.sent.filter { $0.target.subscription.name == "crm" }
        harness.response(.status(500), to: mine[0])
        try await pause(harness)
        harness.respondToAll(.ok)
        harness.emit("e3")
        #expect(harness.sent.map(\.target.subscription.name) == ["lms"])
        harness.respondToAll()
        harness.advance(.seconds(60))
        #expect(harness.sent.isEmpty)
        #expect(harness.engine.isSettled && harness.engine.isIdle(at: harness.now))
        #expect(harness.states.filter { $0 == .cancelled }.isEmpty)
        try await resume(harness)
        harness.respondToAll()
        #expect(Set(harness.states) == [.delivered])
        #expect(
            harness.notices.suffix(2) == [
                .paused(subscription: "crm", until: nil), .resumed(subscription: "crm"),
            ]
        )
    }

    @Test("ends by itself, and the store forgets it")
    func endsByItself() async throws {
        let harness = EngineHarness([subscription()])
        try await pause(harness, for: .seconds(60))
        harness.emit("e1")
        harness.advance(.seconds(59))
        #expect(harness.sent.isEmpty && harness.store.rows.health.first?.paused != nil)
        harness.advance(.seconds(1))
        #expect(harness.sentEvents == ["e1"])
        #expect(harness.store.rows.health.allSatisfy { $0.paused == nil })
        harness.noticeExternalWrites()
        #expect(harness.notices.filter { $0 == .resumed(subscription: "crm") }.count == 1)
    }

    @Test("its end is kept where the store fails at that time")
    func endFails() async throws {
        let harness = EngineHarness([subscription()])
        try await pause(harness, for: .seconds(60))
        harness.emit("e1")
        harness.fault = StoreError(.full, "full")
        harness.advance(.seconds(61))
        harness.fault = nil
        harness.advance(.seconds(5))
        #expect(harness.sentEvents == ["e1"])
        #expect(harness.store.rows.health.allSatisfy { $0.paused == nil })
    }

    @Test("lasts over a restart and a reload")
    func lasts() async throws {
        let first = EngineHarness([subscription()])
        try await pause(first)
        first.emit("e1")
        let harness = first.restarted()
        harness.emit("e2")
        harness.reload([subscription { $0.maxInFlight = 3 }])
        harness.reload([])
        harness.reload([subscription()])
        harness.advance(.seconds(10))
        #expect(harness.sent.isEmpty && harness.engine.isSettled)
        try await resume(harness)
        harness.respondToAll()
        #expect(harness.states == [.delivered, .delivered])
    }

    @Test("an ordered subscription stays in order")
    func ordered() async throws {
        let harness = EngineHarness([subscription { ($0.ordered, $0.schedule) = (true, [.seconds(5)]) }])
        harness.emit("e1", "e2")
        harness.response(.status(500))
        try await pause(harness)
        harness.emit("e3")
        harness.advance(.seconds(60))
        #expect(harness.sent.isEmpty)
        try await resume(harness)
        var order: [String] = []
        while let next = harness.sentEvents.first {
            order.append(next)
            harness.response()
        }
        #expect(order == ["e1", "e2", "e3"])
    }

    @Test("its time doesn't count as failure")
    func disableAfter() async throws {
        let harness = EngineHarness([
            subscription { policy in
                policy.disableAfter = .seconds(60)
                policy.schedule = Array(repeating: .seconds(50), count: 9)
            }
        ])
        harness.emit("e1")
        harness.response(.status(500))
        harness.advance(.seconds(50))
        try await pause(harness)
        // Under way when the pause began.
        harness.response(.status(500))
        harness.advance(.seconds(3600))
        try await resume(harness)
        harness.response(.status(500))
        #expect(harness.store.rows.health.first?.disabled == nil)
        harness.advance(.seconds(50))
        harness.response(.status(500))
        harness.advance(.seconds(50))
        harness.response(.status(500))
        #expect(harness.store.rows.health.first?.disabled?.cause == .failing)
    }

    @Test("a test is sent, a retrigger is held")
    func testsAndRetriggers() async throws {
        let harness = EngineHarness([subscription()])
        harness.emit("e1")
        harness.response()
        try await pause(harness)
        harness.emit("t", target: "crm")
        #expect(harness.sentEvents == ["t"])
        harness.response()
        let outside = InMemoryStore(sharing: harness.store)
        _ = try await outside.insertRetrigger(of: [harness.rows[0].id], at: harness.clock.now)
        harness.noticeExternalWrites()
        #expect(harness.sent.isEmpty && harness.states.last == .pending)
        try await resume(harness)
        #expect(harness.sentEvents == ["e1"])
    }

    @Test("an engine that has only its own deliveries goes on with them")
    func ownScope() async throws {
        var settings = EngineSettings()
        settings.scope = .own
        let harness = EngineHarness([subscription()], settings: settings)
        try await pause(harness, for: .seconds(5))
        harness.emit("e1")
        #expect(harness.sent.isEmpty)
        harness.advance(.seconds(5))
        #expect(harness.sentEvents == ["e1"])
        harness.response()
        #expect(harness.states == [.delivered] && harness.engine.holding == 0)
    }

    @Test("410 disables, also during a pause")
    func gone() async throws {
        let harness = EngineHarness([subscription()])
        harness.emit("e1")
        try await pause(harness)
        harness.response(.status(410))
        #expect(harness.store.rows.health.first?.disabled?.cause == .gone)
    }
}
