internal import Dispatch
internal import Synchronization
public import WebhookCore

/// Drives a ``DeliveryEngine`` on a serial Dispatch queue, with a real store and transport at its edge.
///
/// Messages come in from any thread and are worked off in batches; nothing waits for another inside the queue.
///
/// The engine has a lock beside, for the store's own queue: at the end of a transaction it takes the next from there, and
/// does not wait until this queue has come to it.
// Safe to share: everything mutable is confined to `queue` (checked at entry), but for the inbox and the engine, which
// have locks of their own.
public final class EngineRunner: @unchecked Sendable {
    let queue = DispatchQueue(label: "webhooks.engine")
    let store: any DeliveryStore
    let transport: any Transport
    let clock: EngineClock
    let observer: any EngineObserver
    let inbox = Mutex(Inbox())
    let engine: Mutex<DeliveryEngine>
    var generation: Generation
    /// Requests on the wire.
    var sent: [UInt64: SentRequest] = [:]
    var emitContinuations: [UInt64: CheckedContinuation<Result<AcceptanceResult, StoreError>, Never>] = [:]
    var waiters: [(conditions: [Condition], continuation: CheckedContinuation<Void, Never>)] = []
    let timer: any DispatchSourceTimer
    var timerAt: Timestamp?
    var foreignTimer: (any DispatchSourceTimer)?
    var fatal: StoreError?

    /// What ``wait(untilAny:)`` waits for.
    public enum Condition: Sendable {
        /// Nothing is due now and nothing is in flight.
        case idle
        /// Every delivery has settled.
        case settled
        /// A drain is complete.
        case drained
    }

    struct Inbox {
        var orders: [EmitOrder] = []
        var continuations: [CheckedContinuation<Result<AcceptanceResult, StoreError>, Never>] = []
        var isScheduled = false
        var lastToken: UInt64 = 0
    }

    public init(
        settings: EngineSettings,
        generation: Generation,
        store: any DeliveryStore,
        transport: any Transport,
        clock: any WebhookClock,
        observer: any EngineObserver
    ) {
        self.store = store
        self.transport = transport
        self.clock = EngineClock(clock)
        self.observer = observer
        self.generation = generation
        engine = Mutex(DeliveryEngine(settings: settings, subscriptions: generation.registry.subscriptions))
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [weak self] in self?.tick() }
        timer.activate()
    }

    deinit {
        timer.cancel()
        foreignTimer?.cancel()
    }

    /// Reads the store and begins to deliver.
    ///
    /// - Parameter foreignInterval: how often to look for what other processes wrote; `nil` for never.
    public func start(foreignInterval: Duration? = .milliseconds(150)) {
        queue.async { [self] in
            drive { engine, time in engine.start(at: time) }
            guard let foreignInterval else { return }
            let source = DispatchSource.makeTimerSource(queue: queue)
            let milliseconds = Int(foreignInterval.wholeMilliseconds)
            source.schedule(
                deadline: .now() + .milliseconds(milliseconds),
                repeating: .milliseconds(milliseconds),
                leeway: .milliseconds(20)
            )
            source.setEventHandler { [weak self] in self?.lookForForeignWrites() }
            foreignTimer = source
            source.activate()
        }
    }

    /// Stores an event durably and delivers it; returns once it is on disk.
    public func emit(_ event: Event, target: String? = nil, generation: Generation, at now: Timestamp) async
        -> Result<AcceptanceResult, StoreError>
    {
        // Matched and rendered by the caller, so that callers share the work.
        let isDue = event.deliverAt.map { $0 <= now } ?? true
        let deliveries = isDue ? generation.prepare(event, target: target) : nil
        return await withCheckedContinuation { continuation in
            let needsSchedule = inbox.withLock { inbox in
                inbox.lastToken += 1
                let order = EmitOrder(token: inbox.lastToken, event: event, target: target, deliveries: deliveries)
                inbox.orders.append(order)
                inbox.continuations.append(continuation)
                defer { inbox.isScheduled = true }
                return !inbox.isScheduled
            }
            if needsSchedule { queue.async { self.workOffInbox() } }
        }
    }

    /// Takes care of events (rows) that are in the store already.
    public func adopt(_ events: [Int64]) {
        queue.async { [self] in drive { engine, time in engine.adopt(events, at: time) } }
    }

    /// Replaces registry and renderer during traffic.
    public func reload(_ generation: Generation) {
        queue.async { [self] in
            self.generation = generation
            drive { engine, time in engine.reload(generation.registry.subscriptions, at: time) }
        }
    }

    /// No new attempts; see ``Condition/drained``.
    public func drain() {
        queue.async { [self] in drive { engine, time in engine.drain(at: time) } }
    }

    /// Ends what is on the wire; each attempt is recorded as interrupted.
    public func cancelRequests() { transport.cancelAll() }

    /// Waits until one of the conditions holds, or for a failure of the store that no waiting mends.
    ///
    /// - Throws: the failure.
    public func wait(untilAny conditions: [Condition]) async throws(StoreError) {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                waiters.append((conditions, continuation))
                wakeWaiters()
            }
        }
        let failure = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.fatal) }
        }
        if let failure { throw failure }
    }
}
