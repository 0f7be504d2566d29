import Testing
import WebhookCore
import WebhookSimulation

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
        harness.response(.status(500))
        #expect(harness.sent.isEmpty)
        harness.advance(.seconds(60))
        #expect(harness.sentEvents == ["e1"])
        harness.response(.ok)
        #expect(harness.sentEvents == ["e2"])
        harness.response(.status(410 - 6))
        harness.advance(.seconds(60))
        harness.response(.status(404))
        harness.advance(.seconds(60))
        harness.response(.status(404))
        #expect(harness.sentEvents == ["e3"])
    }

    @Test("a new delivery doesn't overtake one whose insert is under way")
    func underWay() {
        let harness = EngineHarness([ordered()])
        harness.emit("e1")
        harness.holdsCommits = true
        harness.emit("e2")
        harness.response()
        harness.emit("e3")
        harness.releaseCommit()
        harness.holdsCommits = false
        harness.releaseCommit()
        #expect(harness.sentEvents == ["e2"])
        harness.response()
        #expect(harness.sentEvents == ["e3"])
    }

    @Test("the head that waits for its retry is found behind a backlog larger than the window after a restart")
    func headAfterRestart() {
        let harness = EngineHarness([ordered()])
        harness.emit((0..<200).map { harness.event("e\($0)") })
        harness.response(.status(500))
        let next = harness.restarted()
        #expect(next.sent.isEmpty)
        next.advance(.seconds(60))
        for number in 0..<200 {
            #expect(next.sentEvents == ["e\(number)"])
            next.response()
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
            next.response()
        }
        #expect(next.sentEvents == ["last"])
    }

    @Test("an engine with deliveries of its own doesn't overtake what waits in the store")
    func ownScope() {
        let harness = EngineHarness([ordered()])
        harness.emit("e1")
        harness.response(.status(500))
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
        next.response()
        #expect(next.sentEvents == ["e2"])
    }

    @Test("nor its own that waits for a retry, which is the next dispatcher's")
    func ownRetry() {
        var own = EngineSettings()
        own.scope = .own
        let harness = EngineHarness([ordered()], settings: own)
        harness.emit("e1", "e2")
        #expect(harness.sentEvents == ["e1"])
        harness.response(.status(500))
        #expect(harness.sent.isEmpty)
        harness.emit("e3")
        harness.advance(.seconds(3600))
        #expect(harness.sent.isEmpty && harness.states == [.waiting, .pending, .pending])
    }

    private static let own = {
        var own = EngineSettings()
        own.scope = .own
        return own
    }()

    /// Accepts an event as another process does that delivers nothing.
    private func detach(_ id: String, deliverAt: Timestamp? = nil, topic: String = "a.x", _ harness: EngineHarness)
        async throws
    {
        let outside = InMemoryStore(sharing: harness.store)
        _ = try await outside.append(harness.event(id, topic: topic, deliverAt: deliverAt), target: nil)
    }

    /// Answers whatever leaves, one after the other.
    private func deliverAll(_ harness: EngineHarness) -> [String] {
        var order: [String] = []
        while let next = harness.sent.first, harness.sent.count == 1 {
            order.append(next.context.event.id)
            harness.response()
        }
        return order
    }

    @Test("an emit that delivers itself waits behind what was accepted before and is not matched yet")
    func behindDetached() async throws {
        let harness = EngineHarness([ordered(), subscription("other")], settings: Self.own)
        try await detach("e1", harness)
        harness.emit("e2")
        #expect(harness.sent.map(\.target.subscription.name) == ["other"])
        harness.response()
        harness.advance(.seconds(3600))
        #expect(harness.sent.isEmpty && harness.engine.isSettled && harness.engine.isIdle(at: harness.now))
        let next = harness.restarted([ordered()], settings: EngineSettings())
        #expect(deliverAll(next) == ["e1", "e2"])
        #expect(next.engine.isSettled)
    }

    @Test("it doesn't wait for what is for others, nor for what was cancelled")
    func notBehindOthers() async throws {
        var only = ordered()
        only.topics = [try? TopicPattern("a.*")].compactMap(\.self)
        let harness = EngineHarness([only], settings: Self.own)
        try await detach("e1", topic: "b", harness)
        harness.emit("e2")
        #expect(deliverAll(harness) == ["e2"])
        try await detach("e3", harness)
        harness.emit("e4")
        #expect(harness.sent.isEmpty)
        let outside = InMemoryStore(sharing: harness.store)
        _ = try await outside.cancel(events: ["e3"], deliveries: [], subscription: nil, at: harness.clock.now)
        harness.noticeExternalWrites()
        #expect(deliverAll(harness) == ["e4"])
    }

    @Test("a clock that goes back between two processes changes nothing", arguments: [false, true])
    func detachedClocks(startsBetween: Bool) async throws {
        let harness = EngineHarness([ordered()], starts: false)
        try await detach("e1", harness)
        harness.clock.stepWall(by: .seconds(-7200))
        try await detach("e2", harness)
        harness.clock.stepWall(by: .seconds(-7200))
        var settings = EngineSettings()
        settings.fanOutBatch = startsBetween ? 1 : 64
        let next = harness.restarted(settings: settings)
        #expect(deliverAll(next) == ["e1", "e2"])
    }

    @Test(
        "a live emit of a running dispatcher doesn't overtake what another process has stored",
        arguments: [false, true]
    )
    func liveBehindDetached(isBusy: Bool) async throws {
        let harness = EngineHarness([ordered()])
        var expected = ["e1", "e2", "e3"]
        if isBusy {
            harness.emit("e0")
            expected.insert("e0", at: 0)
        }
        try await detach("e1", harness)
        harness.emit("e2")
        try await detach("e3", harness)
        #expect(deliverAll(harness) == expected.dropLast())
        harness.noticeExternalWrites()
        #expect(deliverAll(harness) == ["e3"])
        #expect(harness.engine.isSettled)
    }

    @Test("more events than are matched at a time, with live ones between: as accepted")
    func manyDetached() async throws {
        var settings = EngineSettings()
        settings.fanOutBatch = 2
        let harness = EngineHarness([ordered()], settings: settings)
        harness.holdsCommits = true
        for number in 0..<5 { try await detach("d\(number)", harness) }
        harness.emit("live")
        harness.holdsCommits = false
        harness.releaseCommit()
        try await detach("last", harness)
        harness.noticeExternalWrites()
        #expect(deliverAll(harness) == (0..<5).map { "d\($0)" } + ["live", "last"])
    }

    @Test("what fails to be matched is matched before anything goes past it")
    func failedFanOut() async throws {
        let harness = EngineHarness([ordered()])
        harness.emit("e0")
        harness.response()
        try await detach("e1", harness)
        harness.holdsCommits = true
        harness.noticeExternalWrites()
        harness.releaseCommit()
        harness.fault = StoreError(.full, "no room")
        harness.releaseCommit()
        harness.fault = nil
        harness.holdsCommits = false
        harness.emit("e2")
        harness.advance(.seconds(1))
        #expect(deliverAll(harness) == ["e1", "e2"])
    }

    @Test("an event due later holds nobody up, and goes behind what is matched when its time comes")
    func later() async throws {
        let harness = EngineHarness([ordered()])
        let instant = harness.clock.now + .seconds(60)
        harness.emit("later", deliverAt: instant)
        harness.emit("e1")
        #expect(harness.sentEvents == ["e1"])
        harness.emit("e2")
        harness.advance(.seconds(60))
        harness.emit("e3")
        #expect(deliverAll(harness) == ["e1", "e2", "later", "e3"])
    }

    @Test("an event whose time came before another was accepted goes before it, whoever sees to them")
    func laterOwn() async throws {
        let harness = EngineHarness([ordered()], settings: Self.own)
        try await detach("later", deliverAt: harness.clock.now + .seconds(60), harness)
        harness.emit("e1")
        #expect(deliverAll(harness) == ["e1"])
        harness.advance(.seconds(60))
        harness.emit("e2")
        #expect(harness.sent.isEmpty)
        let next = harness.restarted(settings: EngineSettings())
        #expect(deliverAll(next) == ["later", "e2"])
    }

    @Test("an event sent again goes by its event")
    func retriggered() async throws {
        let harness = EngineHarness([ordered()])
        harness.emit("e1")
        harness.response()
        harness.emit("e2", "e3", "e4")
        let outside = InMemoryStore(sharing: harness.store)
        _ = try await outside.insertRetrigger(of: [harness.rows[0].id], at: harness.clock.now)
        harness.noticeExternalWrites()
        #expect(deliverAll(harness) == ["e2", "e1", "e3", "e4"])
    }

    @Test("what waits when a subscription becomes ordered goes first")
    func becomesOrdered() {
        let before = subscription { policy in
            policy.maxInFlight = 1
            policy.schedule = [.seconds(60)]
        }
        let harness = EngineHarness([before])
        harness.emit("e1", "e2", "e3")
        harness.response(.status(500))
        harness.reload([ordered()])
        harness.emit("e4")
        harness.response()
        harness.advance(.seconds(60))
        #expect(deliverAll(harness) == ["e1", "e3", "e4"])
    }

    @Test("several that were attempted before a subscription became ordered go before a backlog larger than the window")
    func severalAttempted() {
        let before = subscription { policy in
            policy.maxInFlight = 2
            policy.schedule = [.seconds(60), .seconds(60)]
        }
        let harness = EngineHarness([before])
        harness.emit("e0")
        harness.response()
        harness.emit("e1", "e2")
        harness.response(.status(500))
        harness.response(.status(500))
        harness.reload([ordered()])
        let backlog = (3..<200).map { "e\($0)" }
        harness.emit(backlog.map { harness.event($0) })
        let next = harness.restarted()
        next.advance(.seconds(60))
        #expect(deliverAll(next) == ["e1", "e2"] + backlog)
    }
}
