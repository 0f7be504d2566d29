import Synchronization
import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine
@testable import Webhooks

/// The dispatcher's own events, as they are made of its notices.
@Suite("Operational events")
struct OperationalEventsTests {
    private static let everything: @Sendable (OperationalTopic, WebhookNotice) -> Bool = { _, _ in true }

    private func recorded(_ state: DeliveryState, topic: String = "a.b", isTest: Bool = false) -> RecordedAttempt {
        let event = EventHeader(row: 1, id: "evt-1", topic: topic, tenant: nil, isTest: isTest)
        let delivery = OpenDelivery(
            id: Delivery.ID(rawValue: 1),
            subscription: "erp",
            mode: .singleShot,
            contentType: .json,
            dueAt: .now,
            event: event
        )
        var attempt = Attempt(number: 3, startedAt: .now, url: "", requestHeaders: [], requestBody: .empty)
        (attempt.outcome, attempt.error) = (.unknown, .timeout)
        return RecordedAttempt(delivery: delivery, attempt: attempt, state: state)
    }

    private func events(_ notices: [WebhookNotice]) -> [String] {
        notices.compactMap { notice in
            OperationalTopic(notice).map { "\($0.rawValue) \(notice.data(for: $0))" }
        }
    }

    @Test("Whatever is told as lost is an event, and nothing else: after an attempt, without one, given up")
    func losses() {
        let unknown = WebhookNotice.of(recorded(.unknown))
        #expect(unknown.map(\.kind) == [.attempted, .settled, .exhausted])
        #expect(
            events(unknown) == [
                """
                webhooks.delivery.exhausted {"subscription":"erp","delivery":"dlv_1","event":"evt-1","topic":"a.b",\
                "state":"unknown","attempts":3,"status":null,"error":"timeout"}
                """
            ]
        )
        let givenUp = EngineNotice.givenUp(
            delivery: Delivery.ID(rawValue: 2),
            event: "evt-2",
            subscription: "erp",
            reason: "not as it was written"
        )
        #expect(WebhookNotice.of(givenUp).map(\.kind) == [.settled, .exhausted])
        #expect(
            events(WebhookNotice.of(givenUp)) == [
                """
                webhooks.delivery.exhausted {"subscription":"erp","delivery":"dlv_2","event":"evt-2","topic":null,\
                "state":"failed","attempts":null,"status":null,"error":"internal"}
                """
            ]
        )
        // Its attempt is on record, and told of.
        let interrupted = EngineNotice.givenUp(
            delivery: Delivery.ID(rawValue: 3),
            event: "evt-3",
            subscription: "erp",
            reason: SetAside.endedRequestDetail
        )
        #expect(WebhookNotice.of(interrupted).isEmpty)
        for other in [
            recorded(.delivered), recorded(.waiting), recorded(.cancelled), recorded(.failed, isTest: true),
        ] {
            #expect(events(WebhookNotice.of(other)).isEmpty)
        }
        // A failed delivery of such an event is told, and no reason for another.
        let own = WebhookNotice.of(recorded(.failed, topic: "webhooks.breaker.opened"))
        #expect(own.contains { $0.kind == .exhausted } && events(own).isEmpty)
    }

    @Test(
        "A breaker that opens again is no second event; a store is told of once it works again, with how long it did not"
    )
    func spans() {
        func opening(isAgain: Bool) -> [WebhookNotice] {
            let opening = BreakerOpening(
                subscription: "erp",
                isAgain: isAgain,
                pause: .seconds(30),
                failures: 10,
                status: 503,
                error: .status
            )
            return WebhookNotice.of(EngineNotice.breakerOpened(opening))
        }
        #expect(events(opening(isAgain: false)).count == 1)
        #expect(opening(isAgain: true).count == 1 && events(opening(isAgain: true)).isEmpty)
        let stored = Mutex<[WebhookNotice]>([])
        let operations = OperationalEvents { _, notice in
            stored.withLock { $0.append(notice) }
            return false
        }
        for milliseconds: Int64 in [1_000, 2_000] {
            operations.send(WebhookNotice(.storeFailed, at: Timestamp(milliseconds: milliseconds)))
        }
        operations.send(WebhookNotice(.storeRecovered, at: Timestamp(milliseconds: 5_000)))
        operations.send(WebhookNotice(.storeRecovered, at: Timestamp(milliseconds: 6_000)))
        let data = stored.withLock { events($0) }
        #expect(
            data == [
                """
                webhooks.store.failing {"since":"1970-01-01T00:00:01.000Z","until":"1970-01-01T00:00:05.000Z"}
                """
            ]
        )
    }

    @Test("What comes faster than it is stored, or too late, is counted; nothing is begun once that is said")
    func dropped() async {
        let operations = OperationalEvents(isAskedFor: Self.everything)
        let most = OperationalEvents.mostWaiting
        for number in 0..<(most + 5) {
            operations.send(WebhookNotice(.enabled) { $0.subscription = "s\(number)" })
        }
        let (begun, goOn) = (AsyncStream.makeStream(of: String.self), AsyncStream.makeStream(of: Void.self))
        operations.start { notice, lost in
            begun.continuation.yield("\(notice.subscription ?? "") after \(lost)")
            for await _ in goOn.stream { break }
        }
        var stored = begun.stream.makeAsyncIterator()
        #expect(await stored.next() == "s5 after 5")
        // One is under way.
        #expect(await operations.finish(within: .zero) == most - 1)
        operations.send(WebhookNotice(.enabled))
        goOn.continuation.finish()
        #expect(await operations.finish(within: .seconds(60)) == 0)
        begun.continuation.finish()
        #expect(await stored.next() == nil)
    }

    @Test("Nothing is kept in mind that nobody asks for")
    func unasked() async {
        let operations = OperationalEvents { topic, _ in topic == .subscriptionEnabled }
        operations.send(WebhookNotice(.disabled))
        operations.send(WebhookNotice(.enabled))
        let stored = Mutex<[WebhookNotice.Kind]>([])
        operations.start { notice, _ in stored.withLock { $0.append(notice.kind) } }
        #expect(await operations.finish(within: .seconds(60)) == 0)
        #expect(stored.withLock(\.self) == [.enabled])
    }

    @Test("A subscription that fails is told of once, until it has become an event; no other has its id")
    func failing() throws {
        let since = Timestamp(milliseconds: 1_000)
        func notice(_ name: String, at now: Timestamp = since + .seconds(60)) -> WebhookNotice? {
            var health = SubscriptionHealth(subscription: name)
            health.failingSince = since
            return WebhookNotice.failing(health, disableAfter: .seconds(120), at: now)
        }
        #expect(notice("erp", at: since + .seconds(59)) == nil)
        let (dot, line) = (try #require(notice("a.b")), try #require(notice("a_b")))
        let ids = [dot, line].compactMap(\.operationalID)
        #expect(Set(ids).count == 2 && ids.allSatisfy { !$0.contains(".") })
        let told = ToldFailures()
        #expect(told.new([dot, line]).count == 2)
        #expect(told.new([dot, line]).isEmpty)
        told.forget("a.b", .failing)
        #expect(told.new([dot, line]).map(\.subscription) == ["a.b"])
        // Those that are well again, or gone, are forgotten.
        #expect(told.new([]).isEmpty)
        #expect(told.new([line]).count == 1)
    }

    @Test("What is about to be disabled is looked for before it is, and not all the time")
    func failingInterval() {
        let expected: [(Duration?, Int, Duration)] = [
            (nil, 0, .seconds(60)), (.seconds(432_000), 3, .seconds(60)), (.seconds(100), 3, .seconds(25)),
            (.seconds(8), 3, .seconds(2)), (.milliseconds(10), 3, .seconds(1)), (.seconds(8), 10_000, .seconds(10)),
            (.seconds(8), 100_000, .seconds(60)),
        ]
        for (shortest, count, interval) in expected {
            #expect(WebhookDispatcher.failingInterval(shortest, of: count) == interval)
        }
    }

    @Test("A host can't make one, neither by a dispatcher nor by a log")
    func reserved() async throws {
        let dispatcher = try await TestEnvironment().dispatcher("  []")
        let event = try Event(topic: "webhooks.subscription.disabled", data: "1")
        let error = await #expect(throws: WebhooksError.self) { try await dispatcher.emit(event) }
        #expect(error?.code == .event && error?.key == "topic")
        let other = try Event(topic: "a.b", data: "1")
        await #expect(throws: WebhooksError.self) { try await dispatcher.emit([other, event]) }
        #expect(await dispatcher.emitWithinCommand([event]).failure?.code == .event)
        #expect(throws: WebhooksError.self) { try dispatcher.preview.check(event) }
        await #expect(throws: WebhooksError.self) { try await dispatcher.log.append(event) }
        await #expect(throws: WebhooksError.self) { try await dispatcher.log.append([event]) }
        try await dispatcher.log.append(Event(topic: "webhooks", data: "1"))
    }
}
