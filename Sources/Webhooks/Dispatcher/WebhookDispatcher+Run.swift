internal import Glibc
internal import Logging
public import ServiceLifecycle
internal import WebhookCore
internal import WebhookEngine
internal import WebhooksSQLite

extension WebhookDispatcher: Service {
    /// When ``WebhookDispatcher/run(until:)`` returns.
    public enum RunCondition: Sendable, Hashable {
        /// When it is shut down.
        case shutdown
        /// When nothing is due now and nothing is in flight; what waits for a retry is left to the next run.
        case idle
        /// When every delivery has settled; those of subscriptions that are gone, and events that are due later, aside.
        case settled
    }

    /// Delivers until shut down: a `ServiceLifecycle.Service`.
    public func run() async throws { try await run(until: .shutdown) }

    /// Delivers until a condition holds, or until shut down: gracefully by ServiceLifecycle or ``shutDown()``, within the
    /// configured grace.
    ///
    /// Waits for a lock that a command holds for a moment.
    /// - Throws: ``WebhooksError`` with `store`: another dispatcher runs on this store, or it can't be used.
    public func run(until condition: RunCondition) async throws(WebhooksError) {
        let session: DeliverySession
        do throws(WebhooksError) {
            session = try await openSession(.run)
        } catch  where error.store?.code == .locked && state.withLock({ $0.isShuttingDown }) {
            // Shut down while it waited for a command's lock: nothing was begun.
            return logger.notice("stopped")
        }
        for warning in state.withLock({ $0.takeWarnings() }) { logger.warning("\(warning)") }
        let watcher = Task { await watchConfiguration() }
        defer { watcher.cancel() }
        let retention = Task { await keepRetention(in: session) }
        defer { retention.cancel() }
        let maintenance = Task { await maintainStore(of: session) }
        defer { maintenance.cancel() }
        let walKeeper = Task { await keepWALSmall(of: session) }
        defer { walKeeper.cancel() }
        await warnOfTriggers(session.store)
        let metadata = await startMetadata(session)
        logger.notice("delivering", metadata: metadata)
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
        let isShuttingDown = state.withLock { $0.isShuttingDown }
        let left = isShuttingDown ? await openDeliveries(in: session.store) : nil
        await close(session)
        if let failure { throw WebhooksError(failure) }
        if isShuttingDown { logger.notice("stopped", metadata: left.map { ["open": "\($0)"] } ?? [:]) }
    }

    /// The facts that an operator looks for first in a log.
    private func startMetadata(_ session: DeliverySession) async -> Logger.Metadata {
        let registry = registry
        var metadata: Logger.Metadata = [
            "store": "\(session.store.path)", "pid": "\(getpid())",
            "subscriptions": "\(registry.subscriptions.count(where: \.isEnabled))",
        ]
        if let path = configuration.path { metadata["configuration"] = "\(path)" }
        guard let health = try? await session.store.health() else { return metadata }
        let rows = health.filter { registry.subscription(named: $0.subscription)?.isEnabled == true }
        let disabled = rows.count { $0.disabled != nil }
        let paused = rows.count { $0.paused?.isInForce(at: .now) == true }
        if disabled > 0 { metadata["disabled"] = "\(disabled)" }
        if paused > 0 { metadata["paused"] = "\(paused)" }
        return metadata
    }

    /// The number of deliveries that have not settled, those of subscriptions that are gone included; `nil` where that
    /// takes long.
    private func openDeliveries(in store: SQLiteStore) async -> Int? {
        let deadline = ContinuousClock.now + Self.countingTime
        do throws(StoreError) {
            var open = 0
            for name in try await store.subscriptionNames() {
                if ContinuousClock.now > deadline { return nil }
                let count = try await store.openDeliveries(of: name)
                open += count.waiting + count.inFlight
            }
            return open
        } catch {
            return nil
        }
    }

    /// The most time that a stop takes to count what it leaves.
    private static let countingTime: Duration = .milliseconds(300)

    /// The number of attempts under way in this process; `nil` where that can't be told at once, or nothing is
    /// delivered.
    ///
    /// Waits for next to nothing: for a process that is about to stop at once.
    package var attemptsUnderWay: Int? {
        state.withLockIfAvailable { $0.session }.flatMap(\.self)?.runner.attemptsUnderWay
    }

    /// Begins a graceful shutdown: no new attempts; those on the wire get the configured grace to end, then they are cut
    /// off and recorded as interrupted. ``run(until:)`` returns when all is on record; where the store doesn't take it within
    /// the grace, it throws, and the next dispatcher finds what is missing as interrupted.
    public func shutDown() {
        let session = state.withLock { state -> DeliverySession? in
            guard !state.isShuttingDown else { return nil }
            state.isShuttingDown = true
            state.endOfGrace = .now + state.snapshot.registry.settings.shutdownGrace
            return state.session
        }
        guard let session else { return }
        let grace = registry.settings.shutdownGrace
        let underWay = session.runner.attemptsUnderWay
        session.drain(within: grace)
        logger.notice("draining", metadata: ["grace": "\(grace)", "underWay": "\(underWay)"])
    }

    /// Takes the lock and starts an engine in this process.
    func openSession(_ role: DispatcherRole) async throws(WebhooksError) -> DeliverySession {
        do throws(StoreError) {
            let path = try stores.path()
            var isWaiting = false
            var wait = LockWait(role: role)
            while true {
                let snapshot = state.withLock { $0.snapshot(for: role) }
                let observer = LogObserver(logger: logger, broadcast: broadcast) { [weak self] trouble in
                    self?.state.withLock { $0.session }?.lock.note(trouble: trouble)
                } onFailure: { [weak self] error in
                    self?.state.withLock { $0.failure = error }
                }
                do throws(StoreError) {
                    let session = try DeliverySession(
                        path: path,
                        role: role,
                        snapshot: snapshot,
                        observer: observer
                    )
                    stores.announce(session.store)
                    state.withLock { $0.session = session }
                    session.runner.start(externalInterval: .milliseconds(150))
                    if state.withLock({ $0.isShuttingDown }) {
                        session.drain(within: snapshot.registry.settings.shutdownGrace)
                    }
                    return session
                } catch  where error.code == .locked {
                    guard wait.triesAgain(DispatcherLock.holder(path: path), at: .now) else { throw error }
                    if !isWaiting { logger.notice("waiting for a command to end", metadata: ["store": "\(path)"]) }
                    isWaiting = true
                    try? await Task.sleep(for: .milliseconds(20))
                    if Task.isCancelled || state.withLock({ $0.isShuttingDown }) { throw error }
                }
            }
        } catch {
            throw WebhooksError(error)
        }
    }

    /// Lets go of a session, within what is left of the grace.
    func close(_ session: DeliverySession) async {
        let limit = state.withLock { state in
            state.session = nil
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
    let result: Result<Void, StoreError> = await withTaskCancellationOrGracefulShutdownHandler {
        do throws(StoreError) {
            return .success(try await operation())
        } catch {
            return .failure(error)
        }
    } onCancelOrGracefulShutdown: {
        onShutdown()
    }
    try result.get()
}
