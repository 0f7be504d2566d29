internal import Glibc
internal import Logging
public import ServiceLifecycle
internal import WebhookCore
internal import WebhookEngine
internal import WebhooksSQLite

extension WebhookDispatcher: Service {
    /// The condition on which ``WebhookDispatcher/run(until:whenLocked:)`` returns.
    public enum RunCondition: Sendable, Hashable {
        /// It is shut down.
        case shutdown
        /// Nothing is due now and nothing is in flight; what waits for a retry is left to the next run.
        case idle
        /// Every delivery has settled; the ones of subscriptions that are gone, and events that are due later, aside.
        case settled
    }

    /// The way to go where another dispatcher runs on the store.
    public enum LockedStore: Sendable, Hashable {
        /// Throw.
        case fail
        /// Wait until it ends, however long that takes, and deliver then: a standby. In a rolling deployment the new
        /// process waits for the old one.
        case wait
    }

    /// Delivers until shut down: a `ServiceLifecycle.Service`.
    public func run() async throws { try await run(until: .shutdown) }

    /// Delivers until a condition holds, or until shut down: gracefully by ServiceLifecycle or ``shutDown()``, within the
    /// configured grace. May be called again once it has returned.
    ///
    /// Where the task is cancelled, what is on the wire is cut off and recorded as interrupted, and it returns within a
    /// second. Waits for a lock that a command holds for a moment, and as a standby for every lock; then a cancelled task
    /// returns as well.
    /// - Parameters:
    ///   - condition: when to return; defaults to `shutdown`.
    ///   - whenLocked: what to do where another dispatcher runs on the store; defaults to `fail`.
    /// - Throws: ``WebhooksError`` with `store`: another dispatcher runs on this store, it can't be used, or the host has
    ///   closed or erased its database meanwhile.
    public func run(
        until condition: RunCondition = .shutdown,
        whenLocked: LockedStore = .fail
    ) async throws(WebhooksError) {
        try await run(until: condition, whenLocked: whenLocked) {}
    }

    /// The same.
    ///
    /// - Parameter onStore: called once it has the store, or waits until another dispatcher ends: it is not refused.
    package func run(
        until condition: RunCondition,
        whenLocked: LockedStore,
        onStore: @escaping @Sendable () -> Void
    ) async throws(WebhooksError) {
        state.withLock { $0.runBegins() }
        defer { state.withLock { $0.runEnds() } }
        let run = RunUnderWay(onStore: onStore)
        let result: Result<Void, WebhooksError> = await withTaskCancellationHandler {
            do throws(WebhooksError) {
                return .success(try await deliver(until: condition, whenLocked, run))
            } catch {
                return .failure(error)
            }
        } onCancel: {
            if let session = run.cancel() { cutOff(session) }
        }
        try result.get()
    }

    private func deliver(
        until condition: RunCondition,
        _ whenLocked: LockedStore,
        _ run: RunUnderWay
    ) async throws(WebhooksError) {
        let session: DeliverySession
        let operations = makeOperations()
        do throws(WebhooksError) {
            session = try await openSession(.run, isStandby: whenLocked == .wait, run, operations)
        } catch {
            // Ended while it waited for a lock, or for a host's writer: nothing was begun.
            let isWaiting = [.locked, .busy].contains(error.store?.code)
            guard isWaiting && state.withLock({ $0.isShuttingDown }) || Task.isCancelled else { throw error }
            return logger.notice("stopped")
        }
        for warning in state.withLock({ $0.takeWarnings() }) { logger.warning("\(warning)") }
        tellHeld(registry, session)
        let following = Task { await keepFollowingStored(of: session) }
        defer { following.cancel() }
        let watcher = Task { await watchConfiguration() }
        defer { watcher.cancel() }
        let retention = Task { await keepRetention(in: session) }
        defer { retention.cancel() }
        let maintenance = Task { await maintainStore(of: session) }
        defer { maintenance.cancel() }
        let walKeeper = Task {
            if let store = session.store as? SQLiteStore { await keepWALSmall(of: store) }
        }
        defer { walKeeper.cancel() }
        let life = Task { await giveSignsOfLife(of: session) }
        defer { life.cancel() }
        let told = ToldFailures()
        start(operations, session, told: told)
        let failing = Task { await watchFailing(of: session, told) }
        defer { failing.cancel() }
        let lag = Task { await reportLag(of: session) }
        defer { lag.cancel() }
        let sampling = Task { await sampleMetrics(of: session) }
        defer { sampling.cancel() }
        metrics?.isRunning(true)
        defer { metrics?.isRunning(false) }
        if let warning = session.store.warning { logger.warning("\(warning)") }
        await warnOfTriggers(session.store)
        let metadata = await startMetadata(session)
        logger.notice("delivering", metadata: metadata)
        // What the load needed for a moment, the process need not keep for as long as it runs.
        LoadingThread.shared.trim()
        if let serviceManager { serviceManager.delivers(figures(of: session.runner, serviceManager)) }
        let reports = Task { await reportLife(of: session) }
        defer { reports.cancel() }
        // A run that ends by itself comes to it all the same.
        if condition != .shutdown { await endDeleted(of: session) }
        let wait: EngineRunner.Condition =
            switch condition {
            case .shutdown: .drained
            case .idle: .idle
            case .settled: .settled
            }
        let failure: StoreError?
        do throws(StoreError) {
            try await withShutdownHandling { () async throws(StoreError) in
                try await session.runner.wait(untilAny: [wait, .drained])
            } onShutdown: { [self] in
                shutDown()
            }
            failure = nil
        } catch {
            failure = error
        }
        serviceManager?.stops(underWay: session.runner.attemptsUnderWay)
        await finish(operations)
        let isShuttingDown = state.withLock { $0.isShuttingDown }
        let left = isShuttingDown && !Task.isCancelled ? await openDeliveries(in: session.store) : nil
        await close(session, isCutOff: Task.isCancelled)
        // Whoever is cancelled asks for nothing but the end.
        if let failure, failure.isFinal || !Task.isCancelled { throw WebhooksError(failure) }
        if isShuttingDown || Task.isCancelled {
            logger.notice("stopped", metadata: left.map { ["open": "\($0)"] } ?? [:])
        }
    }

    /// The facts that an operator looks for first in a log.
    private func startMetadata(_ session: DeliverySession) async -> Logger.Metadata {
        let registry = registry
        var metadata: Logger.Metadata = [
            "store": "\(session.store.name)", "pid": "\(getpid())",
            "subscriptions": "\(registry.subscriptions.count(where: \.isEnabled))",
        ]
        if let path = configuration.path { metadata["configuration"] = "\(path)" }
        let store = session.store
        guard let health = await BlockingWork.value(within: Self.countingTime, { try? await store.health() }) else {
            return metadata
        }
        let rows = health.filter { registry.subscription(named: $0.subscription)?.isEnabled == true }
        let disabled = rows.count { $0.disabled != nil }
        let paused = rows.count { $0.paused?.isInForce(at: .now) == true }
        if disabled > 0 { metadata["disabled"] = "\(disabled)" }
        if paused > 0 { metadata["paused"] = "\(paused)" }
        return metadata
    }

    /// The number of deliveries that have not settled, those of subscriptions that are gone included; `nil` where that
    /// takes long.
    private func openDeliveries(in store: any WebhookStore) async -> Int? {
        await BlockingWork.value(within: Self.countingTime) {
            do throws(StoreError) {
                var open = 0
                for name in try await store.subscriptionNames() {
                    if Task.isCancelled { return nil }
                    let count = try await store.openDeliveries(of: name)
                    open += count.waiting + count.inFlight
                }
                return open
            } catch {
                return nil
            }
        }
    }

    /// The most time that a start or a stop takes to count what there is.
    static let countingTime: Duration = .milliseconds(300)

    /// The number of attempts under way in this process; `nil` where that can't be told at once, or nothing is
    /// delivered.
    ///
    /// Waits for next to nothing: for a process that is about to stop at once.
    package var attemptsUnderWay: Int? {
        state.withLockIfAvailable { $0.session }.flatMap(\.self)?.runner.attemptsUnderWay
    }

    /// Begins a graceful shutdown: no new attempts; those on the wire get the configured grace to end, then they are cut
    /// off and recorded as interrupted. ``run(until:whenLocked:)`` returns when all is on record; where the store doesn't take it within
    /// the grace, it throws, and the next dispatcher finds what is missing as interrupted.
    ///
    /// Before the first run it ends that one as soon as it begins; after a run it does nothing, and the next one delivers.
    public func shutDown() {
        let session = state.withLock { state -> DeliverySession? in
            guard !state.isShuttingDown, state.runsUnderWay > 0 || !state.hasRun else { return nil }
            state.isShuttingDown = true
            state.endOfGrace = .now + state.snapshot.registry.settings.shutdownGrace
            return state.session
        }
        guard let session else { return }
        let grace = registry.settings.shutdownGrace
        let underWay = session.runner.attemptsUnderWay
        serviceManager?.stops(underWay: underWay)
        logger.notice("draining", metadata: ["graceMs": "\(grace.wholeMilliseconds)", "underWay": "\(underWay)"])
        session.drain(within: grace) { [logger] count in
            logger.warning(
                "the grace is over: attempts are cut off; those of single-shot subscriptions end as unknown, the others are tried again",
                metadata: ["underWay": "\(count)"]
            )
        }
    }

    /// Ends a run at once.
    private func cutOff(_ session: DeliverySession) {
        logger.notice("cancelled: cutting off", metadata: ["underWay": "\(session.runner.attemptsUnderWay)"])
        session.cutOff()
    }

    /// Looks at once for what was written to the store beside this dispatcher: for a host that has committed on a connection
    /// of its own, in a process in which the dispatcher runs. Without it, the dispatcher notices within a quarter of a second.
    ///
    /// Cheap, may be called from anywhere and however often, also where nothing runs. To be called after the commit: what is
    /// not committed isn't seen.
    public func wake() { wake(eventsOnly: false) }

    package func wake(eventsOnly: Bool) {
        state.withLock { $0.session }?.runner.wake(eventsOnly: eventsOnly)
    }

    /// Takes the lock and starts an engine in this process.
    ///
    /// - Parameters:
    ///   - isStandby: whether to wait for whoever holds the lock, and then for a host that holds its writer.
    ///   - run: the run that it is for; `nil`: a command.
    ///   - operations: told what happens beside the log.
    func openSession(
        _ role: DispatcherRole,
        isStandby: Bool = false,
        _ run: RunUnderWay? = nil,
        _ operations: OperationalEvents? = nil
    ) async throws(WebhooksError) -> DeliverySession {
        do throws(StoreError) {
            let access = try stores.access()
            var isWaiting = false
            var wait = LockWait(role: role, isStandby: isStandby, isShared: access.isShared)
            let log = LogObserver(lines: lines, for: configuration.audience, notifier: notifier) {
                [weak self] trouble in
                self?.note(storeTrouble: trouble)
            } onFailure: { [weak self] error in
                self?.state.withLock { $0.failure = error }
            }
            let beside: [(any EngineObserver)?] = [metrics, serviceManager?.counts]
            let observer: any EngineObserver =
                beside.contains { $0 != nil } ? ObserverGroup(observers: [log] + beside.compactMap(\.self)) : log
            while true {
                do throws(StoreError) {
                    let lock = try await stores.lock(role)
                    // Its tables may have gone while somebody else had the lock: a look costs the host's writer a turn.
                    try await verify(access, isStandby: isStandby, pause: wait.pause)
                    let opened = try await stores.dispatcher(lock)
                    do throws(StoreError) {
                        try await followStored(in: opened.store)
                    } catch {
                        opened.close()
                        throw error
                    }
                    let snapshot = state.withLock { $0.snapshot(for: role) }
                    let session = try DeliverySession(
                        opened,
                        role: role,
                        snapshot: snapshot,
                        observer: observer,
                        metrics: metrics,
                        tracer: AttemptTracing(tracer)
                    ) { [weak self] in
                        Task { await self?.catchUpWithStored() }
                    }
                    stores.announce(session.store)
                    var current = state.withLock { state in
                        state.session = session
                        (state.isWaitingForRight, state.failure) = (false, nil)
                        (state.storeTrouble, state.readTrouble, state.isDiskFull) = (nil, nil, false)
                        return state.snapshot(for: role)
                    }
                    var known = snapshot
                    // What has changed while it was made went past it; and what changes now is not overtaken by that.
                    while current.registry !== known.registry {
                        let maxInFlight = DeliverySession.maxInFlight(current.registry.settings.maxInFlight)
                        session.runner.reload(current, maxInFlight: maxInFlight)
                        known = current
                        current = state.withLock { $0.snapshot(for: role) }
                    }
                    if let operations { notifier.set(operations) }
                    session.runner.start(externalInterval: externalInterval)
                    if run?.began(session) ?? Task.isCancelled {
                        session.cutOff()
                    } else if state.withLock({ $0.isShuttingDown }) {
                        session.drain(within: snapshot.registry.settings.shutdownGrace)
                    }
                    return session
                } catch  where error.code == .locked {
                    let holder = await stores.holder()?.holder
                    guard wait.triesAgain(holder, at: .now) else { throw error }
                    if !isWaiting {
                        let whom = isStandby ? "the running dispatcher" : "a command"
                        logger.notice("waiting for \(whom) to end", metadata: ["store": "\(access.name)"])
                    }
                    isWaiting = true
                    if role == .run { state.withLock { $0.isWaitingForRight = true } }
                    if isStandby { run?.waits() }
                    serviceManager?.waits(isStandby: isStandby)
                    try? await Task.sleep(for: wait.pause)
                    if Task.isCancelled || state.withLock({ $0.isShuttingDown }) { throw error }
                }
            }
        } catch {
            throw WebhooksError(error)
        }
    }

    /// Makes sure of a host's tables, once nobody else works on them. A standby outlasts a host that holds its writer.
    private func verify(_ access: any StoreAccess, isStandby: Bool, pause: Duration) async throws(StoreError) {
        while true {
            do throws(StoreError) {
                return try await access.verify()
            } catch  where error.code == .busy && isStandby {
                try? await Task.sleep(for: pause)
                if Task.isCancelled || state.withLock({ $0.isShuttingDown }) { throw error }
            }
        }
    }

    /// Lets go of a session, within what is left of the grace.
    func close(_ session: DeliverySession, isCutOff: Bool = false) async {
        let limit = state.withLock { state in
            state.session = nil
            if isCutOff { return Duration.zero }
            let grace = state.snapshot.registry.settings.shutdownGrace
            return state.endOfGrace.map { $0 - .now } ?? grace
        }
        await session.close(within: max(limit, DeliverySession.recordingTime))
    }
}

/// Runs an operation under ServiceLifecycle's graceful shutdown, keeping its typed error.
private func withShutdownHandling(
    _ operation: () async throws(StoreError) -> Void,
    onShutdown: @escaping @Sendable () -> Void
) async throws(StoreError) {
    let result: Result<Void, StoreError> = await withGracefulShutdownHandler {
        do throws(StoreError) {
            return .success(try await operation())
        } catch {
            return .failure(error)
        }
    } onGracefulShutdown: {
        onShutdown()
    }
    try result.get()
}
