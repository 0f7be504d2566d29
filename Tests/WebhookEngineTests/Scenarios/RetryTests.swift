import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Deliveries that are made due by hand")
struct RetryTests {
    private func retry(_ harness: EngineHarness, _ rows: Int...) async throws -> [RetryOutcome] {
        let outcomes = try await InMemoryStore(sharing: harness.store).retry(rows.map { harness.rows[$0].id })
        harness.noticeExternalWrites()
        return outcomes
    }

    @Test("what waits in memory leaves at once, once, and the schedule goes on from there")
    func leavesAtOnce() async throws {
        let harness = EngineHarness([subscription { $0.schedule = [.seconds(3600), .seconds(7200)] }])
        harness.emit("e1")
        harness.response(.status(500))
        #expect(harness.sent.isEmpty)
        #expect(try await retry(harness, 0) == [.due])
        #expect(harness.sentEvents == ["e1"] && harness.sent[0].context.attempt == 2)
        #expect(try await retry(harness, 0) == [.inFlight])
        harness.response(.status(500))
        harness.advance(.seconds(3600))
        #expect(harness.sent.isEmpty, "the first wait is used up; nothing is left of it")
        harness.advance(.seconds(3600))
        #expect(harness.sentEvents == ["e1"])
        harness.response(.status(500))
        #expect(harness.states == [.failed])
        #expect(try await retry(harness, 0) == [.settled(.failed)])
    }

    @Test("a claim that is on its way to the store makes one attempt of it")
    func claimUnderWay() async throws {
        let harness = EngineHarness([subscription { ($0.mode, $0.maxInFlight) = (.singleShot, 1) }])
        harness.emit("e1", "e2")
        harness.holdsCommits = true
        harness.response()
        #expect(try await retry(harness, 1) == [.due])
        harness.holdsCommits = false
        harness.releaseCommit()
        #expect(harness.sentEvents == ["e2"])
        harness.response()
        harness.advance(.seconds(60))
        #expect(harness.sent.isEmpty && harness.states == [.delivered, .delivered])
        #expect(harness.rows[1].attempts == 1)
    }

    @Test("the breaker, a pause and a subscription that is gone stay in its way")
    func staysHeld() async throws {
        let harness = EngineHarness([
            subscription {
                ($0.schedule, $0.breaker) = ([.seconds(3600)], BreakerPolicy(failures: 1, pause: .seconds(30)))
            }
        ])
        harness.emit("e1")
        harness.response(.status(500))
        _ = try await retry(harness, 0)
        #expect(harness.sent.isEmpty)
        harness.advance(.seconds(30))
        #expect(harness.sentEvents == ["e1"])
    }

    @Test("a wall clock that was set forward doesn't hold it")
    func clockStepped() async throws {
        let harness = EngineHarness([subscription { $0.schedule = [.seconds(36_000)] }])
        harness.clock.stepWall(by: .seconds(7200))
        harness.emit("e1")
        harness.response(.status(500))
        _ = try await retry(harness, 0)
        #expect(harness.sentEvents == ["e1"])
    }

    @Test("where order matters, those before it still go first")
    func ordered() async throws {
        let harness = EngineHarness([subscription { ($0.ordered, $0.schedule) = (true, [.seconds(3600)]) }])
        harness.emit("e1", "e2")
        harness.response(.status(500))
        _ = try await retry(harness, 1)
        #expect(harness.sent.isEmpty)
        _ = try await retry(harness, 0)
        #expect(harness.sentEvents == ["e1"])
    }

    @Test("beyond what is held in memory")
    func beyondTheBuffer() async throws {
        let harness = EngineHarness([subscription { ($0.schedule, $0.maxInFlight) = ([.seconds(3600)], 1) }])
        let ids = (1...60).map { "e\($0)" }
        harness.emit(ids.map { harness.event($0) })
        while !harness.sent.isEmpty { harness.response(.status(500)) }
        #expect(harness.rows.filter { $0.state == .waiting }.count >= 1)
        let last = harness.rows.lastIndex { $0.state == .waiting } ?? 0
        harness.advance(.seconds(60))
        while !harness.sent.isEmpty { harness.response(.status(500)) }
        _ = try await retry(harness, last)
        harness.advance(.seconds(600))
        #expect(harness.rows[last].attempts > 1 || harness.sentEvents == [ids[last]])
    }
}
