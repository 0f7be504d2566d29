internal import Synchronization
public import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory
public import Webhooks

/// A dispatcher for a host's tests: matching, rendering, signing, retries and breakers as they are, in memory and in virtual
/// time, with receivers that answer as they are told. No disk, no network, no waiting.
///
/// ```swift
/// let webhooks = try TestDispatcher(configuration: .file("config/webhooks.yaml"))
/// try await School(webhooks: webhooks).enroll(student: 7, in: 101)
/// #expect(webhooks.requests(to: "crm").map(\.body) == [#"{"course":101,"student":7}"#])
/// ```
///
/// Time stands still until ``advance(by:)``, and is that of an event's ``/Webhooks/Event/deliverIn`` and, where none is given,
/// of its ``/Webhooks/Event/occurredAt``. Retries come exactly on schedule, without jitter. A receiver answers 200 at once
/// unless ``respond(_:with:after:)`` says otherwise. Addresses are not looked up, so the egress policy has nothing to refuse.
/// Safe to use from several tasks; each call is carried out whole.
public final class TestDispatcher: WebhookEmitter {
    private let loop: Mutex<EngineLoop>
    private let changes: InMemoryStore
    private let clock: VirtualClock
    private let idCheck: EventIDCheck

    /// - Parameters:
    ///   - configuration: a file, or subscriptions as values; its store is not used. Secrets from the environment can be given
    ///     by ``/Webhooks/WebhookConfiguration/file(_:store:environment:)``.
    ///   - now: the time at the beginning; default: 2026-01-01T00:00:00Z.
    /// - Throws: ``/Webhooks/WebhooksError`` with every problem of the configuration.
    public init(
        configuration: WebhookConfiguration,
        now: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)
    ) throws(WebhooksError) {
        let snapshot = try configuration.validSnapshot()
        let clock = VirtualClock(wall: now)
        let loop = EngineLoop(snapshot, clock: clock)
        self.clock = clock
        changes = InMemoryStore(sharing: loop.store)
        idCheck = EventIDCheck(registry: snapshot.registry)
        self.loop = Mutex(loop)
    }

    // MARK: Emitting

    @discardableResult
    public func emit(_ event: Event) async throws(WebhooksError) -> EmitReceipt {
        try event.checkTopicIsFree()
        try idCheck.check(event)
        let event = emittedNow(event)
        let result = loop.withLock { $0.emit([event]) }
        return try EmitReceipt(event, result[0])
    }

    @discardableResult
    public func emit(_ events: [Event]) async throws(WebhooksError) -> [EmitReceipt] {
        for event in events {
            try event.checkTopicIsFree()
            try idCheck.check(event)
        }
        let events = events.map(emittedNow)
        let results = loop.withLock { $0.emit(events) }
        var receipts: [EmitReceipt] = []
        for (event, result) in zip(events, results) { receipts.append(try EmitReceipt(event, result)) }
        return receipts
    }

    @discardableResult
    public func cancel(_ event: String) async throws(WebhooksError) -> CancelResult {
        let result: CancelResult
        do throws(StoreError) {
            result = try await changes.cancel(events: [event], deliveries: [], subscription: nil, at: now)
        } catch {
            throw WebhooksError(error)
        }
        loop.withLock { $0.noticeChanges() }
        return result
    }

    /// The event as it is emitted in this dispatcher's world: what it leaves open of its times is by the virtual clock.
    private func emittedNow(_ event: Event) -> Event {
        var event = event.emitted(at: now)
        if !event.occurredAtIsGiven { event.occurredAt = now }
        return event
    }

    // MARK: Time

    /// The time in this dispatcher's world.
    public var now: Timestamp { clock.now }

    /// Lets time pass: what falls due on the way is sent, each at its time.
    public func advance(by duration: Duration) { loop.withLock { $0.advance(by: duration) } }

    // MARK: Receivers

    /// Tells a subscription's receiver how to answer the next requests, in their order; the last answer is for all that
    /// follow.
    ///
    /// - Parameters:
    ///   - subscription: its name.
    ///   - latency: the time until each answer; one longer than the subscription's timeout ends as that.
    public func respond(_ subscription: String, with responses: EndpointResponse..., after latency: Duration = .zero) {
        loop.withLock { $0.receivers[subscription] = ScriptedReceiver(responses, latency: latency) }
    }

    // MARK: The outcome

    /// Every request so far, in the order in which they were sent.
    public var requests: [TestRequest] { loop.withLock { $0.requests } }

    /// The requests to one subscription.
    public func requests(to subscription: String) -> [TestRequest] {
        requests.filter { $0.subscription == subscription }
    }

    /// The log's deliveries, newest first: of all, at most 50, unless the query says otherwise.
    public func deliveries(_ query: DeliveryQuery = DeliveryQuery()) -> [Delivery] { changes.rows.list(query) }

    /// A delivery's attempts, in their order.
    public func attempts(of delivery: Delivery.ID) -> [Attempt] { changes.rows.attempts(of: delivery) }

    /// The log's events, newest first: of all, at most 50, unless the query says otherwise.
    public func events(_ query: EventQuery = EventQuery()) -> [LoggedEvent] { changes.rows.list(query) }
}
