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

    // MARK: Whoever waits for a decision

    private func setDisabled(_ isDisabled: Bool, _ harness: EngineHarness) async throws {
        let now = harness.clock.now
        let outside = InMemoryStore(sharing: harness.store)
        let manual = isDisabled ? SubscriptionHealth.Disabled(cause: .manual, at: now) : nil
        try await outside.setDisabled(manual, subscription: "crm", at: now)
    }

    private func learn(_ token: UInt64, _ harness: EngineHarness) {
        harness.process { $0.learnHealth(of: ["crm", "nobody"], token: token, at: $1) }
    }

    @Test("what was decided outside is in force once whoever waits for it is told")
    func learns() async throws {
        let harness = EngineHarness([subscription()])
        for round in UInt64(0)..<3 {
            try await setDisabled(true, harness)
            learn(2 * round, harness)
            #expect(harness.healthReads == [2 * round])
            harness.emit("missed-\(round)")
            #expect(harness.states.last == .cancelled)
            try await setDisabled(false, harness)
            learn(2 * round + 1, harness)
            #expect(harness.healthReads == [2 * round, 2 * round + 1])
            harness.emit("sent-\(round)")
            #expect(harness.sentEvents == ["sent-\(round)"])
            harness.respondToAll()
            harness.healthReads = []
        }
        harness.process { $0.learnHealth(of: ["nobody"], token: 9, at: $1) }
        #expect(harness.healthReads == [9], "what nobody serves here is in force")
    }

    @Test("whoever waits is told after a transaction of their own, also where one fails")
    func learnsLater() async throws {
        let harness = EngineHarness([subscription()])
        harness.holdsCommits = true
        harness.emit("e1")
        try await setDisabled(true, harness)
        learn(1, harness)
        harness.releaseCommit()
        #expect(harness.healthReads.isEmpty, "it began before the question")
        harness.fault = StoreError(.unavailable, "gone")
        harness.holdsCommits = false
        harness.releaseCommit()
        #expect(harness.healthReads.isEmpty)
        harness.fault = nil
        harness.advance(.seconds(60))
        #expect(harness.healthReads == [1])
    }

    @Test("a 410 whose disabling is not written yet doesn't come back after somebody has enabled it")
    func learnsBesideOwn() async throws {
        let harness = EngineHarness([subscription()])
        harness.emit("e1")
        harness.holdsCommits = true
        harness.response(.status(410))
        // The result is on its way to the store, and not in it.
        harness.clock.advance(by: .milliseconds(1))
        try await setDisabled(false, harness)
        learn(1, harness)
        harness.holdsCommits = false
        harness.releaseCommit()
        #expect(harness.healthReads == [1])
        #expect(harness.store.rows.health.first?.disabled == nil)
        harness.emit("e2")
        #expect(harness.sentEvents == ["e2"])
    }

    @Test("where this process disables one meanwhile, whoever waits is told when that is settled")
    func learnsWithOwn() async throws {
        let harness = EngineHarness([subscription()])
        harness.emit("e1")
        harness.holdsCommits = true
        learn(1, harness)
        harness.response(.status(410))
        harness.releaseCommit()
        #expect(harness.healthReads.isEmpty, "what was read is older than what is known")
        harness.holdsCommits = false
        harness.releaseCommit()
        #expect(harness.healthReads == [1])
        #expect(harness.store.rows.health.first?.disabled?.cause == .gone)
    }

    @Test("what comes after an enabling is not cancelled by what was under way before it")
    func cancellationBehind() async throws {
        let harness = EngineHarness([subscription()])
        try await setDisabled(true, harness)
        harness.noticeExternalWrites()
        harness.emit("e1")
        let outside = InMemoryStore(sharing: harness.store)
        // Somebody else's delivery is to be cancelled; but then it is enabled, and another one made.
        _ = try await outside.insertRetrigger(of: [harness.rows[0].id], at: harness.clock.now)
        harness.holdsCommits = true
        harness.process { $0.deliveriesInserted(at: $1) }
        harness.releaseCommit()
        try await setDisabled(false, harness)
        harness.releaseCommit()
        #expect(harness.states == [.cancelled, .pending])
        // Where nothing was cancelled the store is asked why.
        harness.holdsCommits = false
        harness.releaseCommit()
        #expect(harness.sentEvents == ["e1"])
        harness.respondToAll()
        #expect(harness.states == [.cancelled, .delivered] && harness.engine.isSettled)
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
