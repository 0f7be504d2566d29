import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Cancelling a subscription's deliveries")
struct CancelTests {
    @Test(
        "an event that is being matched at that time brings the subscription nothing, and frees what it had claimed"
    )
    func duringFanOut() async throws {
        let harness = EngineHarness([subscription { $0.maxInFlight = 1 }, subscription("lms")])
        let outside = InMemoryStore(sharing: harness.store)
        _ = try await outside.append(harness.event("e1"), target: nil)
        harness.noticeExternalWrites()
        harness.respondToAll()
        _ = try await outside.append(harness.event("e2"), target: nil)
        harness.holdsCommits = true
        harness.noticeExternalWrites()
        // The event is read; its fan-out, with the first attempts claimed, waits for the transaction.
        harness.releaseCommit()
        let result = try await outside.cancel(events: [], deliveries: [], subscription: "crm", at: harness.clock.now)
        #expect(result.unmatchedEvents == 1)
        harness.holdsCommits = false
        harness.releaseCommit()
        #expect(harness.sent.map(\.target.subscription.name) == ["lms"])
        harness.respondToAll()
        #expect(harness.rows.suffix(2).map(\.state).contains(.cancelled))
        #expect(harness.engine.isSettled && harness.engine.holding == 0)
        harness.emit("e3")
        #expect(harness.sentEvents == ["e3", "e3"])
    }

    @Test(
        "an attempt under way is not cut off; what it brings decides",
        arguments: [
            (DeliveryMode.retry, EndpointResponse.status(503), DeliveryState.cancelled),
            (.retry, .staleConnection, .cancelled),
            (.retry, .ok, .delivered),
            (.retry, .status(410), .cancelled),
            (.singleShot, .status(503), .cancelled),
            (.singleShot, .disconnect, .unknown),
        ]
    )
    func inFlight(mode: DeliveryMode, response: EndpointResponse, expected: DeliveryState) async throws {
        let harness = EngineHarness([subscription { $0.mode = mode }])
        harness.emit("e1")
        let result = try await outside(harness).cancel(
            events: ["e1"],
            deliveries: [],
            subscription: nil,
            at: harness.clock.now
        )
        #expect(result.underWay.map(\.state) == [.inFlight] && result.tooLate.isEmpty)
        harness.noticeExternalWrites()
        harness.response(response)
        #expect(harness.states == [expected])
        #expect(harness.recorded.map(\.state) == [expected])
        #expect(harness.recorded.map(\.nextAttemptAt) == [nil])
        #expect(harness.engine.isSettled && harness.engine.holding == 0)
        harness.advance(.seconds(86_400))
        #expect(harness.sent.isEmpty && harness.rows[0].attempts == 1)
    }

    @Test("a crash in the attempt that was cancelled brings no retry either")
    func crash() async throws {
        let harness = EngineHarness([subscription(), subscription("once") { $0.mode = .singleShot }])
        harness.emit("e1")
        _ = try await outside(harness).cancel(events: ["e1"], deliveries: [], subscription: nil, at: harness.clock.now)
        let next = harness.restarted()
        #expect(next.states == [.cancelled, .unknown])
        #expect(next.recorded.map(\.state) == [.cancelled, .unknown])
        #expect(next.engine.isSettled && next.engine.holding == 0 && next.sent.isEmpty)
    }

    @Test("those behind a cancelled one go on at once where order matters", arguments: [true, false])
    func inOrder(isInFlight: Bool) async throws {
        let harness = EngineHarness([subscription { $0.ordered = true }])
        harness.emit("e1", "e2")
        if !isInFlight { harness.response(.status(503)) }
        _ = try await outside(harness).cancel(
            events: [],
            deliveries: [harness.rows[0].id],
            subscription: nil,
            at: harness.clock.now
        )
        harness.noticeExternalWrites()
        if isInFlight { harness.response(.status(503)) }
        #expect(harness.sentEvents == ["e2"])
        harness.response()
        #expect(harness.states == [.cancelled, .delivered] && harness.engine.isSettled)
    }

    @Test("where order matters, an engine of its own goes on as well")
    func inOrderOfItsOwn() async throws {
        var settings = EngineSettings()
        settings.scope = .own
        let harness = EngineHarness([subscription { $0.ordered = true }], settings: settings)
        harness.emit("e1", "e2")
        _ = try await outside(harness).cancel(
            events: [],
            deliveries: [harness.rows[0].id],
            subscription: nil,
            at: harness.clock.now
        )
        harness.response(.status(503))
        #expect(harness.sentEvents == ["e2"])
    }

    @Test("a wait for a retry that was cancelled holds up nothing that waits for all to settle")
    func waiting() async throws {
        let harness = EngineHarness([subscription()])
        harness.emit("e1")
        harness.response(.status(503))
        #expect(!harness.engine.isSettled)
        _ = try await outside(harness).cancel(events: ["e1"], deliveries: [], subscription: nil, at: harness.clock.now)
        harness.noticeExternalWrites()
        #expect(harness.engine.isSettled && harness.engine.holding == 0)
    }

    private func outside(_ harness: EngineHarness) -> InMemoryStore { InMemoryStore(sharing: harness.store) }
}
