import Synchronization
import Testing
import WebhookCore
import WebhookEngine
import WebhooksTesting

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
        runner.start(foreignInterval: nil)
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

    @Test("a store that loses its files ends everything: nothing more is sent or acknowledged")
    func lostFiles() async throws {
        let store = InMemoryStore()
        let transport = ScriptedTransport()
        let runner = runner(store, MarkedRenderer(mark: MarkSpy()), NoRenderingMark(), transport)
        runner.start(foreignInterval: nil)
        let generation = generation(MarkedRenderer(mark: MarkSpy()))
        let result = await runner.emit(event("e1"), generation: generation)
        #expect(throws: Never.self) { try result.get() }
        store.loseFiles()
        for id in ["e2", "e3"] {
            let lost = await runner.emit(event(id), generation: generation)
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
        next.start(foreignInterval: nil)
        try await next.wait(untilAny: [.settled])
        #expect(store.rows.events.values.map(\.event.id) == ["e1"])
        #expect(store.rows.deliveryRows.map(\.state) == [.delivered])
    }

    @Test("a dispatcher with nothing to write learns of it by looking for what others wrote")
    func lostFilesIdle() async throws {
        let store = InMemoryStore()
        let runner = runner(store, MarkedRenderer(mark: MarkSpy()), NoRenderingMark())
        runner.start(foreignInterval: .milliseconds(1))
        try await runner.wait(untilAny: [.settled])
        store.loseFiles()
        // Drained it never is: only the failure ends the wait.
        await #expect(throws: StoreError.self) { try await runner.wait(untilAny: [.drained]) }
    }

    private func event(_ id: String) -> Event {
        Event(
            stored: id,
            topic: "a.x",
            data: "{}",
            tenant: nil,
            occurredAt: .now,
            occurredAtIsGiven: false,
            deliverAt: nil,
            isTest: false
        )
    }

    private func generation(_ renderer: any DeliveryRenderer) -> Generation {
        let registry = Registry(subscriptions: [subscription()], profiles: [:], settings: DispatcherSettings())
        return Generation(registry: registry, renderer: renderer)
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
            generation: generation(renderer),
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

private struct Unobserved: EngineObserver {
    func recorded(_ attempts: [RecordedAttempt]) {}
    func settled(_ deliveries: [SettledDelivery]) {}
    func noticed(_ notice: EngineNotice) {}
    func failed(_ error: StoreError) {}
}
