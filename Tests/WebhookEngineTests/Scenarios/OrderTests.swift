import Testing
import WebhookCore
import WebhooksTesting

@testable import WebhookEngine

@Suite("Order")
struct OrderTests {
    private func ordered(_ change: (inout DeliveryPolicy) -> Void = { _ in }) -> Subscription {
        subscription { policy in
            policy.ordered = true
            policy.schedule = [.seconds(60), .seconds(60)]
            change(&policy)
        }
    }

    @Test("the next goes only after the one before has settled, retries included")
    func inOrder() {
        let harness = EngineHarness([ordered()])
        harness.emit("e1", "e2")
        harness.emit("e3")
        harness.answer(.status(500))
        #expect(harness.sent.isEmpty)
        harness.advance(.seconds(60))
        #expect(harness.sentEvents == ["e1"])
        harness.answer(.ok)
        #expect(harness.sentEvents == ["e2"])
        harness.answer(.status(410 - 6))
        harness.advance(.seconds(60))
        harness.answer(.status(404))
        harness.advance(.seconds(60))
        harness.answer(.status(404))
        #expect(harness.sentEvents == ["e3"])
    }

    @Test("a new delivery doesn't overtake one whose insert is under way")
    func underWay() {
        let harness = EngineHarness([ordered()])
        harness.emit("e1")
        harness.holdsCommits = true
        harness.emit("e2")
        harness.answer()
        harness.emit("e3")
        harness.releaseCommit()
        harness.holdsCommits = false
        harness.releaseCommit()
        #expect(harness.sentEvents == ["e2"])
        harness.answer()
        #expect(harness.sentEvents == ["e3"])
    }

    @Test("the head that waits for its retry is found behind a backlog larger than the window after a restart")
    func headAfterRestart() {
        let harness = EngineHarness([ordered()])
        harness.emit((0..<200).map { harness.event("e\($0)") })
        harness.answer(.status(500))
        let next = harness.restarted()
        #expect(next.sent.isEmpty)
        next.advance(.seconds(60))
        for number in 0..<200 {
            #expect(next.sentEvents == ["e\(number)"])
            next.answer()
        }
        #expect(next.engine.isSettled && next.states.allSatisfy { $0 == .delivered })
    }

    @Test("the clock steps back between two processes: the old backlog still goes first", arguments: [20, 200])
    func clockStepsBack(count: Int) {
        let harness = EngineHarness([ordered()])
        harness.emit((0..<count).map { harness.event("e\($0)") })
        harness.clock.stepWall(by: .seconds(-3600))
        let next = harness.restarted()
        next.emit("last")
        for number in 0..<count {
            #expect(next.sentEvents == ["e\(number)"])
            next.answer()
        }
        #expect(next.sentEvents == ["last"])
    }

    @Test("an engine with deliveries of its own doesn't overtake what waits in the store")
    func ownScope() {
        let harness = EngineHarness([ordered()])
        harness.emit("e1")
        harness.answer(.status(500))
        var own = EngineSettings()
        own.scope = .own
        let emitting = harness.restarted(settings: own)
        emitting.emit("e2")
        #expect(emitting.sent.isEmpty)
        emitting.advance(.seconds(3600))
        #expect(emitting.sent.isEmpty && emitting.states == [.waiting, .pending])
        let next = emitting.restarted(settings: EngineSettings())
        next.advance(.seconds(60))
        #expect(next.sentEvents == ["e1"])
        next.answer()
        #expect(next.sentEvents == ["e2"])
    }

    @Test("nor its own that waits for a retry, which is the next dispatcher's")
    func ownRetry() {
        var own = EngineSettings()
        own.scope = .own
        let harness = EngineHarness([ordered()], settings: own)
        harness.emit("e1", "e2")
        #expect(harness.sentEvents == ["e1"])
        harness.answer(.status(500))
        #expect(harness.sent.isEmpty)
        harness.emit("e3")
        harness.advance(.seconds(3600))
        #expect(harness.sent.isEmpty && harness.states == [.waiting, .pending, .pending])
    }
}
