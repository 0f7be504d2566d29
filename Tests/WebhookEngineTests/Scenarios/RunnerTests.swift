import Dispatch
import Synchronization
import Testing
import WebhookCore
import WebhookSimulation

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
    @Test("what takes long to render holds up nobody else, and has a mark of its own", .timeLimit(.minutes(1)))
    func largeEvent() async throws {
        let (began, hasBegun) = AsyncStream.makeStream(of: Void.self)
        let renderer = GatedRenderer { hasBegun.yield() }
        let store = InMemoryStore()
        _ = try await store.append(event("large", data: largeData), target: nil)
        let mark = MarkSpy()
        let runner = runner(store, renderer, mark)
        runner.start(externalInterval: nil)
        for await _ in began { break }
        let result = await withTaskCancellationHandler {
            await runner.emit(event("small"), snapshot: snapshot(renderer))
        } onCancel: {
            renderer.gate.signal()
        }
        #expect(throws: Never.self) { try result.get() }
        #expect(mark.historyBeside.withLock { $0 } == [.fanOut(event: 1)])
        renderer.gate.signal()
        try await runner.wait(untilAny: [.settled])
        #expect(store.rows.deliveryRows.map(\.state) == [.delivered, .delivered])
        #expect(mark.historyBeside.withLock { $0 } == [.fanOut(event: 1), nil])
        #expect(mark.history.withLock { $0.contains { $0 == .fanOut(event: 1) } } == false)
    }

    @Test("a large event that waited is rendered as the configuration says by then", .timeLimit(.minutes(1)))
    func largeEventAfterReload() async throws {
        let (began, hasBegun) = AsyncStream.makeStream(of: Void.self)
        let (before, after) = (GatedRenderer { hasBegun.yield() }, GatedRenderer {})
        after.gate.signal()
        let store = InMemoryStore()
        for id in ["first", "second"] { _ = try await store.append(event(id, data: largeData), target: nil) }
        let runner = runner(store, before, NoRenderingMark())
        runner.start(externalInterval: nil)
        for await _ in began { break }
        await withCheckedContinuation { continuation in
            runner.reload(snapshot(after), maxInFlight: 8) { continuation.resume() }
        }
        before.gate.signal()
        await withTaskCancellationHandler {
            try? await runner.wait(untilAny: [.settled])
        } onCancel: {
            before.gate.signal()
        }
        #expect(before.rendered.withLock { $0 } == ["first"])
        #expect(after.rendered.withLock { $0 } == ["second"])
        #expect(store.rows.deliveryRows.map(\.state) == [.delivered, .delivered])
    }

    @Test("attempts under way are counted from their claim to their record", .timeLimit(.minutes(1)))
    func attemptsUnderWay() async throws {
        let (sent, hasSent) = AsyncStream.makeStream(of: Void.self)
        let answers = Mutex<[@Sendable () -> Void]>([])
        let transport = ScriptedTransport(executor: { answer in
            answers.withLock { $0.append(answer) }
            hasSent.yield()
        })
        let store = InMemoryStore()
        let renderer = ScriptedRenderer()
        let runner = runner(store, renderer, NoRenderingMark(), transport)
        #expect(runner.attemptsUnderWay == 0)
        runner.start(externalInterval: nil)
        let result = await runner.emit(event("e1"), snapshot: snapshot(renderer))
        #expect(throws: Never.self) { try result.get() }
        for await _ in sent { break }
        // Told at once also where the engine is busy.
        #expect(runner.engine.withLock { _ in runner.attemptsUnderWay } == 1)
        for answer in answers.withLock({ $0 }) { answer() }
        try await runner.wait(untilAny: [.settled])
        #expect(runner.attemptsUnderWay == 0)
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

    private let largeData = ByteString("[" + String(repeating: "0,", count: EngineSettings().promptEventBytes) + "0]")

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
    let interrupted: [Int64] = []
    let deadly: Set<Delivery.ID> = []
    let history = Mutex<[MarkedRendering?]>([])
    let historyBeside = Mutex<[MarkedRendering?]>([])

    func set(_ rendering: MarkedRendering?, at place: RenderingPlace) {
        switch place {
        case .engine: history.withLock { $0.append(rendering) }
        case .beside: historyBeside.withLock { $0.append(rendering) }
        }
    }
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
    /// The ids of the large events that it was given.
    let rendered = Mutex<[String]>([])
    private let scripted = ScriptedRenderer()
    private let onLarge: @Sendable () -> Void

    init(onLarge: @escaping @Sendable () -> Void) { self.onLarge = onLarge }

    func render(_ event: Event, for subscriptions: [Subscription]) -> RenderedEvent {
        if event.data.count > 1_000 {
            rendered.withLock { $0.append(event.id) }
            onLarge()
            gate.wait()
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
