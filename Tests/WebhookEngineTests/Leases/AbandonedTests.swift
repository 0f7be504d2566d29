import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

/// Modes, and the states in which what was interrupted ends.
private let finalStates: [(DeliveryMode, DeliveryState)] = [(.retry, .waiting), (.singleShot, .unknown)]

/// What a dead node has left in flight of a subscription that no other knows.
@Suite("What is in flight and nobody serves")
struct AbandonedTests {
    private let dead = NodeID(process: 2)
    private let other = NodeID(process: 3)

    /// An engine that serves nothing, beside a node that has claimed a delivery of `crm`.
    private func bench(_ mode: DeliveryMode = .retry) -> EngineHarness {
        var settings = EngineHarness.smallBuffers
        settings.isLeased = true
        let bench = EngineHarness([], settings: settings)
        hold(dead, bench)
        let start = NewDelivery.Start.claimed(at: bench.clock.now)
        let new = NewDelivery(subscription: "crm", mode: mode, body: 0, contentType: .json, start: start)
        var batch = StoreBatch()
        batch.node = dead
        batch.acceptances = [
            Acceptance(
                event: bench.event("e1"),
                createdAt: bench.clock.now,
                deliveries: NewDeliveries(bodies: ["{}"], deliveries: [new])
            )
        ]
        _ = bench.store.commitNow(batch)
        #expect(bench.states == [.inFlight])
        return bench
    }

    private func hold(_ node: NodeID, _ bench: EngineHarness) {
        var round = LeaseRound(node: NodeRecord(id: node), length: .seconds(15))
        (round.registers, round.acquires) = (true, ["crm"])
        _ = bench.store.holdNow(round)
    }

    private func look(_ bench: EngineHarness) {
        bench.advance(.seconds(16))
        bench.process { $0.lookForAbandoned(at: $1) }
    }

    @Test("two looks end it as interrupted, and once", arguments: finalStates)
    func ends(mode: DeliveryMode, state: DeliveryState) {
        let bench = bench(mode)
        bench.process { $0.lookForAbandoned(at: $1) }
        #expect(bench.states == [.inFlight], "its node is alive")
        look(bench)
        #expect(bench.states == [.inFlight] && bench.recorded.isEmpty, "whoever knows it may acquire it")
        look(bench)
        #expect(bench.states == [state])
        #expect(bench.recorded.map(\.attempt.error) == [.interrupted])
        #expect(bench.recorded.map(\.attempt.outcome) == [.unknown] && bench.recorded.allSatisfy(\.isRecovered))
        look(bench)
        look(bench)
        #expect(bench.recorded.count == 1 && bench.sent.isEmpty)
    }

    @Test("what is acquired between two looks is its new owner's")
    func leavesAcquired() {
        let bench = bench()
        look(bench)
        hold(other, bench)
        bench.process { $0.lookForAbandoned(at: $1) }
        #expect(bench.states == [.inFlight] && bench.recorded.isEmpty)
        // It dies as well: from then on it is looked for anew.
        look(bench)
        #expect(bench.recorded.isEmpty)
        look(bench)
        #expect(bench.states == [.waiting])
    }

    @Test("what somebody has cancelled meanwhile ends as cancelled")
    func endsCancelled() async throws {
        let bench = bench()
        look(bench)
        let now = bench.clock.now
        let result = try await bench.store.cancel(events: ["e1"], deliveries: [], subscription: nil, at: now)
        #expect(result.underWay.count == 1)
        look(bench)
        #expect(bench.states == [.cancelled])
    }

    @Test("a command that finds nobody alive ends it at once", arguments: finalStates)
    func endsByCommand(mode: DeliveryMode, state: DeliveryState) throws {
        let bench = bench(mode)
        bench.advance(.seconds(16))
        var batch = StoreBatch()
        batch.reads.abandoned = 9
        let found = try bench.store.commitNow(batch).get().reads.abandoned
        batch = StoreBatch()
        batch.results = found.map { $0.ended(at: bench.now) }
        #expect(try bench.store.commitNow(batch).get().results == [.recorded])
        #expect(bench.states == [state])
    }

    @Test("what this engine has under way itself ends by itself")
    func leavesItsOwn() {
        var settings = EngineHarness.smallBuffers
        settings.isLeased = true
        let bench = EngineHarness([], settings: settings)
        let crm = subscription()
        bench.registry = Registry(subscriptions: [crm], profiles: [:], settings: DispatcherSettings())
        hold(other, bench)
        bench.process { $0.hold(as: other, until: $1.monotonic + .seconds(600), at: $1) }
        bench.process { $0.serve([SharedSubscription(crm, requests: bench.renderer.requests(to: crm))], at: $1) }
        bench.emit("e1")
        #expect(bench.sentEvents == ["e1"])
        // Declared dead, while its request is on the wire.
        bench.advance(.seconds(16))
        var round = LeaseRound(node: NodeRecord(id: dead), length: .seconds(600))
        round.registers = true
        _ = bench.store.holdNow(round)
        for _ in 0..<3 { look(bench) }
        #expect(bench.recorded.isEmpty)
        bench.respondToAll()
        #expect(bench.states == [.delivered])
    }
}
