import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Rows that the store refuses")
struct RefusalTests {
    private func harness(_ poison: @escaping @Sendable (WrittenRow) -> Bool) -> EngineHarness {
        let harness = EngineHarness([subscription("crm"), subscription("lms")])
        // Proven, so that several go at a time.
        harness.emit("e0")
        harness.respondToAll()
        harness.notices = []
        harness.store.refuseRows { row, _ in poison(row) ? "simulated" : nil }
        return harness
    }

    private func refused(_ harness: EngineHarness) -> [RefusedRow] {
        harness.notices.compactMap { if case .refused(let row) = $0 { row } else { nil } }
    }

    @Test("a delivery that can't be inserted is stored as failed, the others leave")
    func delivery() {
        let harness = harness { row in
            if case .newDelivery(let new, let event) = row {
                new.subscription == "crm" && event.id == "e1"
            } else {
                false
            }
        }
        harness.emit("e1", "e2")
        #expect(harness.replies.allSatisfy { (try? $0.result.get()) != nil })
        harness.respondToAll()
        #expect(harness.rows.filter { $0.state == .failed }.map(\.lastError) == [.internal])
        #expect(harness.rows.filter { $0.state == .delivered }.count == 5)
        #expect(refused(harness).map(\.part) == [.delivery])
        #expect(refused(harness).map(\.subscription) == ["crm"])
        #expect(harness.settled.map(\.error) == [.internal])
        #expect(harness.engine.isSettled)
    }

    @Test("an event that can't be stored fails its emit alone")
    func event() {
        let harness = harness { if case .event(let event) = $0 { event.id == "e1" } else { false } }
        harness.replies = []
        harness.emit("e1", "e2")
        #expect(harness.replies.compactMap { try? $0.result.get() }.first == .refused(reason: "simulated"))
        harness.respondToAll()
        #expect(harness.rows.filter { $0.state == .delivered }.count == 4)
        #expect(harness.engine.isSettled)
    }

    @Test("an event whose deliveries can't be stored in any form is set aside")
    func fanOut() async throws {
        let harness = harness { row in
            switch row {
            case .newDelivery(_, let event), .failedDelivery(_, let event): event.id == "e1"
            default: false
            }
        }
        for id in ["e1", "e2"] {
            _ = try await InMemoryStore(sharing: harness.store).append(harness.event(id), target: nil)
        }
        harness.noticeExternalWrites()
        harness.respondToAll()
        #expect(harness.notices.contains(.setAside(event: "e1", reason: "simulated")))
        #expect(harness.rows.filter { $0.state == .delivered }.count == 4)
        #expect(harness.engine.isSettled)
        // It comes back when it is asked for.
        harness.store.refuseRows(nil)
        #expect(try await harness.store.releaseSetAside(["e1", "e2"]).count == 1)
        harness.noticeExternalWrites()
        harness.respondToAll()
        #expect(harness.rows.filter { $0.state == .delivered }.count == 6)
    }

    @Test(
        "a delivery that can't be claimed is settled, or left alone where that is refused too",
        arguments: [false, true]
    )
    func claim(_ isStuck: Bool) {
        let harness = harness { row in
            switch row {
            case .claim(let row): row.subscription == "crm" && row.attempts == 1
            case .settlement(let row): isStuck && row.subscription == "crm"
            default: false
            }
        }
        harness.emit("e1", "e2")
        harness.response(.status(500), event: "e1")
        harness.respondToAll(.ok)
        let before = harness.store.commits
        harness.advance(.seconds(100_000))
        harness.respondToAll(.ok)
        let left = harness.rows.filter { $0.state != .delivered }
        #expect(left.count <= 1)
        #expect(left.allSatisfy { $0.state == (isStuck ? .waiting : .failed) })
        #expect(refused(harness).filter { $0.part == .claim }.count == left.count)
        #expect(harness.engine.isSettled)
        // It does not go on and on.
        #expect(harness.store.commits - before < 12)
    }

    @Test("an attempt is recorded without what the receiver said; where that is refused too, it stays in flight")
    func attempt() {
        let harness = harness { row in
            switch row {
            case .attempt(let row, let isWhole): row.subscription == "crm" ? isWhole : row.id.rawValue == 6
            default: false
            }
        }
        harness.emit("e1", "e2")
        harness.respondToAll()
        let rows = harness.rows.filter { $0.id.rawValue > 2 }
        #expect(rows.filter { $0.subscription == "crm" }.allSatisfy { $0.state == .delivered })
        #expect(rows.filter { $0.subscription == "crm" }.allSatisfy { $0.log[0].detail?.contains("simulated") == true })
        #expect(
            rows.filter { $0.subscription == "lms" }.map(\.state).sorted { $0.rawValue < $1.rawValue }
                == [.delivered, .inFlight]
        )
        #expect(harness.engine.isSettled)
        let next = harness.restarted()
        #expect(next.states.filter { $0 == .inFlight }.count == 1)
        #expect(next.engine.isSettled)
    }

    @Test("who is disabled stays so for the process although the store won't remember it")
    func health() {
        let harness = harness { if case .health = $0 { true } else { false } }
        harness.emit("e1")
        harness.response(.status(410), event: "e1")
        harness.respondToAll()
        harness.emit("e2")
        harness.respondToAll()
        let states = harness.rows.filter { $0.subscription == "crm" }.map(\.state)
        let others = harness.rows.filter { $0.subscription == "lms" }.map(\.state)
        #expect((states + others).filter { $0 == .cancelled }.count == 1)
        harness.noticeExternalWrites()
        harness.advance(.seconds(10))
        #expect(refused(harness).filter { $0.part == .health }.count == 1)
        #expect(harness.engine.isSettled)
    }

    @Test("a rendering that ends the process twice sets its event aside, once does not")
    func rendering() async throws {
        let harness = EngineHarness([subscription("crm")], starts: false)
        _ = try await InMemoryStore(sharing: harness.store).append(harness.event("e1"), target: nil)
        let row = try #require(harness.store.rows.events.keys.first)
        harness.engine.start(interruptedRenderings: [row], at: harness.now)
        // The process ends again before the fan-out is durable.
        _ = harness.engine.takeActions()
        guard let batch = harness.engine.takeBatch() else {
            Issue.record("nothing is counted")
            return
        }
        let read = try harness.store.commitNow(batch).get()
        #expect(read.reads.pendingEvents.map(\.row) == [row], "once is no reason")
        let next = EngineHarness([subscription("crm")], store: harness.store, clock: harness.clock, starts: false)
        next.process { $0.start(interruptedRenderings: [row], at: $1) }
        #expect(next.notices.contains(.setAside(event: "e1", reason: SetAside.endedReason)))
        #expect(next.rows.isEmpty && next.engine.isSettled)
        #expect(try await next.store.setAsideEvents(limit: 5).map(\.id) == ["e1"])
    }

    @Test("of two renderings that were under way when the process ended, each is counted")
    func renderings() async throws {
        let harness = EngineHarness([subscription("crm")], starts: false)
        let store = InMemoryStore(sharing: harness.store)
        for id in ["e1", "e2", "e3"] { _ = try await store.append(harness.event(id), target: nil) }
        let rows = harness.store.rows.events.keys.sorted()
        harness.engine.start(interruptedRenderings: [rows[0], rows[1]], at: harness.now)
        _ = harness.engine.takeActions()
        let taken = harness.engine.takeBatch()
        let batch = try #require(taken)
        _ = try harness.store.commitNow(batch).get()
        let next = EngineHarness([subscription("crm")], store: harness.store, clock: harness.clock, starts: false)
        next.process { $0.start(interruptedRenderings: [rows[1], rows[2]], at: $1) }
        #expect(try await next.store.setAsideEvents(limit: 5).map(\.id) == ["e2"])
    }

    @Test("a request that ends the process twice fails its delivery alone, once does not")
    func deadlyRequest() throws {
        let subscriptions = [subscription("crm") { $0.mode = .retry }, subscription("lms") { $0.mode = .retry }]
        func process(_ deadly: Set<Delivery.ID>, after last: EngineHarness) -> EngineHarness {
            let store = InMemoryStore(sharing: last.store)
            let next = EngineHarness(subscriptions, store: store, clock: last.clock, starts: false)
            next.process { $0.start(deadly: deadly, at: $1) }
            return next
        }
        let first = EngineHarness(subscriptions)
        first.emit("e1")
        let id = try #require(first.rows.first { $0.subscription == "crm" }?.id)
        let second = process([], after: first)
        #expect(second.sent.count == 2, "once is no reason")
        let third = process([id], after: second)
        third.respondToAll()
        #expect(third.rows.map(\.state) == [.failed, .delivered] && third.engine.isSettled)
        #expect(third.rows[0].lastError == .internal)
        let reason = SetAside.endedRequestDetail
        #expect(third.notices.contains(.givenUp(delivery: id, event: "e1", subscription: "crm", reason: reason)))
        #expect(third.rows[0].log.last?.detail == SetAside.endedRequestDetail)
    }

    @Test("a drain doesn't wait for a failing store with what the next start finds out anyway")
    func drain() throws {
        let harness = EngineHarness([subscription("crm") { $0.mode = .retry }])
        harness.emit("e1")
        let next = harness.restarted(starts: false)
        next.holdsCommits = true
        next.start()
        next.releaseCommit()
        // The interrupted attempt is to be recorded, and the disk is full.
        next.fault = StoreError(.full, "full")
        next.releaseCommit()
        #expect(!next.engine.isDrained)
        next.process { $0.drain(at: $1) }
        #expect(next.engine.isDrained)
        // An attempt of its own is worth waiting for.
        harness.fault = StoreError(.full, "full")
        harness.response(.ok)
        harness.process { $0.drain(at: $1) }
        #expect(!harness.engine.isDrained)
        harness.engine.abandon()
        let batch = harness.engine.takeBatch()
        #expect(batch == nil)
    }
}
