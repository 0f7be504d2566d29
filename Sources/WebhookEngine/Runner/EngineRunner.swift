internal import Dispatch
internal import Synchronization
package import WebhookCore

/// Drives a ``DeliveryEngine`` on a serial Dispatch queue, with a real store and transport at its edge.
///
/// Messages come in from any thread and are worked off in batches; nothing waits for another inside the queue.
///
/// The engine has a lock beside, for the store's own queue: at the end of a transaction it takes the next from there, and
/// does not wait until this queue has come to it.
// Safe to share: everything mutable is confined to `queue` (checked at entry), but for the mailbox and the engine, which
// have locks of their own.
package final class EngineRunner: @unchecked Sendable {
    let queue = DispatchQueue(label: "webhooks.engine")
    /// The queue on which large events are rendered.
    let rendering = DispatchQueue(label: "webhooks.rendering", qos: .utility)
    let store: any DeliveryStore
    let transport: any Transport
    let clock: EngineClock
    let observer: any EngineObserver
    let mark: any RenderingMark
    /// `nil`: attempts are not traced.
    let tracer: (any AttemptTracer)?
    let mailbox = Mutex(Mailbox())
    let engine: Mutex<DeliveryEngine>
    /// The number of attempts that the engine has under way, beside its lock.
    let attempts = Atomic(0)
    let transactions = CallCounters()
    let leaseRounds = CallCounters()
    /// Flags that are raised where a look at what others have written is due: at events, at deliveries, at anything, at
    /// leases.
    private let looksDue = (events: SharedFlag(), deliveries: SharedFlag(), all: SharedFlag(), leases: SharedFlag())
    var snapshot: ConfigurationSnapshot
    /// Requests on the wire.
    var sent: [UInt64: SentRequest] = [:]
    var emitCompletions: [UInt64: EmitCompletion] = [:]
    var waiters: [(conditions: [Condition], continuation: CheckedContinuation<Void, Never>)] = []
    /// Those who wait for ``learnHealth(of:within:)``, by their numbers.
    var healthReads: [UInt64: CheckedContinuation<Bool, Never>] = [:]
    var lastHealthRead: UInt64 = 0
    let timer: any DispatchSourceTimer
    var timerAt: Timestamp?
    /// The look for what others have written; a timer's where the system has no thread left.
    var externalLook: RegularLook?
    var externalTimer: (any DispatchSourceTimer)?
    var fatal: StoreError?
    /// The reason why the last transaction failed, where it did.
    var lastFailure: StoreError?
    /// The keeper of the leases, where other dispatchers share the store; confined to ``queue``.
    var keeper: LeaseKeeper?
    let leaseStore: (any LeaseStore)?
    let onLeaseFailure: @Sendable (StoreError) -> Void
    /// Told that the store's subscriptions are newer than those of the snapshot: it is to be replaced.
    let onNewerSubscriptions: @Sendable () -> Void
    /// The mark says which rendering ended the process before this one, and that is not counted yet.
    var hasUncountedMark = false

    /// A condition that ``wait(untilAny:)`` waits for.
    package enum Condition: Sendable {
        /// Nothing is due now and nothing is in flight.
        case idle
        /// Every delivery has settled.
        case settled
        /// A drain is complete.
        case drained
    }

    struct Mailbox {
        var requests: [EmitRequest] = []
        /// Theirs, in the same order.
        var completions: [EmitCompletion] = []
        var isScheduled = false
        var lastToken: UInt64 = 0
    }

    package init(
        settings: EngineSettings,
        snapshot: ConfigurationSnapshot,
        store: any DeliveryStore,
        transport: any Transport,
        clock: any WebhookClock,
        observer: any EngineObserver,
        mark: any RenderingMark = NoRenderingMark(),
        tracer: (any AttemptTracer)? = nil,
        leases: RunnerLeases? = nil,
        onNewerSubscriptions: @escaping @Sendable () -> Void = {}
    ) {
        self.onNewerSubscriptions = onNewerSubscriptions
        self.tracer = tracer
        self.mark = mark
        keeper = leases.map { LeaseKeeper($0.record, settings: $0.settings) }
        leaseStore = leases?.store
        let ignore: @Sendable (StoreError) -> Void = { _ in }
        onLeaseFailure = leases?.onFailure ?? ignore
        var settings = settings
        settings.isLeased = leases != nil
        self.store = store
        self.transport = transport
        self.clock = EngineClock(clock)
        self.observer = observer
        self.snapshot = snapshot
        engine = Mutex(DeliveryEngine(settings: settings, targets: snapshot.targets))
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [weak self] in self?.tick() }
        timer.activate()
    }

    deinit {
        timer.cancel()
        externalTimer?.cancel()
        externalLook?.stop()
    }

    /// Reads the store and begins to deliver.
    ///
    /// - Parameter externalInterval: how often to look for what other processes wrote; `nil` for never.
    package func start(externalInterval: Duration? = .milliseconds(150)) {
        queue.async { [self] in
            hasUncountedMark = !mark.interrupted.isEmpty
            process { engine, time in
                engine.start(interruptedRenderings: mark.interrupted, deadly: mark.deadly, at: time)
            }
            configureLeases()
            guard let externalInterval else { return }
            externalLook = RegularLook(every: externalInterval) { [weak self] in self?.lookForExternalWrites() }
            guard externalLook == nil else { return }
            let source = DispatchSource.makeTimerSource(queue: queue)
            let milliseconds = Int(externalInterval.wholeMilliseconds)
            source.schedule(
                deadline: .now() + .milliseconds(milliseconds),
                repeating: .milliseconds(milliseconds),
                leeway: .milliseconds(20)
            )
            source.setEventHandler { [weak self] in self?.lookForExternalWrites() }
            externalTimer = source
            source.activate()
        }
    }

    /// Looks at once for what somebody has written beside this engine, and whose commit they know of. Costs little, however
    /// often it is called.
    ///
    /// - Parameter eventsOnly: whether nothing but events was written; defaults to `false`.
    package func wake(eventsOnly: Bool = false) {
        let due = eventsOnly ? looksDue.events : looksDue.all
        guard due.raise() else { return }
        queue.async { [self] in
            due.lower()
            process { engine, time in
                if eventsOnly { engine.eventsAppended(at: time) } else { engine.externalWrites(at: time) }
            }
        }
    }

    /// Looks at once for what somebody else says to have written.
    package func wake(_ hint: StoreHint) {
        switch hint {
        case .events: wake(eventsOnly: true)
        case .everything: wake()
        case .deliveries:
            let due = looksDue.deliveries
            guard due.raise() else { return }
            queue.async { [self] in
                due.lower()
                process { engine, time in engine.deliveriesInserted(at: time) }
            }
        case .leases:
            let due = looksDue.leases
            guard due.raise() else { return }
            queue.async { [self] in
                due.lower()
                changeLeases { $0.wake(now: $1) }
                process { _, _ in }
            }
        }
    }

    /// Takes care of events (rows) that are in the store already.
    package func takeOver(_ events: [Int64]) {
        queue.async { [self] in process { engine, time in engine.takeOver(events, at: time) } }
    }

    /// Replaces registry and renderer during traffic.
    ///
    /// - Parameters:
    ///   - maxInFlight: the limit over all from now on.
    ///   - completion: called once the old ones are no longer used for anything new.
    package func reload(
        _ snapshot: ConfigurationSnapshot,
        maxInFlight: Int,
        completion: @escaping @Sendable () -> Void = {}
    ) {
        queue.async { [self] in
            self.snapshot = snapshot
            let targets = snapshot.targets.filter { serves($0.subscription.name) }
            process { engine, time in engine.reload(targets, maxInFlight: maxInFlight, at: time) }
            learnSubscriptions()
            configureLeases()
            completion()
        }
    }

    /// Replaces registry and renderer by such as differ by some subscriptions.
    ///
    /// - Parameters:
    ///   - names: the subscriptions that are gone.
    ///   - changed: those that are new or others than before.
    package func change(_ snapshot: ConfigurationSnapshot, removing names: [String], changed: [Subscription]) {
        let targets = changed.map { SharedSubscription($0, requests: snapshot.renderer.requests(to: $0)) }
        queue.async { [self] in
            self.snapshot = snapshot
            let served = targets.filter { serves($0.subscription.name) }
            process { engine, time in engine.change(served, removing: names, at: time) }
            learnSubscriptions()
            configureLeases()
        }
    }

    /// No new attempts; see ``Condition/drained``.
    package func drain() {
        queue.async { [self] in
            changeLeases { $0.drain(now: $1) }
            process { engine, time in engine.drain(at: time) }
        }
    }

    /// The number of attempts under way. Waits for nothing: for a process that is about to end.
    package var attemptsUnderWay: Int { attempts.load(ordering: .relaxed) }

    /// Deliveries that the engine has in memory, those under way included.
    package var deliveriesInMemory: Int { engine.withLock(\.holding) }

    /// Changes the engine; every change goes through here, so that the attempts under way are known without its lock.
    func withEngine<Result>(_ body: (inout sending DeliveryEngine) -> sending Result) -> sending Result {
        engine.withLock { engine in
            let result = body(&engine)
            attempts.store(engine.inFlight, ordering: .relaxed)
            return result
        }
    }

    /// Ends what is on the wire; each attempt is recorded as interrupted.
    package func cancelRequests() { transport.cancelAll() }

    /// Ends what is on the wire of a subscription that is served no more, the same way.
    ///
    /// - Parameter reason: see ``Transport/cancel(_:reason:)``.
    package func cancelRequests(of subscription: String, reason: String) {
        queue.async { [self] in
            let tokens = engine.withLock { $0.sentAttempts(of: subscription) }
            transport.cancel(tokens, reason: reason)
        }
    }

    /// Ends as a kill would: nothing more is recorded or sent, whoever waits is told. What isn't on record is found as
    /// interrupted by the next dispatcher.
    package func abandon() {
        withEngine { $0.abandon() }
        queue.async { [self] in
            // In any case: the store may be closed next.
            timer.cancel()
            externalTimer?.cancel()
            externalLook?.stop()
            guard fatal == nil else { return }
            var error = lastFailure ?? StoreError(.unavailable, "the store did not answer")
            error.message +=
                "; the dispatcher ended before everything was on record, and what is missing is interrupted"
            end(error)
            wakeWaiters()
        }
    }

    /// Waits until one of the conditions holds, or for a failure of the store that no waiting mends.
    ///
    /// - Throws: the failure.
    package func wait(untilAny conditions: [Condition]) async throws(StoreError) {
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
