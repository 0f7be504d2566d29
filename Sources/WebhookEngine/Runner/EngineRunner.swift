internal import Dispatch
internal import Synchronization
public import WebhookCore

/// Drives a ``DeliveryEngine`` on a serial Dispatch queue, with a real store and transport at its edge.
///
/// Messages come in from any thread and are worked off in batches; nothing waits for another inside the queue.
// Safe to share: everything mutable is confined to `queue` (checked at entry), but for the inbox, which has its own lock.
public final class EngineRunner: @unchecked Sendable {
    let queue = DispatchQueue(label: "webhooks.engine")
    let store: any DeliveryStore
    let transport: any Transport
    let clock: EngineClock
    let observer: any EngineObserver
    let inbox = Mutex(Inbox())
    var engine: DeliveryEngine
    var generation: Generation
    var prepared: [UInt64: PreparedRequest] = [:]
    var emitContinuations: [UInt64: CheckedContinuation<Result<AcceptanceResult, StoreError>, Never>] = [:]
    var waiters: [(conditions: [Condition], continuation: CheckedContinuation<Void, Never>)] = []
    private let timer: any DispatchSourceTimer
    private var timerAt: Timestamp?
    private var foreignTimer: (any DispatchSourceTimer)?
    private var fatal: StoreError?

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
        var emits:
            [(order: EmitOrder, continuation: CheckedContinuation<Result<AcceptanceResult, StoreError>, Never>)] = []
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
        engine = DeliveryEngine(settings: settings, subscriptions: generation.registry.subscriptions)
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
    public func start(foreignInterval: Duration? = .milliseconds(100)) {
        queue.async { [self] in
            engine.start(at: clock.now)
            perform()
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
                inbox.emits.append((order, continuation))
                defer { inbox.isScheduled = true }
                return !inbox.isScheduled
            }
            if needsSchedule { queue.async { self.workOffInbox() } }
        }
    }

    /// Takes care of events (rows) that are in the store already.
    public func adopt(_ events: [Int64]) {
        queue.async { [self] in
            engine.adopt(events, at: clock.now)
            perform()
        }
    }

    /// Replaces registry and renderer during traffic.
    public func reload(_ generation: Generation) {
        queue.async { [self] in
            self.generation = generation
            engine.reload(generation.registry.subscriptions, at: clock.now)
            perform()
        }
    }

    /// No new attempts; see ``Condition/drained``.
    public func drain() {
        queue.async { [self] in
            engine.drain(at: clock.now)
            perform()
        }
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

    // MARK: - On the queue

    private func workOffInbox() {
        dispatchPrecondition(condition: .onQueue(queue))
        let emits = inbox.withLock { inbox in
            defer {
                inbox.emits = []
                inbox.isScheduled = false
            }
            return inbox.emits
        }
        if let fatal {
            for emit in emits { emit.continuation.resume(returning: .failure(fatal)) }
            return
        }
        for emit in emits { emitContinuations[emit.order.token] = emit.continuation }
        engine.emit(emits.map(\.order), at: clock.now)
        perform()
    }

    private func tick() {
        dispatchPrecondition(condition: .onQueue(queue))
        timerAt = nil
        engine.tick(at: clock.now)
        perform()
    }

    private func lookForForeignWrites() {
        store.checkForeignWrites { [weak self] haveWritten in
            guard haveWritten, let self else { return }
            queue.async { [self] in
                engine.foreignWrites(at: clock.now)
                perform()
            }
        }
    }

    private func completed(_ result: Result<StoreBatchResult, StoreError>) {
        dispatchPrecondition(condition: .onQueue(queue))
        switch result {
        case .success(let result):
            engine.committed(result, at: clock.now)
        case .failure(let error):
            if error.code == .damaged || error.code == .newerSchema { stop(error) }
            engine.commitFailed(error, at: clock.now)
        }
        perform()
    }

    /// Damage: nothing more is sent from this store.
    private func stop(_ error: StoreError) {
        fatal = error
        observer.failed(error)
        for continuation in emitContinuations.values { continuation.resume(returning: .failure(error)) }
        emitContinuations = [:]
    }

    /// Does what the engine wants done, until it wants nothing more.
    private func perform() {
        dispatchPrecondition(condition: .onQueue(queue))
        repeat {
            let actions = engine.takeActions()
            // Damage stops everything: nothing is sent from a store that can't be trusted.
            if fatal == nil {
                if let batch = actions.commit {
                    store.commit(batch) { [self] result in queue.async { self.completed(result) } }
                }
                send(actions.sends)
            }
            for reply in actions.replies {
                emitContinuations.removeValue(forKey: reply.token)?.resume(returning: reply.result)
            }
            if !actions.recorded.isEmpty { observer.recorded(actions.recorded) }
            for notice in actions.notices { observer.noticed(notice) }
            setTimer(actions.wakeAt)
            for event in actions.fanOuts {
                engine.fannedOut(
                    event,
                    deliveries: generation.prepare(event.event, target: event.target),
                    at: clock.now
                )
            }
        } while engine.actions.isPressing
        wakeWaiters()
    }

    private func send(_ orders: [SendOrder]) {
        guard !orders.isEmpty else { return }
        var requests: [TransportOrder] = []
        requests.reserveCapacity(orders.count)
        for order in orders {
            do throws(RenderingError) {
                var request = try generation.renderer.request(
                    for: order.context,
                    to: order.target.subscription,
                    body: order.body
                )
                if order.needsFreshConnection { request.request.freshConnection = true }
                prepared[order.token] = request
                requests.append(TransportOrder(token: order.token, request: request.request))
            } catch {
                engine.requestFailed(order.token, error, at: clock.now)
            }
        }
        transport.send(requests) { [weak self] completions in self?.ended(completions) }
    }

    private func ended(_ completions: [TransportCompletion]) {
        queue.async { [self] in
            let finished = completions.compactMap { completion -> FinishedAttempt? in
                guard let request = prepared.removeValue(forKey: completion.token) else { return nil }
                var result = completion.result
                if !request.redactor.isEmpty {
                    if !result.headers.isEmpty { result.headers = request.redactor.redact(result.headers) }
                    if !result.body.isEmpty {
                        result.body = request.redactor.redact(result.body, isCutOff: result.isTruncated)
                    }
                }
                return FinishedAttempt(
                    token: completion.token,
                    result: result,
                    url: request.request.url.display,
                    requestHeaders: request.redactedHeaders
                )
            }
            engine.finished(finished, at: clock.now)
            perform()
        }
    }

    private func setTimer(_ at: Timestamp?) {
        guard at != timerAt else { return }
        timerAt = at
        guard let at else { return timer.schedule(deadline: .distantFuture) }
        let wait = max(0, at.milliseconds - clock.timeline.milliseconds)
        timer.schedule(deadline: .now() + .milliseconds(Int(min(wait, 3_600_000))), leeway: .milliseconds(1))
    }

    private func wakeWaiters() {
        guard !waiters.isEmpty else { return }
        waiters.removeAll { waiter in
            guard fatal != nil || waiter.conditions.contains(where: holds) else { return false }
            waiter.continuation.resume()
            return true
        }
    }

    private func holds(_ condition: Condition) -> Bool {
        switch condition {
        case .idle: engine.isIdle(at: clock.now)
        case .settled: engine.isSettled
        case .drained: engine.isDrained
        }
    }
}
