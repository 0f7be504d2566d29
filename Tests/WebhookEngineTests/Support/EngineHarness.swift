import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

/// An engine over a store in memory, one input at a time. Commits are instant unless they are held; what leaves waits in
/// ``sent`` until a test answers it.
final class EngineHarness {
    let clock: VirtualClock
    let store: InMemoryStore
    var registry: Registry
    var renderer = ScriptedRenderer(poisonTopics: ["poison"])
    var engine: DeliveryEngine
    private let engineClock: EngineClock
    /// Attempts that left and have no result.
    var sent: [SendAction] = []
    var recorded: [RecordedAttempt] = []
    var notices: [EngineNotice] = []
    var settled: [SettledDelivery] = []
    var replies: [EmitReply] = []
    /// Those who waited for what the store has of health, and were told.
    var healthReads: [UInt64] = []
    /// Commits fail with this.
    var fault: StoreError?
    /// Batches that only try whether the store works.
    private(set) var trials = 0
    /// Commits wait for ``releaseCommit()``.
    var holdsCommits = false
    /// The batches that the transaction that waits has taken.
    private var openBatches: [StoreBatch] = []
    var openCommit: StoreBatch? { openBatches.first }
    /// Large events that wait for ``render(_:)``.
    private(set) var large: [PendingEvent] = []
    private(set) var wakeAt: Timestamp?
    /// The version of the store's subscriptions that the engine waits for.
    var newerSubscriptions: Int64?
    private var lastToken: UInt64 = 0

    /// Queues have no more than reads bring.
    static let smallBuffers = {
        var settings = EngineSettings()
        settings.freeBuffer = 0
        return settings
    }()

    init(
        _ subscriptions: [Subscription],
        settings: EngineSettings = smallBuffers,
        store: InMemoryStore? = nil,
        clock: VirtualClock = VirtualClock(),
        starts: Bool = true
    ) {
        self.clock = clock
        self.store = store ?? InMemoryStore(clock: clock)
        registry = Registry(subscriptions: subscriptions, profiles: [:], settings: DispatcherSettings())
        engine = DeliveryEngine(settings: settings, subscriptions: subscriptions, random: SeededGenerator(seed: 1))
        engineClock = EngineClock(clock)
        if starts { start() }
    }

    /// Another process on the same store, after this one is gone.
    func restarted(
        _ subscriptions: [Subscription]? = nil,
        settings: EngineSettings? = nil,
        starts: Bool = true
    ) -> EngineHarness {
        EngineHarness(
            subscriptions ?? Array(registry.subscriptions),
            settings: settings ?? engine.settings,
            store: InMemoryStore(sharing: store),
            clock: clock,
            starts: starts
        )
    }

    var now: EngineTime { engineClock.now }

    func start() { process { $0.start(at: $1) } }

    func process(_ input: (inout DeliveryEngine, EngineTime) -> Void) {
        input(&engine, engineClock.now)
        perform()
    }

    func emit(_ ids: String..., topic: String = "a.x", deliverAt: Timestamp? = nil, target: String? = nil) {
        emit(ids.map { event($0, topic: topic, deliverAt: deliverAt, isTest: target != nil) }, target: target)
    }

    func emit(_ events: [Event], target: String? = nil) {
        let orders = events.map { event in
            let isDue = event.deliverAt.map { $0 <= clock.now } ?? true
            lastToken += 1
            return EmitRequest(
                token: lastToken,
                event: event,
                target: target,
                deliveries: isDue
                    ? ConfigurationSnapshot(registry: registry, renderer: renderer).prepare(event, target: target) : nil
            )
        }
        process { $0.emit(orders, at: $1) }
    }

    func event(
        _ id: String,
        topic: String = "a.x",
        data: ByteString = "{}",
        deliverAt: Timestamp? = nil,
        isTest: Bool = false
    ) -> Event {
        Event(
            stored: id,
            topic: topic,
            data: data,
            tenant: nil,
            occurredAt: clock.now,
            occurredAtIsGiven: false,
            deliverAt: deliverAt,
            isTest: isTest
        )
    }

    /// Answers the oldest attempt that left, or the one for an event.
    func response(_ response: EndpointResponse = .ok, event id: String? = nil) {
        guard let order = sent.first(where: { id == nil || $0.context.event.id == id }) else { return }
        self.response(response, to: order)
    }

    func response(_ response: EndpointResponse, to order: SendAction) {
        sent.removeAll { $0.token == order.token }
        let result = response.exchange(latency: .zero, timeout: .seconds(1)).result
        let finished = FinishedAttempt(
            token: order.token,
            result: result,
            url: order.target.subscription.url.display,
            requestHeaders: []
        )
        process { $0.finished([finished], at: $1) }
    }

    /// Answers whatever leaves, until nothing does.
    func respondToAll(_ response: EndpointResponse = .ok) {
        while !sent.isEmpty { self.response(response) }
    }

    /// Lets time pass; the engine is woken up whenever it wants.
    func advance(_ duration: Duration) {
        let end = engineClock.monotonic + duration
        while let wakeAt, wakeAt <= end {
            clock.advance(by: .milliseconds(max(0, wakeAt.milliseconds - engineClock.monotonic.milliseconds)))
            process { $0.tick(at: $1) }
        }
        clock.advance(by: .milliseconds(end.milliseconds - engineClock.monotonic.milliseconds))
        process { $0.tick(at: $1) }
    }

    func noticeExternalWrites() { process { $0.externalWrites(at: $1) } }

    func reload(_ subscriptions: [Subscription]) {
        registry = Registry(subscriptions: subscriptions, profiles: [:], settings: DispatcherSettings())
        process { $0.reload(subscriptions, at: $1) }
    }

    /// Changes some subscriptions and leaves the others.
    func change(_ changed: [Subscription], removing names: [String]) {
        let gone = names + changed.map(\.name)
        registry = Registry(
            subscriptions: registry.subscriptions.filter { !gone.contains($0.name) } + changed,
            profiles: [:],
            settings: DispatcherSettings()
        )
        let targets = changed.map { SharedSubscription($0, requests: renderer.requests(to: $0)) }
        process { $0.change(targets, removing: names, at: $1) }
    }

    func releaseCommit() {
        let batches = openBatches
        guard !batches.isEmpty else { return }
        openBatches = []
        finish(batches)
        perform()
    }

    /// The transaction that waits takes what has come up since.
    func extendCommit() {
        if let batch = engine.takeBatch() { openBatches.append(batch) }
    }

    /// The transaction that waits succeeds, and another begins before the engine has heard of it.
    ///
    /// - Returns: lets the engine hear of the first; `nil` where the engine wants no other.
    func beginNextCommit() -> (() -> Void)? {
        let results = openBatches.compactMap { try? store.commitNow($0).get() }
        guard engine.continuesCommitting(), let next = engine.takeBatch() else { return nil }
        openBatches = [next]
        return { [self] in
            engine.committed(results, at: engineClock.now)
            perform()
        }
    }

    /// A large event that waits is matched and rendered.
    func render(_ id: String) {
        guard let index = large.firstIndex(where: { $0.event.id.description == id }) else { return }
        let event = large.remove(at: index)
        let prepared = ConfigurationSnapshot(registry: registry, renderer: renderer).prepare(
            event.event,
            target: event.target
        )
        process { engine, time in engine.fannedOut(event, deliveries: prepared, at: time) }
    }

    var rows: [InMemoryDeliveryRow] { store.rows.deliveryRows }
    var states: [DeliveryState] { rows.map(\.state) }
    var sentEvents: [String] { sent.map(\.context.event.id) }

    private func finish(_ batches: [StoreBatch]) {
        let time = engineClock.now
        if let fault { return engine.commitFailed(fault, at: time) }
        do throws(StoreError) {
            var results: [StoreBatchResult] = []
            for batch in batches { results.append(try store.commitNow(batch).get()) }
            engine.committed(results, at: time)
        } catch {
            engine.commitFailed(error, at: time)
        }
    }

    private func perform() {
        while true {
            let actions = engine.takeActions()
            wakeAt = actions.wakeAt
            sent += actions.sends
            recorded += actions.recorded
            notices += actions.notices
            settled += actions.settled
            replies += actions.replies
            healthReads += actions.healthReads
            large += actions.largeFanOuts
            if let version = actions.newerSubscriptions { newerSubscriptions = version }
            for event in actions.fanOuts {
                let prepared = ConfigurationSnapshot(registry: registry, renderer: renderer).prepare(
                    event.event,
                    target: event.target
                )
                engine.fannedOut(event, deliveries: prepared, at: engineClock.now)
            }
            if actions.wantsCommit, let batch = engine.takeBatch() {
                if batch.isTrial { trials += 1 }
                if holdsCommits { openBatches = [batch] } else { finish([batch]) }
            }
            guard actions.isPressing else { return }
        }
    }
}
