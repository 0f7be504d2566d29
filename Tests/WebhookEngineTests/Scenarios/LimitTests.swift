import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Limits")
struct LimitTests {
    private func settings(_ maxInFlight: Int) -> EngineSettings {
        var settings = EngineSettings()
        settings.maxInFlight = maxInFlight
        return settings
    }

    @Test("a subscription's limit holds once it is proven; before, one attempt at a time")
    func perSubscription() {
        let harness = EngineHarness([subscription { $0.maxInFlight = 3 }])
        harness.emit((0..<10).map { harness.event("e\($0)") })
        #expect(harness.sent.count == 1)
        harness.response()
        #expect(harness.sent.count == 3)
        harness.respondToAll()
        #expect(harness.states.allSatisfy { $0 == .delivered })
    }

    @Test("ninety dead endpoints leave ten healthy ones alone")
    func deadEndpoints() {
        let names = (0..<100).map { "s\($0)" }
        let harness = EngineHarness(names.map { subscription($0) }, settings: settings(64))
        // s0 to s9 answer; the others never do.
        func isHealthy(_ order: SendAction) -> Bool { order.target.subscription.name.count == 2 }
        harness.emit("e0")
        // As many rounds as it takes until the healthy ones have proven themselves, one restricted slot each.
        for _ in 0..<20 {
            for order in harness.sent { harness.response(isHealthy(order) ? .ok : .silence, to: order) }
        }
        let slots = AdmissionControl(limit: 64)
        for number in 1...50 {
            let dead = harness.sent.filter { !isHealthy($0) }
            #expect(dead.count <= slots.probationSlots + slots.retrySlots)
            harness.emit("e\(number)")
            let healthy = harness.sent.filter(isHealthy)
            #expect(healthy.count == 10, "every healthy one gets its first attempt at once")
            for order in healthy { harness.response(.ok, to: order) }
            harness.advance(.seconds(1))
        }
    }

    @Test("a tenant whose stored endpoints hang leaves half of the slots to others, and gets its own again as they end")
    func tenant() {
        let hanging = (0..<10).map { number in
            var endpoint = subscription("ep_\(number)") { $0.maxInFlight = 4 }
            endpoint.slotShare = "acme"
            return endpoint
        }
        var other = subscription("ep_other") { $0.maxInFlight = 4 }
        other.slotShare = "other"
        let all = hanging + [other, subscription("file") { $0.maxInFlight = 4 }]
        let harness = EngineHarness(all, settings: settings(16))
        func sent(_ share: String?) -> [SendAction] {
            harness.sent.filter { $0.target.subscription.slotShare == share }
        }
        harness.emit("proof")
        harness.respondToAll()
        for number in 0..<20 { harness.emit("e\(number)") }
        #expect(sent("acme").count == 8)
        #expect(sent("other").count == 4 && sent(nil).count == 4)
        for _ in 0..<16 { for order in sent("other") + sent(nil) { harness.response(.ok, to: order) } }
        #expect(sent("acme").count == 8 && sent("other").isEmpty && sent(nil).isEmpty, "all of theirs is delivered")
        harness.response(.ok, to: sent("acme")[0])
        #expect(sent("acme").count == 8)
        // Its endpoints leave the configuration: what is under way ends, and the share with it.
        harness.change([], removing: hanging.map(\.name))
        harness.respondToAll()
        harness.change(hanging, removing: [])
        harness.respondToAll()
        #expect(harness.states.allSatisfy { $0 == .delivered })
    }

    @Test("endpoints without a success share the restricted slots")
    func restricted() {
        let names = (0..<50).map { "s\($0)" }
        let harness = EngineHarness(names.map { subscription($0) }, settings: settings(64))
        harness.emit("e0")
        #expect(harness.sent.count == 8)
        harness.response(.ok)
        #expect(harness.sent.count == 8)
    }

    @Test("after a restart, who was good has all slots and is known to be proven; who was failing shares the few")
    func provenAfterRestart() {
        let good = subscription("good") { $0.maxInFlight = 4 }
        let bad = subscription("bad") { policy in
            policy.maxInFlight = 4
            policy.schedule = [.seconds(5), .seconds(5), .seconds(5)]
        }
        let harness = EngineHarness([good, bad], settings: settings(64))
        harness.emit("e0")
        #expect(harness.sent.allSatisfy { !$0.isProven })
        harness.respondToAll()
        harness.emit("e1")
        #expect(harness.sent.allSatisfy { $0.isProven })
        for order in harness.sent {
            harness.response(order.target.subscription.name == "good" ? .ok : .silence, to: order)
        }
        let next = harness.restarted()
        next.emit("e2", "e3", "e4")
        func sent(_ name: String) -> [SendAction] { next.sent.filter { $0.target.subscription.name == name } }
        #expect(sent("good").count == 3 && sent("good").allSatisfy { $0.isProven })
        #expect(sent("bad").count == 1 && sent("bad").allSatisfy { !$0.isProven })
        next.response(.ok, to: sent("bad")[0])
        #expect(sent("bad").count == 2 && sent("bad").allSatisfy { $0.isProven }, "an answer proves it again")
    }

    @Test("retries leave a reserve for first attempts")
    func reserve() {
        for most in [1, 2, 4, 8, 16, 64, 512] {
            let slots = AdmissionControl(limit: most)
            #expect(slots.probationSlots >= 1 && slots.retrySlots >= 1)
            if most >= 8 { #expect(slots.probationSlots + slots.retrySlots < most) }
        }
    }

    @Test("memory holds a window of a large backlog, and all of it is delivered")
    func backlog() {
        let harness = EngineHarness([subscription()])
        harness.emit("first")
        harness.response()
        let count = 20_000
        for start in stride(from: 0, to: count, by: 1000) {
            harness.emit((start..<start + 1000).map { harness.event("e\($0)") })
            #expect(harness.engine.holding <= 64)
        }
        var order: [String] = []
        while let next = harness.sent.first {
            order.append(next.context.event.id)
            harness.response()
            if harness.engine.holding > 64 { Issue.record("\(harness.engine.holding) are held") }
        }
        #expect(order == (0..<count).map { "e\($0)" })
        #expect(harness.engine.isSettled)
    }

    @Test("while little is in memory, a burst stays there with its bodies, and is not read again")
    func burst() {
        var settings = EngineSettings()
        settings.freeBuffer = 3000
        let harness = EngineHarness([subscription()], settings: settings)
        harness.emit("first")
        harness.response()
        let count = 5_000
        for start in stride(from: 0, to: count, by: 1000) {
            harness.emit((start..<start + 1000).map { harness.event("e\($0)") })
            #expect(harness.engine.holding <= 3001)
        }
        #expect(harness.engine.holding > 2_900)
        #expect(harness.engine.queues[0].buffer.ready.allSatisfy { $0.body != nil })
        var order: [String] = []
        while let next = harness.sent.first {
            order.append(next.context.event.id)
            harness.response()
        }
        #expect(order == (0..<count).map { "e\($0)" })
        #expect(harness.engine.isSettled)
    }

    @Test("a far cursor doesn't let the window grow")
    func farCursor() {
        let harness = EngineHarness([
            subscription { policy in
                policy.schedule = [.seconds(86_400)]
                policy.breaker = BreakerPolicy(failures: 1_000_000, pause: .seconds(1))
            }
        ])
        harness.emit((0..<100).map { harness.event("r\($0)") })
        harness.respondToAll(.status(500))
        #expect(harness.states.allSatisfy { $0 == .waiting })
        harness.emit((0..<1000).map { harness.event("e\($0)") })
        #expect(harness.engine.holding <= 64)
        harness.respondToAll()
        harness.advance(.seconds(86_400))
        harness.respondToAll()
        #expect(harness.engine.isSettled && harness.states.allSatisfy { $0 == .delivered })
    }

    @Test("timers don't pile up")
    func timers() {
        let harness = EngineHarness([
            subscription { policy in
                policy.schedule = [.seconds(86_400)]
                policy.rateLimit = RateLimit(count: 1, per: .milliseconds(10))
            }
        ])
        harness.emit("e")
        harness.response(.status(500))
        for number in 0..<1000 {
            harness.emit("a\(number)", "b\(number)")
            harness.advance(.milliseconds(20))
            harness.respondToAll()
        }
        #expect(harness.engine.timers.count < 100)
    }
}

@Suite("Limits that change")
struct ChangedLimitTests {
    @Test("a reload takes over the limit over all, both ways")
    func maxInFlight() {
        var settings = EngineSettings()
        settings.maxInFlight = 2
        let subscriptions = (0..<6).map { subscription("s\($0)") }
        let harness = EngineHarness(subscriptions, settings: settings)
        // Endpoints that never succeeded share an eighth of the slots: one here.
        harness.emit("e0")
        harness.respondToAll()
        harness.emit("e1")
        #expect(harness.sent.count == 2)
        harness.process { $0.reload(subscriptions, maxInFlight: 5, at: $1) }
        #expect(harness.sent.count == 5)
        harness.process { $0.reload(subscriptions, maxInFlight: 1, at: $1) }
        harness.response()
        harness.response()
        #expect(harness.sent.count == 3)
        harness.respondToAll()
        #expect(harness.rows.allSatisfy { $0.state == .delivered })
    }
}
