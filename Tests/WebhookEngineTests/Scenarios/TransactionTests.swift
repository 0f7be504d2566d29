import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Transactions")
struct TransactionTests {
    /// With an endpoint that has succeeded once, so that it may have several attempts at a time.
    private func proven(_ change: (inout DeliveryPolicy) -> Void = { _ in }) -> EngineHarness {
        let harness = EngineHarness([subscription("crm", change)])
        harness.emit("e0")
        harness.response()
        harness.replies = []
        harness.recorded = []
        return harness
    }

    @Test("a transaction under way takes what comes up, and all of it leaves together")
    func takesMore() {
        let harness = proven()
        harness.holdsCommits = true
        harness.emit("e1")
        harness.emit("e2")
        harness.extendCommit()
        harness.extendCommit()
        #expect(harness.rows.count == 1 && harness.replies.isEmpty)
        harness.releaseCommit()
        #expect(harness.sentEvents == ["e1", "e2"] && harness.replies.count == 2)
        #expect(harness.states == [.delivered, .inFlight, .inFlight])
    }

    @Test("where it fails, everything it took is back, the newest last")
    func failsTogether() {
        let harness = proven { $0.mode = .retry }
        harness.emit("e1", "e2")
        harness.holdsCommits = true
        harness.response(.status(500), event: "e1")
        harness.response(.ok, event: "e2")
        harness.emit("e3")
        harness.extendCommit()
        harness.fault = StoreError(.busy, "busy")
        harness.releaseCommit()
        #expect(harness.recorded.isEmpty && harness.rows.count == 3)
        guard case .failure? = harness.replies.last?.result else {
            Issue.record("e3 was acknowledged")
            return
        }
        harness.fault = nil
        harness.holdsCommits = false
        harness.advance(.seconds(1))
        #expect(harness.recorded.map(\.delivery.event.id) == ["e1", "e2"])
        #expect(harness.states == [.delivered, .waiting, .delivered])
        // What the first said of the endpoint must not come after what the second said.
        #expect(harness.store.rows.health.map(\.failingSince) == [nil])
        #expect(harness.store.rows.health.map(\.hasSucceeded) == [true])
    }

    @Test("the next begins before the engine has heard of the one before")
    func goesAhead() throws {
        let harness = proven()
        harness.holdsCommits = true
        harness.emit("e1")
        harness.emit("e2")
        let hear = try #require(harness.beginNextCommit())
        let wantsAnother = harness.engine.continuesCommitting()
        #expect(!wantsAnother)
        harness.emit("e3")
        #expect(harness.sent.isEmpty)
        hear()
        #expect(harness.sentEvents == ["e1"] && harness.replies.count == 1)
        harness.fault = StoreError(.full, "full")
        harness.releaseCommit()
        #expect(harness.replies.count == 2 && harness.rows.count == 2)
        harness.fault = nil
        harness.holdsCommits = false
        harness.releaseCommit()
        harness.respondToAll()
        harness.advance(.seconds(10))
        #expect(harness.rows.map(\.state).allSatisfy { $0 == .delivered })
        #expect(harness.engine.isSettled)
    }

    @Test("what a crash left is looked up before an attempt of our own is claimed")
    func recoversFirst() {
        let harness = EngineHarness([subscription()], starts: false)
        harness.holdsCommits = true
        harness.engine.start(at: harness.now)
        // Before the transaction has begun that the start asks for.
        harness.emit("e1", target: "crm")
        harness.extendCommit()
        harness.releaseCommit()
        #expect(harness.sentEvents == ["e1"])
        #expect(harness.notices.isEmpty)
        #expect(harness.states == [.inFlight])
    }

    @Test("a disabling that the second batch of a transaction reads keeps back what the first has claimed")
    func disabledOutside() async throws {
        let harness = proven()
        harness.holdsCommits = true
        harness.emit("e1")
        try await InMemoryStore(sharing: harness.store).setDisabled(
            .init(cause: .manual, at: harness.clock.now),
            subscription: "crm",
            at: harness.clock.now
        )
        harness.noticeExternalWrites()
        harness.extendCommit()
        harness.holdsCommits = false
        harness.releaseCommit()
        #expect(harness.sent.isEmpty)
        #expect(harness.states == [.delivered, .cancelled])
    }

    @Test("what is disabled by the first is not sent by the second")
    func disabledMeanwhile() throws {
        let harness = proven { $0.maxInFlight = 1 }
        harness.emit("e2", "e3")
        harness.holdsCommits = true
        // The receiver is gone; e3 waits, and e4 comes for a subscription that is disabled already.
        harness.response(.status(410), event: "e2")
        harness.emit("e4")
        let hear = try #require(harness.beginNextCommit())
        hear()
        harness.holdsCommits = false
        harness.releaseCommit()
        harness.advance(.seconds(1))
        #expect(harness.sent.isEmpty)
        #expect(harness.states == [.delivered, .failed, .cancelled, .cancelled])
    }
}
