import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Leases that an engine acquires")
struct AcquiredLeaseTests {
    private let node = NodeID(process: 1, term: 1)

    /// An engine that is to serve `crm` under a lease, beside others.
    private func bench(maxInFlight: Int = 5) -> EngineHarness {
        var settings = EngineHarness.smallBuffers
        settings.isLeased = true
        let bench = EngineHarness([], settings: settings)
        let crm = subscription { $0.maxInFlight = maxInFlight }
        bench.registry = Registry(subscriptions: [crm], profiles: [:], settings: DispatcherSettings())
        register(node, bench)
        bench.process { $0.hold(as: node, until: $1.monotonic + .seconds(60), at: $1) }
        return bench
    }

    /// A node acquires the lease, and ends the terms of others.
    private func register(_ node: NodeID, _ bench: EngineHarness, ends: [NodeID] = []) {
        var round = LeaseRound(node: NodeRecord(id: node), length: .seconds(60))
        round.registers = true
        round.acquires = ["crm"]
        round.ends = ends
        _ = bench.store.holdNow(round)
    }

    private func serve(_ bench: EngineHarness) {
        let targets = bench.registry.subscriptions.map {
            SharedSubscription($0, requests: bench.renderer.requests(to: $0))
        }
        bench.process { $0.serve(targets, at: $1) }
    }

    private func isClaimed(_ acceptance: Acceptance?) -> Bool {
        if case .claimed = acceptance?.deliveries?.deliveries.first?.start { true } else { false }
    }

    @Test("a lease that comes back: nothing is claimed before what was in flight is read")
    func readsBeforeItClaims() {
        let bench = bench()
        serve(bench)
        bench.emit("e1")
        #expect(bench.sentEvents == ["e1"])
        bench.process { $0.stopServing(["crm"], at: $1) }
        bench.holdsCommits = true
        bench.emit("e2")
        // The queue is still there: e1 is under way. What is read waits for the transaction.
        serve(bench)
        bench.emit("e3")
        bench.releaseCommit()
        #expect(bench.openCommit?.reads.acquired == ["crm"] && bench.openCommit?.acceptances.count == 1)
        #expect(!isClaimed(bench.openCommit?.acceptances.first))
        bench.holdsCommits = false
        bench.releaseCommit()
        bench.respondToAll()
        #expect(bench.states == [.delivered, .delivered, .delivered])
        #expect(bench.rows.map(\.attempts) == [1, 1, 1])
    }

    @Test("what this engine has under way itself was not interrupted", arguments: [false, true])
    func leavesItsOwnAlone(isEnded: Bool) {
        let bench = bench()
        serve(bench)
        bench.emit("e1")
        bench.process { $0.stopServing(["crm"], at: $1) }
        if isEnded {
            // Its result waits for the transaction that reads.
            bench.holdsCommits = true
            bench.emit("e2")
            serve(bench)
            bench.extendCommit()
            bench.response()
            bench.holdsCommits = false
            bench.releaseCommit()
        } else {
            serve(bench)
            bench.response()
        }
        bench.respondToAll()
        let recovered = bench.recorded.filter(\.isRecovered)
        #expect(recovered.isEmpty && Set(bench.states) == [.delivered])
    }

    @Test("what was asked for in an earlier tenure says nothing about this one")
    func ignoresAnEarlierRead() {
        let bench = bench()
        bench.holdsCommits = true
        serve(bench)
        bench.process { $0.stopServing(["crm"], at: $1) }
        bench.emit("e1")
        serve(bench)
        bench.releaseCommit()
        bench.emit("e2")
        bench.releaseCommit()
        #expect(!isClaimed(bench.openCommit?.acceptances.first), "the first read is not the one that was waited for")
        bench.holdsCommits = false
        bench.releaseCommit()
        bench.respondToAll()
        #expect(bench.states == [.delivered, .delivered])
    }

    @Test("another's attempts stay another's where the lease was lost before they were read")
    func leavesAnothersAlone() {
        let bench = bench()
        bench.holdsCommits = true
        serve(bench)
        // Beside it: another declares it dead, acquires, and claims.
        let other = NodeID(process: 2, term: 1)
        register(other, bench, ends: [node])
        var batch = StoreBatch()
        batch.node = other
        let event = bench.event("e1")
        let new = NewDelivery(
            subscription: "crm",
            mode: .retry,
            body: 0,
            contentType: .json,
            start: .claimed(at: bench.clock.now)
        )
        let deliveries = NewDeliveries(bodies: ["{}"], deliveries: [new])
        batch.acceptances = [Acceptance(event: event, createdAt: bench.clock.now, deliveries: deliveries)]
        _ = bench.store.commitNow(batch)
        bench.holdsCommits = false
        bench.releaseCommit()
        #expect(bench.recorded.isEmpty && bench.states == [.inFlight])
    }
}
