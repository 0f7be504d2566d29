import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Life cycle")
struct LifeCycleTests {
    @Test("no attempt before its claim is durable, no answer before the event is")
    func durableFirst() {
        let harness = EngineHarness([subscription()])
        harness.holdsCommits = true
        harness.emit("e1")
        #expect(harness.sent.isEmpty && harness.replies.isEmpty && harness.rows.isEmpty)
        harness.releaseCommit()
        #expect(harness.sentEvents == ["e1"] && harness.replies.count == 1)
        #expect(harness.rows[0].state == .inFlight)
    }

    @Test("the store is full: nothing is acknowledged, nothing new is sent, and it goes on afterwards")
    func storeFull() {
        let harness = EngineHarness([subscription { $0.maxInFlight = 1 }])
        harness.emit("e1", "e2")
        harness.fault = StoreError(.full, "full")
        harness.response()
        #expect(harness.sent.isEmpty && harness.recorded.isEmpty)
        harness.emit("e3")
        guard case .failure(let error) = harness.replies.last?.result else {
            Issue.record("e3 was acknowledged")
            return
        }
        #expect(error.code == .full)
        harness.advance(.seconds(60))
        #expect(harness.sent.isEmpty)
        harness.fault = nil
        harness.advance(.seconds(5))
        #expect(harness.notices.contains(.storeRecovered(isSaid: true)))
        #expect(harness.sentEvents == ["e2"] && harness.states == [.delivered, .inFlight])
        harness.response()
        #expect(harness.engine.isSettled)
    }

    @Test("the store fails at the start: the backlog is found all the same")
    func storeFailsAtStart() {
        let harness = EngineHarness([subscription { $0.maxInFlight = 1 }])
        harness.emit("e1", "e2")
        let next = harness.restarted(starts: false)
        for _ in 0..<3 {
            next.fault = StoreError(.busy, "busy")
            if next.engine.phase.hasStarted { next.advance(.seconds(10)) } else { next.start() }
            next.fault = nil
            next.advance(.seconds(10))
        }
        #expect(next.sentEvents == ["e1"])
    }

    @Test("a drain sends nothing more and ends when what left is on record, although others have written")
    func drain() {
        let harness = EngineHarness([subscription { $0.maxInFlight = 1 }])
        harness.emit("e1", "e2")
        harness.process { $0.drain(at: $1) }
        harness.noticeExternalWrites()
        #expect(!harness.engine.isDrained)
        harness.response()
        #expect(harness.engine.isDrained && harness.sent.isEmpty)
        harness.emit("e3")
        #expect(harness.states == [.delivered, .pending, .pending] && harness.engine.isDrained)
    }

    @Test("a reload parks what it drops, and brings it back")
    func reload() {
        let crm = subscription { $0.maxInFlight = 1 }
        let harness = EngineHarness([crm, subscription("other")])
        harness.emit("e1", "e2", "e3")
        harness.response(event: "e1")
        harness.reload([subscription("other")])
        harness.respondToAll()
        #expect(harness.engine.isSettled)
        #expect(harness.rows.filter { $0.subscription == "crm" }.map(\.state).contains(.delivered))
        let parked = harness.rows.filter { $0.state == .pending || $0.state == .waiting }
        #expect(parked.count == 1 && parked[0].subscription == "crm")
        harness.reload([crm, subscription("other")])
        #expect(harness.sent.map(\.target.subscription.name) == ["crm"])
        harness.response()
        #expect(harness.engine.isSettled && harness.states.allSatisfy { $0 == .delivered })
    }

    @Test("a queue goes once its subscription is gone and nothing of it is under way; what is back begins again")
    func goneQueues() {
        let harness = EngineHarness([subscription("a"), subscription("b")])
        func names() -> [String] { harness.engine.queues.indices.map { harness.engine.queues[$0].name } }
        harness.emit("e1")
        harness.reload([subscription("b")])
        #expect(names() == ["a", "b"], "its request is on the wire")
        harness.respondToAll(.status(500))
        #expect(names() == ["b"] && harness.engine.isSettled == false)
        harness.reload([subscription("b"), subscription("c")])
        harness.emit("e2")
        #expect(names() == ["b", "c"] && harness.sent.map(\.target.subscription.name).contains("c"))
        harness.respondToAll()
        harness.reload([subscription("a"), subscription("b"), subscription("c")])
        harness.advance(.seconds(86_400))
        harness.respondToAll()
        #expect(harness.engine.isSettled && harness.states.allSatisfy { $0 == .delivered })
    }

    @Test("a change asks for the health of what is new alone, however many there are")
    func changeReadsLittle() {
        let harness = EngineHarness([subscription("a"), subscription("b")])
        harness.holdsCommits = true
        harness.change([subscription("a"), subscription("c")], removing: [])
        #expect(harness.openCommit?.reads.health == false)
        #expect(harness.openCommit?.reads.healthOf == ["c"])
        harness.holdsCommits = false
        harness.releaseCommit()
        harness.emit("e1")
        #expect(harness.sent.count == 3)
    }

    @Test("a change of some subscriptions leaves the others alone, asks the store first, and parks what goes")
    func change() async throws {
        let (a, b) = (subscription("a") { $0.maxInFlight = 1 }, subscription("b"))
        let harness = EngineHarness([a, b])
        harness.emit("e1", "e2")
        harness.respondToAll(.status(500))
        try await harness.store.setDisabled(
            SubscriptionHealth.Disabled(cause: .manual, at: harness.clock.now),
            subscription: "off",
            at: harness.clock.now
        )
        let waiting = harness.engine.queues.index(of: "a").map { harness.engine.queues[$0].buffer.count }
        harness.change([subscription("c"), subscription("off")], removing: ["b", "never"])
        #expect(harness.engine.queues.index(of: "a").map { harness.engine.queues[$0].buffer.count } == waiting)
        #expect(harness.engine.queues.index(of: "b") == nil)
        harness.emit("e3")
        #expect(Set(harness.sent.map(\.target.subscription.name)) == ["a", "c"], "the one that is disabled gets none")
        harness.respondToAll()
        harness.change([b], removing: ["off"])
        harness.advance(.seconds(86_400))
        harness.respondToAll()
        let open = harness.rows.filter { !$0.state.isSettled }
        #expect(open.isEmpty && harness.rows.filter { $0.subscription == "b" }.allSatisfy { $0.state == .delivered })
    }

    @Test("a queue that is gone keeps nothing of its subscription, no secret either")
    func goneSecrets() {
        var queues = SubscriptionQueues()
        weak var kept: SharedSubscription?
        func add(_ name: String) -> Int {
            let subscription = subscription(name)
            let target = SharedSubscription(subscription, requests: ScriptedRenderer().requests(to: subscription))
            kept = target
            let buffer = DeliveryBuffer(limit: 8, isComplete: true)
            return queues.add(SubscriptionQueue(target, buffer: buffer, knowsHealth: true))
        }
        let index = add("a")
        queues.leave(index)
        #expect(kept != nil)
        queues.remove([index])
        #expect(kept == nil)
        #expect(add("b") == index && queues[index].name == "b")
    }

    @Test("tens of thousands of queues go at once, and come back", .timeLimit(.minutes(1)))
    func manyGoneQueues() {
        let many = (0..<30_000).map { subscription("s\($0)") }
        let harness = EngineHarness([subscription("a")] + many)
        harness.reload([subscription("a")])
        #expect(harness.engine.queues.indices.map { harness.engine.queues[$0].name } == ["a"])
        harness.reload([subscription("a")] + many)
        #expect(Set(harness.engine.queues.indices).count == many.count + 1)
        #expect(harness.engine.queues.index(of: "s29999") != nil)
    }

    @Test("queues that come and go leave nothing behind")
    func churn() {
        let harness = EngineHarness([subscription("a")])
        for number in 0..<50 {
            harness.reload([subscription("a"), subscription("s\(number)") { $0.ordered = number % 2 == 0 }])
            harness.emit("e\(number)")
            harness.respondToAll(number % 3 == 0 ? .status(500) : .ok)
        }
        harness.reload([subscription("a")])
        harness.respondToAll()
        #expect(harness.engine.queues.indices.map { harness.engine.queues[$0].name } == ["a"])
        #expect(harness.engine.holding == harness.engine.queues[0].buffer.count)
    }

    @Test("an event that was matched before its subscription left waits for its return", arguments: [false, true])
    func matchedBefore(isOrdered: Bool) {
        let gone = subscription("a") { $0.ordered = isOrdered }
        let harness = EngineHarness([gone, subscription("b")])
        let registry = harness.registry
        harness.reload([subscription("b")])
        // Its emit was under way during the reload.
        harness.registry = registry
        harness.emit("e1")
        harness.respondToAll()
        #expect(harness.engine.isSettled && Set(harness.states) == [.pending, .delivered])
        harness.reload([gone, subscription("b")])
        harness.advance(.seconds(2))
        harness.respondToAll()
        #expect(harness.engine.isSettled && harness.states == [.delivered, .delivered])
    }

    @Test("an event for a subscription that the engine doesn't know yet waits until it does")
    func matchedAhead() {
        let new = subscription("a")
        let harness = EngineHarness([subscription("b")])
        harness.registry = EngineHarness([new, subscription("b")]).registry
        harness.holdsCommits = true
        harness.emit("e1")
        harness.reload([new, subscription("b")])
        harness.holdsCommits = false
        harness.releaseCommit()
        harness.advance(.seconds(2))
        harness.respondToAll()
        #expect(harness.engine.isSettled && harness.states == [.delivered, .delivered])
    }

    @Test("a subscription that comes with a reload brings its backlog, and its being disabled")
    func newSubscriptions() async throws {
        let harness = EngineHarness([subscription("a"), subscription("b")])
        harness.holdsCommits = true
        harness.emit("e1")
        harness.holdsCommits = false
        harness.releaseCommit()
        let next = harness.restarted([])
        #expect(next.engine.isSettled && next.states == [.waiting, .waiting])
        try await next.store.setDisabled(
            .init(cause: .manual, at: next.clock.now),
            subscription: "b",
            at: next.clock.now
        )
        next.reload([subscription("a"), subscription("b")])
        #expect(next.sent.map(\.target.subscription.name) == ["a"])
        #expect(next.states == [.inFlight, .cancelled])
    }

    @Test("kill -9 after the request left: sent again under retry, unknown under single-shot")
    func interrupted() {
        let harness = EngineHarness([subscription("a"), subscription("b") { $0.mode = .singleShot }])
        harness.emit("e1")
        #expect(harness.sent.count == 2)
        let next = harness.restarted()
        #expect(next.notices.contains(.recovered(interrupted: 2, unknown: 1)))
        #expect(next.sent.map(\.target.subscription.name) == ["a"] && next.sent[0].context.attempt == 2)
        #expect(next.sent[0].body == ScriptedRenderer.body(of: next.event("e1")))
        next.response()
        #expect(next.states == [.delivered, .unknown])
        #expect(next.rows[0].uncountedAttempts == 1 && next.rows[1].attempts == 1)
    }

    @Test("ten interruptions use up no step, the eleventh does")
    func manyInterruptions() {
        var harness = EngineHarness([subscription { $0.schedule = [.seconds(60)] }])
        harness.emit("e1")
        for _ in 0..<10 {
            harness = harness.restarted()
            #expect(harness.sent.count == 1)
        }
        harness = harness.restarted()
        #expect(harness.sent.isEmpty && harness.states == [.waiting])
        harness.advance(.seconds(60))
        #expect(harness.sent.first?.context.attempt == 12)
    }

    @Test("a poison event fails for itself, with the reason")
    func poison() {
        let harness = EngineHarness([subscription()])
        harness.emit("e1", topic: "poison")
        harness.emit("e2")
        #expect(harness.states == [.failed, .inFlight])
        #expect(harness.rows[0].lastError == .template && harness.rows[0].detail == "poison")
    }

    @Test("a retrigger without a body fails as template and sends nothing")
    func noBody() async throws {
        let harness = EngineHarness([subscription()])
        harness.emit("e1", topic: "poison")
        let outside = InMemoryStore(sharing: harness.store)
        _ = try await outside.insertRetrigger(of: [harness.rows[0].id], at: harness.clock.now)
        harness.noticeExternalWrites()
        #expect(harness.sent.isEmpty && harness.states == [.failed, .failed])
        #expect(harness.rows[1].lastError == .template && harness.engine.isSettled)
    }

    @Test("the same event again starts nothing, and frees what was taken for it")
    func duplicate() {
        let harness = EngineHarness([subscription()])
        harness.emit("e1")
        harness.response()
        harness.emit("e1")
        #expect(harness.sent.isEmpty && harness.rows.count == 1 && harness.engine.inFlight == 0)
        harness.emit("e2")
        #expect(harness.sentEvents == ["e2"])
    }

    @Test("what others insert in between ids of ours is found without being told")
    func gaps() async throws {
        let harness = EngineHarness([subscription("a"), subscription("b")])
        harness.emit("e1")
        harness.respondToAll()
        let outside = InMemoryStore(sharing: harness.store)
        _ = try await outside.insertRetrigger(of: [harness.rows[1].id], at: harness.clock.now)
        harness.emit("e2")
        #expect(harness.sent.count == 3)
    }

    @Test("an own engine delivers what it was given, adopted events too, and leaves the rest alone")
    func ownScope() async throws {
        let harness = EngineHarness([subscription { $0.maxInFlight = 1 }])
        harness.emit("e1", "e2")
        let outside = InMemoryStore(sharing: harness.store)
        let result = try await outside.append(harness.event("e3"), target: nil)
        guard case .stored(let row, _) = result else {
            Issue.record("not stored")
            return
        }
        var settings = EngineSettings()
        settings.scope = .own
        let own = harness.restarted(settings: settings)
        #expect(own.sent.isEmpty && own.states == [.waiting, .pending])
        own.process { $0.takeOver([row], at: $1) }
        #expect(own.sentEvents == ["e3"])
        own.response()
        #expect(own.states == [.waiting, .pending, .delivered])
        #expect(own.engine.isIdle(at: EngineTime(wall: own.clock.now, monotonic: own.clock.now)))
    }
}
