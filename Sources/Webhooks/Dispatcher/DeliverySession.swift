internal import Glibc
internal import Synchronization
internal import WebhookCore
internal import WebhookEngine
internal import WebhookTransport

/// An engine at work: the lock, the store opened for it, the transport and the runner.
final class DeliverySession: Sendable {
    let role: DispatcherRole
    let opened: OpenedDispatcher
    let transport: CurlTransport
    let runner: EngineRunner
    let graceLimit = GraceLimit()

    var store: any WebhookStore { opened.store }
    var lock: any StoreLock { opened.lock }

    /// Makes an engine over a store that was opened for it.
    ///
    /// - Throws: ``StoreError`` where requests can't be sent; then it has let go of the store.
    init(
        _ opened: OpenedDispatcher,
        role: DispatcherRole,
        snapshot: ConfigurationSnapshot,
        observer: any EngineObserver,
        metrics: DispatcherMetrics? = nil,
        tracer: (any AttemptTracer)? = nil,
        onNewerSubscriptions: @escaping @Sendable () -> Void = {}
    ) throws(StoreError) {
        self.role = role
        self.opened = opened
        do {
            transport = try CurlTransport(resolver: SystemResolver(onLookup: metrics?.onLookup))
        } catch {
            opened.close()
            throw StoreError(.unavailable, "requests can't be sent: \(error)")
        }
        var settings = EngineSettings()
        settings.scope = role == .run ? .all : .own
        settings.maxInFlight = Self.maxInFlight(snapshot.registry.settings.maxInFlight)
        let engineStore: any DeliveryStore =
            if let metrics { MeasuredStore(opened.store, metrics) } else { opened.store }
        runner = EngineRunner(
            settings: settings,
            snapshot: snapshot,
            store: engineStore,
            transport: transport,
            clock: SystemClock(),
            observer: observer,
            mark: opened.mark,
            tracer: tracer,
            leases: opened.leases.map { Self.leases(in: $0, snapshot.registry.settings, metrics) },
            onNewerSubscriptions: onNewerSubscriptions
        )
        opened.leases?.listen { [weak runner] in runner?.wake($0) }
    }

    private static func leases(
        in store: any LeaseStore,
        _ settings: DispatcherSettings,
        _ metrics: DispatcherMetrics?
    ) -> RunnerLeases {
        var lease = LeaseKeeper.Settings()
        lease.length = settings.lease
        let id = NodeID(process: .random(in: .min ... .max))
        let record = NodeRecord(id: id, host: LocalHost.name, pid: getpid(), startedAt: .now)
        return RunnerLeases(store: store, record: record, settings: lease) { metrics?.commitFailed($0) }
    }

    /// Returns the configured number, or half of the descriptors that the process may open where that is less: the
    /// other half is for idle connections, the store and the host. More requests would only wait in the transport, on
    /// their own time.
    static func maxInFlight(_ configured: Int) -> Int {
        guard let limit = FileDescriptors.limit else { return configured }
        return min(configured, max(1, limit / 2))
    }

    /// Drains, and ends within the grace: past it, what is on the wire is cut off and recorded as interrupted; where the
    /// store doesn't take that either, the session ends as a kill would end it.
    ///
    /// Returns at once. Whoever waits for ``EngineRunner/Condition/drained`` is told.
    ///
    /// - Parameter onCutOff: told of the attempts that are cut off as the grace is over.
    func drain(within grace: Duration, onCutOff: @escaping @Sendable (Int) -> Void = { _ in }) {
        runner.drain()
        if role == .run { lock.noteStopping() }
        graceLimit.start { [weak runner] in
            try await Task.sleep(for: grace)
            if let underWay = runner?.attemptsUnderWay, underWay > 0 { onCutOff(underWay) }
            runner?.cancelRequests()
            try await Task.sleep(for: Self.recordingTime)
            runner?.abandon()
        }
    }

    /// Ends at once: what is on the wire is cut off and recorded as interrupted, as far as the store takes it in a moment.
    ///
    /// Returns at once, as ``drain(within:)``.
    func cutOff() {
        runner.drain()
        if role == .run { lock.noteStopping() }
        runner.cancelRequests()
        graceLimit.start { [weak runner] in
            // What was on its way to the transport is there now.
            try await Task.sleep(for: .milliseconds(10))
            runner?.cancelRequests()
            try await Task.sleep(for: Self.cutOffTime)
            runner?.abandon()
        }
    }

    /// The time that the store gets for recording what a cancelled task has cut off.
    static let cutOffTime: Duration = .milliseconds(250)

    /// The time that the store gets, past the grace, for recording what was cut off.
    static let recordingTime: Duration = .milliseconds(500)

    /// Lets go of everything. What is on the wire must have ended.
    ///
    /// - Parameter limit: how long to wait for the store at most. Past it, the rest goes on by itself, and the lock is held
    ///   until then or to the end of the process.
    func close(within limit: Duration) async {
        graceLimit.cancel()
        // The engine's timers go on otherwise, and find the store closed.
        runner.abandon()
        await BlockingWork.run(within: limit) { [self] in
            transport.shutdown()
            opened.close()
        }
    }
}

/// The end of a drain's grace, which is waited for until the session is closed.
final class GraceLimit: Sendable {
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// Waits for it beside everything else; what was waited for before is cancelled.
    func start(_ body: @escaping @Sendable () async throws -> Void) {
        let new = Task { _ = try? await body() }
        task.withLock { task in
            task?.cancel()
            task = new
        }
    }

    func cancel() { task.withLock { $0?.cancel() } }

    /// Returns once nothing is waited for any more.
    func ended() async { await task.withLock(\.self)?.value }
}
