import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Disabling")
struct DisablingTests {
    @Test("410 stops, disables and cancels what waits")
    func gone() {
        let harness = EngineHarness([subscription { $0.maxInFlight = 1 }])
        harness.emit("e1", "e2", "e3")
        #expect(harness.sentEvents == ["e1"])
        harness.response(.status(410))
        #expect(harness.states == [.failed, .cancelled, .cancelled])
        #expect(harness.rows[1].lastError == .disabled)
        let id = harness.rows[0].id
        let attempt = DisablingAttempt(delivery: id, event: "e1", status: 410, error: .status)
        #expect(harness.notices.contains(.disabled(subscription: "crm", cause: .gone, attempt: attempt)))
        #expect(harness.notices.contains(.cancellationEnded(subscription: "crm", count: 2)))
        #expect(harness.store.rows.health.first?.disabled?.cause == .gone)
        harness.emit("e4")
        #expect(harness.sent.isEmpty && harness.states.last == .cancelled)
        #expect(harness.engine.isSettled)
    }

    @Test("nothing but failures for too long disables; a success in between doesn't")
    func disableAfter() {
        let policy = subscription { policy in
            policy.disableAfter = .seconds(60)
            policy.schedule = Array(repeating: .seconds(25), count: 9)
        }
        let harness = EngineHarness([policy])
        harness.emit("e1")
        harness.response(.status(500))
        harness.advance(.seconds(25))
        harness.response(.ok)
        harness.emit("e2")
        for _ in 0..<3 {
            harness.response(.status(500))
            harness.advance(.seconds(25))
        }
        #expect(harness.store.rows.health.first?.disabled == nil)
        harness.response(.status(500))
        #expect(harness.store.rows.health.first?.disabled?.cause == .failing)
        #expect(harness.states == [.delivered, .cancelled])
    }

    @Test("enabling and retriggering brings back what was cancelled")
    func comesBack() async throws {
        let harness = EngineHarness([subscription()])
        try await harness.store.setDisabled(
            .init(cause: .manual, at: harness.clock.now),
            subscription: "crm",
            at: harness.clock.now
        )
        let other = harness.restarted()
        other.emit("e1")
        #expect(other.states == [.cancelled] && other.sent.isEmpty)
        let outside = InMemoryStore(sharing: other.store)
        try await outside.setDisabled(nil, subscription: "crm", at: other.clock.now)
        _ = try await outside.insertRetrigger(of: [other.rows[0].id], at: other.clock.now)
        other.noticeExternalWrites()
        #expect(other.notices.contains(.enabled(subscription: "crm")))
        #expect(other.sentEvents == ["e1"])
        other.response()
        #expect(other.states == [.cancelled, .delivered])
        #expect(other.engine.isSettled)
    }

    @Test("what was claimed when the disabling was noticed does not leave")
    func claimedMeanwhile() async throws {
        let harness = EngineHarness([subscription()])
        harness.holdsCommits = true
        harness.emit("e1")
        let outside = InMemoryStore(sharing: harness.store)
        harness.noticeExternalWrites()
        harness.emit("e2")
        try await outside.setDisabled(
            .init(cause: .manual, at: harness.clock.now),
            subscription: "crm",
            at: harness.clock.now
        )
        harness.holdsCommits = false
        harness.releaseCommit()
        #expect(!harness.sentEvents.contains("e2"))
        harness.respondToAll(.status(500))
        #expect(harness.states == [.cancelled, .cancelled])
        #expect(harness.rows.allSatisfy { $0.lastError == .disabled })
    }

    @Test("what a crash left in flight on a disabled subscription does not hang")
    func crashedWhileDisabled() async throws {
        let harness = EngineHarness([subscription()])
        harness.emit("e1")
        try await harness.store.setDisabled(
            .init(cause: .manual, at: harness.clock.now),
            subscription: "crm",
            at: harness.clock.now
        )
        let next = harness.restarted()
        #expect(next.states == [.cancelled] && next.sent.isEmpty && next.engine.isSettled)
    }

    @Test("a send test goes out while disabled, once, and says nothing about the endpoint")
    func sendTest() async throws {
        let harness = EngineHarness([subscription()])
        harness.emit("e1")
        harness.response(.status(410))
        harness.emit("t1", target: "crm")
        #expect(harness.sentEvents == ["t1"] && harness.rows[1].mode == .singleShot)
        harness.response(.status(500))
        #expect(harness.states == [.failed, .failed])
        #expect(harness.store.rows.health.first?.disabled?.cause == .gone)
        harness.emit("t2", target: "crm")
        harness.response(.ok)
        #expect(harness.states.last == .delivered && harness.store.rows.health.first?.hasSucceeded == false)
    }
}
