import Testing
import WebhookCore
import WebhooksTesting

@testable import WebhookEngine

@Suite("Cancelling a subscription's deliveries")
struct CancelTests {
    @Test(
        "an event that is being matched at that moment brings the subscription nothing, and frees what it had claimed"
    )
    func duringFanOut() async throws {
        let harness = EngineHarness([subscription { $0.maxInFlight = 1 }, subscription("lms")])
        let outside = InMemoryStore(sharing: harness.store)
        _ = try await outside.append(harness.event("e1"), target: nil)
        harness.noticeForeignWrites()
        harness.answerAll()
        _ = try await outside.append(harness.event("e2"), target: nil)
        harness.holdsCommits = true
        harness.noticeForeignWrites()
        // The event is read; its fan-out, with the first attempts claimed, waits for the transaction.
        harness.releaseCommit()
        let result = try await outside.cancel(events: [], deliveries: [], subscription: "crm", at: harness.clock.now)
        #expect(result.unmatchedEvents == 1)
        harness.holdsCommits = false
        harness.releaseCommit()
        #expect(harness.sent.map(\.target.subscription.name) == ["lms"])
        harness.answerAll()
        #expect(harness.rows.suffix(2).map(\.state).contains(.cancelled))
        #expect(harness.engine.isSettled && harness.engine.holding == 0)
        harness.emit("e3")
        #expect(harness.sentEvents == ["e3", "e3"])
    }
}
