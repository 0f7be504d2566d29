import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Time")
struct ScheduleTests {
    @Test("retries follow the schedule to the millisecond, then the delivery fails")
    func retries() {
        let harness = EngineHarness([subscription { $0.schedule = [.seconds(5), .seconds(300)] }])
        harness.emit("e1")
        for wait in [5, 300] {
            harness.response(.status(500))
            harness.advance(.milliseconds(wait * 1000 - 1))
            #expect(harness.sent.isEmpty)
            harness.advance(.milliseconds(1))
            #expect(harness.sent.count == 1)
        }
        harness.response(.refused)
        #expect(harness.states == [.failed] && harness.rows[0].attempts == 3)
        #expect(harness.rows[0].log.map(\.number) == [1, 2, 3])
    }

    @Test("a stale connection is tried again at once on a fresh one")
    func stale() {
        let harness = EngineHarness([subscription { $0.schedule = [] }])
        harness.emit("e1")
        harness.response(.staleConnection)
        #expect(harness.sent.first?.context.attempt == 2 && harness.sent.first?.needsFreshConnection == true)
        harness.response()
        #expect(harness.states == [.delivered])
    }

    @Test("the clock steps in between: the schedule is unharmed", arguments: [3600, -3600])
    func clockSteps(seconds: Int) {
        let harness = EngineHarness([subscription { $0.schedule = [.seconds(60)] }])
        harness.emit("e1")
        harness.response(.status(500))
        harness.advance(.seconds(30))
        harness.clock.stepWall(by: .seconds(seconds))
        harness.advance(.milliseconds(29_999))
        #expect(harness.sent.isEmpty)
        harness.advance(.milliseconds(1))
        #expect(harness.sent.count == 1)
    }

    @Test("a clock that is behind after a restart postpones no retry beyond its own wait", arguments: [3, 30, 24 * 40])
    func clockBehind(hours: Int) {
        let harness = EngineHarness([subscription { $0.schedule = [.seconds(60)] }])
        harness.emit("e1")
        harness.response(.status(500))
        harness.clock.stepWall(by: .seconds(-3600 * hours))
        let behind = harness.restarted()
        behind.advance(.milliseconds(59_999))
        #expect(behind.sent.isEmpty)
        behind.advance(.milliseconds(1))
        #expect(behind.sent.count == 1)
    }

    @Test("nor does one that was wrong when the process before began", arguments: [35 * 86_400, -86_400])
    func clockWasWrong(seconds: Int) {
        let first = EngineHarness([subscription { $0.schedule = [.seconds(60)] }], starts: false)
        first.clock.stepWall(by: .seconds(seconds))
        let wrong = first.restarted()
        wrong.clock.stepWall(by: .seconds(-seconds))
        wrong.emit("e1")
        wrong.response(.status(500))
        let right = wrong.restarted()
        right.advance(.seconds(60))
        #expect(right.sent.count == 1)
    }

    @Test("a clock that jumps for one look delivers nothing before its time and disables nobody")
    func jumps() {
        let harness = EngineHarness([subscription { $0.schedule = Array(repeating: .seconds(60), count: 9) }])
        harness.emit("now")
        harness.response(.status(500))
        harness.emit("later", deliverAt: harness.clock.now + .seconds(3600))
        harness.advance(.seconds(60))
        harness.clock.stepWall(by: .seconds(35 * 86_400))
        harness.response(.status(500))
        harness.noticeExternalWrites()
        harness.clock.stepWall(by: .seconds(-35 * 86_400))
        harness.noticeExternalWrites()
        #expect(harness.sent.isEmpty && harness.store.rows.health.allSatisfy { $0.disabled == nil })
        harness.advance(.seconds(60))
        #expect(harness.sentEvents == ["now"])
        harness.response()
        harness.advance(.seconds(3420))
        #expect(harness.sent.isEmpty)
        harness.advance(.seconds(120))
        #expect(harness.sentEvents == ["later"])
    }

    @Test("a due time from a wrong clock is brought back to its own wait after a restart")
    func clamped() {
        let harness = EngineHarness([subscription { $0.schedule = [.seconds(60)] }])
        harness.clock.stepWall(by: .seconds(10 * 365 * 86_400))
        let wrong = harness.restarted()
        wrong.emit("e1")
        wrong.response(.status(500))
        wrong.clock.stepWall(by: .seconds(-10 * 365 * 86_400))
        let right = wrong.restarted()
        right.advance(.seconds(60))
        #expect(right.sent.count == 1)
    }

    @Test("a first attempt is due at once, whatever another process's clock said")
    func firstAttempts() async throws {
        let harness = EngineHarness([subscription()])
        harness.emit("e1")
        harness.response()
        let outside = InMemoryStore(sharing: harness.store)
        _ = try await outside.insertRetrigger(of: [harness.rows[0].id], at: harness.clock.now + .seconds(3600))
        harness.noticeExternalWrites()
        #expect(harness.sent.count == 1)
    }

    @Test("an event with a due time is fanned out then, also if this process has emitted it")
    func deliverAt() {
        let harness = EngineHarness([subscription()])
        harness.emit("e1", deliverAt: harness.clock.now + .seconds(3600))
        #expect(harness.rows.isEmpty && harness.engine.isSettled)
        harness.advance(.milliseconds(3_599_999))
        #expect(harness.sent.isEmpty)
        harness.advance(.milliseconds(1))
        #expect(harness.sentEvents == ["e1"])
    }

    @Test("an event with a due time that is cancelled in time never leaves")
    func cancelled() async throws {
        let harness = EngineHarness([subscription()])
        harness.emit("e1", deliverAt: harness.clock.now + .seconds(3600))
        let outside = InMemoryStore(sharing: harness.store)
        let result = try await outside.cancel(events: ["e1"], deliveries: [], subscription: nil, at: harness.clock.now)
        #expect(result.events == ["e1"])
        harness.noticeExternalWrites()
        harness.advance(.seconds(7200))
        #expect(harness.sent.isEmpty && harness.rows.isEmpty)
    }

    @Test("a waiting delivery that is cancelled is not sent again")
    func cancelledRetry() async throws {
        let harness = EngineHarness([subscription { $0.schedule = [.seconds(60)] }])
        harness.emit("e1")
        harness.response(.status(500))
        let outside = InMemoryStore(sharing: harness.store)
        _ = try await outside.cancel(events: ["e1"], deliveries: [], subscription: nil, at: harness.clock.now)
        harness.advance(.seconds(120))
        #expect(harness.sent.isEmpty && harness.states == [.cancelled] && harness.engine.isSettled)
    }

    @Test("an open breaker postpones first attempts and retries and uses none up; one probe goes through")
    func breaker() {
        let policy = subscription { policy in
            policy.breaker = BreakerPolicy(failures: 2, pause: .seconds(30))
            policy.schedule = [.seconds(10), .seconds(10)]
        }
        let harness = EngineHarness([policy])
        harness.emit("e1")
        harness.response(.status(500))
        harness.emit("e2")
        harness.response(.status(500))
        let opening = BreakerOpening(
            subscription: "crm",
            isAgain: false,
            pause: .seconds(30),
            failures: 2,
            status: 500,
            error: .status
        )
        #expect(harness.notices.last == .breakerOpened(opening))
        let known = SubscriptionHealth.Breaker(failures: 2, until: harness.clock.now + .seconds(30))
        #expect(harness.store.rows.health[0].breaker == known, "people see it")
        harness.emit("e3")
        harness.advance(.milliseconds(29_999))
        #expect(harness.sent.isEmpty && harness.rows.map(\.attempts) == [1, 1, 0])
        harness.advance(.milliseconds(1))
        #expect(harness.sent.count == 1)
        harness.response(.ok)
        #expect(!harness.sent.isEmpty)
        #expect(harness.notices.last == .breakerClosed(subscription: "crm", failures: 2))
        #expect(harness.store.rows.health[0].breaker == nil)
        harness.respondToAll()
        #expect(harness.states == [.delivered, .delivered, .delivered])
    }

    @Test("a breaker that opens again says so, and one that a process has left is forgotten")
    func breakerAgain() {
        let policy = subscription { policy in
            policy.breaker = BreakerPolicy(failures: 1, pause: .seconds(30))
            policy.schedule = [.seconds(10), .seconds(10)]
        }
        let harness = EngineHarness([policy])
        harness.emit("e1")
        harness.response(.disconnect)
        harness.advance(.seconds(30))
        harness.response(.disconnect)
        let openings = harness.notices.compactMap { notice in
            if case .breakerOpened(let opening) = notice { opening } else { nil }
        }
        #expect(openings.map(\.isAgain) == [false, true])
        #expect(openings.map(\.failures) == [1, 2])
        #expect(openings.map(\.pause) == [.seconds(30), .seconds(60)])
        #expect(openings.map(\.error) == [.disconnected, .disconnected])
        #expect(harness.store.rows.health[0].breaker?.until == harness.clock.now + .seconds(60))
        let next = harness.restarted()
        #expect(next.store.rows.health[0].breaker == nil)
        #expect(next.store.rows.health[0].failingSince != nil, "nothing else is forgotten")
    }

    @Test("a breaker is forgotten with the pause or the disabling that ends", arguments: [true, false])
    func breakerForgotten(isPaused: Bool) async throws {
        let policy = subscription { policy in
            policy.breaker = BreakerPolicy(failures: 1, pause: .seconds(30))
            policy.schedule = [.seconds(10)]
        }
        let harness = EngineHarness([policy])
        harness.emit("e1")
        harness.response(.status(500))
        #expect(harness.store.rows.health[0].breaker != nil)
        let (outside, now) = (InMemoryStore(sharing: harness.store), harness.clock.now)
        if isPaused {
            _ = try await outside.setPaused(.init(at: now, until: nil), subscription: "crm", at: now)
            harness.noticeExternalWrites()
            _ = try await outside.setPaused(nil, subscription: "crm", at: now)
        } else {
            try await outside.setDisabled(.init(cause: .manual, at: now), subscription: "crm", at: now)
            harness.noticeExternalWrites()
            try await outside.setDisabled(nil, subscription: "crm", at: now)
        }
        harness.noticeExternalWrites()
        #expect(harness.store.rows.health.first?.breaker == nil)
    }

    @Test("what a command's own engine sees of an endpoint is nothing for people")
    func breakerOfItsOwn() {
        var settings = EngineSettings()
        settings.scope = .own
        let harness = EngineHarness(
            [subscription { $0.breaker = BreakerPolicy(failures: 1, pause: .seconds(30)) }],
            settings: settings
        )
        harness.emit("e1")
        harness.response(.status(500))
        #expect(harness.store.rows.health[0].breaker == nil)
    }

    @Test("a rate limit paces attempts by when they leave, not by when they are claimed")
    func rate() {
        let harness = EngineHarness([subscription { $0.rateLimit = RateLimit(count: 20, per: .seconds(1)) }])
        harness.emit("e0")
        harness.advance(.seconds(1))
        harness.response()
        harness.advance(.seconds(2))
        harness.holdsCommits = true
        harness.emit("e1", "e2", "e3", "e4")
        harness.clock.advance(by: .milliseconds(900))
        harness.holdsCommits = false
        harness.releaseCommit()
        #expect(harness.sent.count == 1)
        var starts: [Int] = [0]
        for millisecond in 1...200 {
            harness.advance(.milliseconds(1))
            if harness.sent.count > starts.count { starts.append(millisecond) }
        }
        #expect(starts.count == 4 && zip(starts, starts.dropFirst()).allSatisfy { (48...52).contains($1 - $0) })
    }

    @Test("a restart leaves the pace as it is")
    func rateAfterRestart() {
        let harness = EngineHarness([subscription { $0.rateLimit = RateLimit(count: 2, per: .seconds(1)) }])
        harness.advance(.seconds(1))
        harness.emit("e1", "e2")
        #expect(harness.sentEvents == ["e1"])
        let next = harness.restarted()
        next.advance(.milliseconds(499))
        #expect(next.sent.isEmpty)
        next.advance(.milliseconds(5))
        #expect(next.sent.count == 1)
    }

    @Test("a restart leaves a pace as it is that is slower than one a second", arguments: [false, true])
    func slowRateAfterRestart(isAnswered: Bool) {
        let subscriptions = [subscription { $0.rateLimit = RateLimit(count: 1, per: .seconds(60)) }]
        let harness = EngineHarness(subscriptions)
        harness.advance(.seconds(1))
        harness.emit("e1", "e2", "e3")
        #expect(harness.sentEvents == ["e1"])
        if isAnswered { harness.response() }
        harness.advance(.seconds(20))
        var next = harness.restarted()
        for _ in 0..<3 {
            next.advance(.seconds(10))
            #expect(next.sent.isEmpty)
            next = next.restarted()
        }
        next.advance(.seconds(9))
        #expect(next.sent.isEmpty)
        next.advance(.seconds(3))
        #expect(next.sent.count == 1)
    }

    @Test("a start that was claimed under another limit, and leaves late, counts when it leaves")
    func lateStartAfterRestart() {
        let fast = [subscription { $0.maxInFlight = 3 }]
        let slow = [
            subscription {
                $0.maxInFlight = 3
                $0.rateLimit = RateLimit(count: 1, per: .seconds(60))
            }
        ]
        let harness = EngineHarness(fast)
        harness.emit("e0")
        harness.response()
        harness.holdsCommits = true
        harness.emit("e1", "e2")
        harness.process { $0.reload(slow, at: $1) }
        harness.holdsCommits = false
        harness.releaseCommit()
        harness.advance(.seconds(2))
        #expect(harness.sent.count == 1)
        harness.emit("e3")
        harness.advance(.seconds(61))
        #expect(harness.sent.count == 2)
        let next = harness.restarted(slow)
        next.advance(.seconds(55))
        #expect(next.sent.isEmpty)
        next.advance(.seconds(10))
        #expect(next.sent.count == 1)
    }

    @Test("a subscription that comes back with a reload keeps its slow pace")
    func slowRateAfterReload() {
        let subscriptions = [subscription { $0.rateLimit = RateLimit(count: 10, per: .seconds(3600)) }]
        let harness = EngineHarness(subscriptions)
        harness.advance(.seconds(1))
        harness.emit("e1", "e2")
        #expect(harness.sent.count == 1)
        let next = harness.restarted([])
        next.advance(.seconds(10))
        next.process { $0.reload(subscriptions, at: $1) }
        next.advance(.seconds(340))
        #expect(next.sent.isEmpty)
        next.advance(.seconds(20))
        #expect(next.sent.count == 1)
    }
}
