import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Reading on")
struct RefillTests {
    private func emitted(_ count: Int, _ harness: EngineHarness) {
        harness.emit((0..<count).map { harness.event("e\($0)") })
    }

    @Test("a read that fails is asked for again, although nothing else happens")
    func failedRead() {
        let harness = EngineHarness([subscription { $0.maxInFlight = 1 }])
        emitted(1, harness)
        harness.response(.status(500))
        let next = harness.restarted(starts: false)
        next.holdsCommits = true
        next.start()
        next.releaseCommit()
        #expect(next.openCommit?.reads.refills.count == 1)
        next.fault = StoreError(.busy, "busy")
        next.holdsCommits = false
        next.releaseCommit()
        next.fault = nil
        next.advance(.seconds(10))
        #expect(next.sentEvents == ["e0"])
    }

    @Test("more than a read brings, inserted before a far cursor, is all found")
    func manyBeforeTheCursor() async throws {
        let policy = subscription { policy in
            policy.schedule = [.seconds(86_400)]
            policy.breaker = BreakerPolicy(failures: 1_000_000, pause: .seconds(1))
        }
        let harness = EngineHarness([policy])
        emitted(100, harness)
        harness.respondToAll(.status(500))
        let outside = InMemoryStore(sharing: harness.store)
        for _ in 0..<5 {
            _ = try await outside.insertRetrigger(of: harness.rows.prefix(100).map(\.id), at: harness.clock.now)
        }
        harness.noticeExternalWrites()
        harness.respondToAll()
        #expect(harness.states.filter { $0 == .delivered }.count == 500)
        harness.advance(.seconds(86_400))
        harness.respondToAll()
        #expect(harness.engine.isSettled && harness.states.allSatisfy { $0 == .delivered })
    }

    @Test("a read from before a subscription was parked says nothing afterwards")
    func staleRead() {
        let crm = subscription { $0.maxInFlight = 1 }
        let harness = EngineHarness([crm])
        emitted(200, harness)
        while harness.engine.queues[0].buffer.count > 9 { harness.response() }
        harness.holdsCommits = true
        while harness.openCommit?.reads.refills.first?.after == nil {
            harness.releaseCommit()
            harness.response()
        }
        harness.reload([])
        harness.reload([crm])
        harness.holdsCommits = false
        harness.releaseCommit()
        harness.respondToAll()
        #expect(harness.engine.isSettled && harness.states.allSatisfy { $0 == .delivered })
    }

    @Test("a retry that lands while the store is read is not lost behind the cursor")
    func retryDuringRead() {
        let harness = EngineHarness([
            subscription { policy in
                policy.maxInFlight = 2
                policy.breaker = BreakerPolicy(failures: 1_000_000, pause: .seconds(1))
            }
        ])
        harness.emit("first")
        harness.response()
        emitted(40, harness)
        while harness.engine.queues[0].buffer.count > 9 { harness.response() }
        harness.holdsCommits = true
        while harness.openCommit?.reads.refills.isEmpty ?? true {
            harness.releaseCommit()
            harness.response()
        }
        // The read is under way and reaches the end; this retry is behind its beginning, and not in the store yet.
        harness.response(.status(500))
        harness.holdsCommits = false
        harness.releaseCommit()
        harness.respondToAll()
        harness.advance(.seconds(5))
        harness.respondToAll()
        #expect(harness.engine.isSettled && harness.states.allSatisfy { $0 == .delivered })
    }

    @Test("what others insert is taken in alone: what waits is not read again")
    func newDeliveries() async throws {
        let harness = EngineHarness([subscription { $0.maxInFlight = 1 }])
        emitted(20, harness)
        harness.response()
        while let sent = harness.sent.first, harness.rows.filter({ $0.state == .waiting }).count < 3 {
            harness.response(.status(500), to: sent)
        }
        harness.respondToAll()
        let outside = InMemoryStore(sharing: harness.store)
        let ids = harness.rows.filter { $0.state == .delivered }.map(\.id)
        _ = try await outside.insertRetrigger(of: Array(ids.prefix(2)), at: harness.clock.now)
        harness.holdsCommits = true
        harness.noticeExternalWrites()
        #expect(harness.openCommit?.reads.newDeliveriesAbove != nil)
        harness.releaseCommit()
        #expect(harness.openCommit?.reads.refills.isEmpty == true && harness.openCommit?.claims.count == 1)
        harness.holdsCommits = false
        harness.releaseCommit()
        harness.respondToAll()
        #expect(harness.states.filter { $0 == .waiting }.count == 3)
        #expect(harness.states.filter { $0 == .delivered }.count == 19)
    }

    @Test("a new delivery is claimed with its insert while others wait for their time")
    func nothingIsDue() {
        let harness = EngineHarness([subscription()])
        emitted(2, harness)
        harness.response()
        harness.response(.status(500))
        #expect(Set(harness.states) == [.delivered, .waiting])
        harness.holdsCommits = true
        harness.emit("new")
        guard case .claimed = harness.openCommit?.acceptances.first?.deliveries?.deliveries.first?.start else {
            Issue.record("it waits")
            return
        }
        harness.holdsCommits = false
        harness.releaseCommit()
        #expect(harness.sentEvents == ["new"])
        harness.response()
        harness.advance(.seconds(3600))
        harness.respondToAll()
        #expect(harness.engine.isSettled && harness.states.allSatisfy { $0 == .delivered })
    }
}
