import Dispatch
import Synchronization
import Testing
import WebhookCore
import WebhooksTesting

@testable import WebhookEngine

/// What drives the engine, on its own queue, with a store in memory.
@Suite("The runner")
struct RunnerTests {
    @Test("every rendering that may end the process is marked, and nothing else")
    func marks() async throws {
        let mark = MarkSpy()
        let renderer = MarkedRenderer(mark: mark)
        let store = InMemoryStore()
        _ = try await store.append(event("e1"), target: nil)
        let runner = runner(store, renderer, mark)
        runner.start(externalInterval: nil)
        try await runner.wait(untilAny: [.settled])
        let delivery = try #require(store.rows.deliveryRows.first)
        #expect(delivery.state == .delivered)
        #expect(renderer.seen.withLock { $0 } == [.fanOut(event: delivery.event), .attempt(delivery.id)])
        #expect(
            mark.history.withLock { $0 } == [
                .fanOut(event: delivery.event), nil, .attempt(delivery.id), nil, .attempt(delivery.id), nil,
            ]
        )
    }

    /// The renderer waits until somebody else's delivery is through; on the engine's queue that would never be.
    @Test("what takes long to render holds up nobody else's delivery")
    func largeEvent() async throws {
        let (began, hasBegun) = AsyncStream.makeStream(of: Void.self)
        let renderer = GatedRenderer { hasBegun.yield() }
        let store = InMemoryStore()
        let data = ByteString("[" + String(repeating: "0,", count: EngineSettings().promptEventBytes) + "0]")
        _ = try await store.append(event("large", data: data), target: nil)
        let mark = MarkSpy()
        let runner = runner(store, renderer, mark)
        runner.start(externalInterval: nil)
        for await _ in began { break }
        let result = await runner.emit(event("small"), snapshot: snapshot(renderer))
        #expect(throws: Never.self) { try result.get() }
        #expect(mark.history.withLock { $0.last } == .fanOut(event: 1))
        renderer.gate.signal()
        try await runner.wait(untilAny: [.settled])
        #expect(!renderer.wasLeftAlone.withLock { $0 })
        #expect(store.rows.deliveryRows.map(\.state) == [.delivered, .delivered])
        #expect(mark.history.withLock { $0.last } == .some(nil))
    }

    @Test("the mark of what is rendered beside comes back after each that is set meanwhile")
    func marksBeside() {
        let spy = MarkSpy()
        let mark = SharedMark(spy)
        let attempt = MarkedRendering.attempt(Delivery.ID(rawValue: 3))
        mark.setBeside(.fanOut(event: 1))
        mark.set(attempt)
        mark.set(nil)
        mark.set(attempt)
        mark.setBeside(nil)
        mark.set(nil)
        #expect(
            spy.history.withLock { $0 } == [.fanOut(event: 1), attempt, .fanOut(event: 1), attempt, attempt, nil]
        )
    }

    @Test("a store that loses its files ends everything: nothing more is sent or acknowledged")
    func lostFiles() async throws {
        let store = InMemoryStore()
        let transport = ScriptedTransport()
        let runner = runner(store, MarkedRenderer(mark: MarkSpy()), NoRenderingMark(), transport)
        runner.start(externalInterval: nil)
        let snapshot = snapshot(MarkedRenderer(mark: MarkSpy()))
        let result = await runner.emit(event("e1"), snapshot: snapshot)
        #expect(throws: Never.self) { try result.get() }
        store.loseFiles()
        for id in ["e2", "e3"] {
            let lost = await runner.emit(event(id), snapshot: snapshot)
            #expect(throws: StoreError.self) { try lost.get() }
        }
        await #expect(throws: StoreError.self) { try await runner.wait(untilAny: [.settled]) }
        #expect(transport.requests.count <= 1)
        // Whoever comes next sees what was durable.
        let next = self.runner(
            InMemoryStore(sharing: store),
            MarkedRenderer(mark: MarkSpy()),
            NoRenderingMark(),
            transport
        )
        next.start(externalInterval: nil)
        try await next.wait(untilAny: [.settled])
        #expect(store.rows.events.values.map(\.event.id) == ["e1"])
        #expect(store.rows.deliveryRows.map(\.state) == [.delivered])
    }

    @Test("a dispatcher with nothing to write learns of it by looking for what others wrote")
    func lostFilesIdle() async throws {
        let store = InMemoryStore()
        let runner = runner(store, MarkedRenderer(mark: MarkSpy()), NoRenderingMark())
        runner.start(externalInterval: .milliseconds(1))
        try await runner.wait(untilAny: [.settled])
        store.loseFiles()
        // Drained it never is: only the failure ends the wait.
        await #expect(throws: StoreError.self) { try await runner.wait(untilAny: [.drained]) }
    }

    private func event(_ id: String, data: ByteString = "{}") -> Event {
        Event(
            stored: id,
            topic: "a.x",
            data: data,
            tenant: nil,
            occurredAt: .now,
            occurredAtIsGiven: false,
            deliverAt: nil,
            isTest: false
        )
    }

    private func snapshot(_ renderer: any DeliveryRenderer) -> ConfigurationSnapshot {
        let registry = Registry(subscriptions: [subscription()], profiles: [:], settings: DispatcherSettings())
        return ConfigurationSnapshot(registry: registry, renderer: renderer)
    }

    private func runner(
        _ store: InMemoryStore,
        _ renderer: any DeliveryRenderer,
        _ mark: any RenderingMark,
        _ transport: ScriptedTransport? = nil
    ) -> EngineRunner {
        // The answer repeats the secret: it goes through the redactor.
        let echo = ScriptedTransport(script: { _ in
            (.status(200, headers: [HTTPHeader("x-echo", MarkedRenderer.secret)]), .zero)
        })
        return EngineRunner(
            settings: EngineSettings(),
            snapshot: snapshot(renderer),
            store: store,
            transport: transport ?? echo,
            clock: SystemClock(),
            observer: Unobserved(),
            mark: mark
        )
    }
}

private final class MarkSpy: RenderingMark {
    let interrupted: Int64? = nil
    let deadly: Set<Delivery.ID> = []
    let history = Mutex<[MarkedRendering?]>([])

    func set(_ rendering: MarkedRendering?) { history.withLock { $0.append(rendering) } }
}

/// Looks at the mark whenever it renders.
private final class MarkedRenderer: DeliveryRenderer {
    static let secret = "a-secret-that-is-long-enough"

    private let scripted = ScriptedRenderer()
    private let mark: MarkSpy
    let seen = Mutex<[MarkedRendering?]>([])

    init(mark: MarkSpy) {
        self.mark = mark
    }

    func render(_ event: Event, for subscriptions: [Subscription]) -> RenderedEvent {
        look()
        return scripted.render(event, for: subscriptions)
    }

    func request(for attempt: AttemptContext, to subscription: Subscription, body: ByteString) throws(RenderingError)
        -> PreparedRequest
    {
        look()
        var request = try scripted.request(for: attempt, to: subscription, body: body)
        request.redactor = Redactor(secrets: [Self.secret])
        return request
    }

    private func look() {
        let last = mark.history.withLock { $0.last ?? nil }
        seen.withLock { $0.append(last) }
    }
}

/// Renders a large event once it may.
private final class GatedRenderer: DeliveryRenderer {
    let gate = DispatchSemaphore(value: 0)
    /// Nobody opened the gate.
    let wasLeftAlone = Mutex(false)
    private let scripted = ScriptedRenderer()
    private let onLarge: @Sendable () -> Void

    init(onLarge: @escaping @Sendable () -> Void) { self.onLarge = onLarge }

    func render(_ event: Event, for subscriptions: [Subscription]) -> RenderedEvent {
        if event.data.count > 1_000 {
            onLarge()
            if gate.wait(timeout: .now() + 600) == .timedOut { wasLeftAlone.withLock { $0 = true } }
        }
        return scripted.render(event, for: subscriptions)
    }

    func request(for attempt: AttemptContext, to subscription: Subscription, body: ByteString) throws(RenderingError)
        -> PreparedRequest
    {
        try scripted.request(for: attempt, to: subscription, body: body)
    }
}

private struct Unobserved: EngineObserver {
    func recorded(_ attempts: [RecordedAttempt]) {}
    func settled(_ deliveries: [SettledDelivery]) {}
    func noticed(_ notice: EngineNotice) {}
    func failed(_ error: StoreError) {}
}
