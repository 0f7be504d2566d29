public import CoreMetrics
public import Logging
internal import Synchronization
public import Tracing
public import WebhookCore
internal import WebhookEngine
internal import WebhookRegistry
package import WebhooksSQLite

/// Emits events, delivers them, and knows their outcome: the library in one object.
///
/// ```swift
/// let dispatcher = try await WebhookDispatcher(configuration: .file("config/webhooks.yaml"))
/// try await dispatcher.emit(Event(topic: "course.created", data: #"{"id":101}"#))   // returns once durable
/// try await dispatcher.run()                                                        // delivers until shut down
/// ```
///
/// Emitting and reading work beside a dispatcher that runs in this or another process; ``run(until:whenLocked:)`` is for one process
/// at a time.
public final class WebhookDispatcher: Sendable {
    let configuration: WebhookConfiguration
    let logger: Logger
    let state: Mutex<State>
    let stores: StoreConnections
    /// The time between a running dispatcher's looks for what others have written; `nil`: never.
    let externalInterval: Duration?
    let notifier = NoticeBroadcast()
    /// `nil` where no metrics backend listens.
    let metrics: DispatcherMetrics?
    /// `nil`: the process's, where there is one.
    let tracer: (any Tracer)?
    /// The host's transactions after whose commits the engine is to look.
    package let hostCommits = HostCommits()
    /// The host's database, where that is the store.
    package var host: HostDatabase? { stores.host }

    struct State {
        private(set) var snapshot: ConfigurationSnapshot
        /// The same for deliveries: its renderer tells the log of payloads that don't fit the catalogue.
        private var reporting: ConfigurationSnapshot
        /// As they were when they were loaded.
        var watched: [WatchedFile]
        var topics: TopicCatalog
        /// The rules for subscriptions that are given at run time.
        var rules: DraftRules
        /// The findings in templates of those.
        var templateChecks = TemplateChecks()
        /// The warnings of the configuration's check, kept until a dispatcher runs and says so.
        var warnings: [String] = []
        /// The names of the store's subscriptions.
        var storedNames = StoredNames()
        /// The subscriptions that can't be sent to because of their settings.
        var unusable: UnusableSubscriptions
        /// Those of the configuration on the disk, where that was refused for them alone.
        var refusedKeys: RefusedKeys?
        /// Names of the store's subscriptions that were deleted, whose open deliveries are to be cancelled.
        var deletedNames: Set<String> = []
        var session: DeliverySession?
        /// Told when a dispatcher runs, reloads and stops.
        var serviceManager: SystemdNotifier?
        /// A shutdown was asked for, of the run under way or of the first one.
        var isShuttingDown = false
        var runsUnderWay = 0
        var hasRun = false
        /// The time at which a shutdown, or a command's drain, is to be over.
        var endOfGrace: ContinuousClock.Instant?
        /// Events (rows) that the command under way has emitted; see ``WebhookDispatcher/delivering(as:_:)``.
        var ownEvents: [Int64] = []
        var isCommandUnderWay = false
        /// The reason why the engine has stopped for good: the store is damaged.
        var failure: StoreError?
        /// The reason why the store doesn't take what is recorded now.
        var storeTrouble: StoreError?
        /// The reason why the store could not be read when it was looked at last.
        var readTrouble: StoreError?
        /// There is no room on the store's disk.
        var isDiskFull = false
        /// The store has had a call for so long that it must be taken for failing, and has not answered since.
        var isSilent = false
        /// True where nothing is known that keeps the store from recording something.
        var isWritable: Bool { failure == nil && storeTrouble == nil && !isDiskFull }
        /// A run waits until somebody else has ended.
        var isWaitingForRight = false

        init(_ snapshot: ConfigurationSnapshot, _ report: WebhookConfiguration.Report, _ logger: Logger) {
            self.snapshot = snapshot
            reporting = snapshot.reporting(to: logger)
            unusable = UnusableSubscriptions(snapshot.registry)
            watched = report.watched
            topics = report.topics
            rules = report.rules
        }

        mutating func runBegins() { runsUnderWay += 1 }

        /// A shutdown is for the run that it ends.
        mutating func runEnds() {
            runsUnderWay -= 1
            hasRun = true
            if runsUnderWay == 0 { (isShuttingDown, endOfGrace, isWaitingForRight) = (false, nil, false) }
        }

        /// The snapshot that deliveries are made with.
        func snapshot(for role: DispatcherRole) -> ConfigurationSnapshot { role.reportsPayloads ? reporting : snapshot }

        mutating func replace(_ snapshot: ConfigurationSnapshot, _ logger: Logger) {
            self.snapshot = snapshot
            reporting = snapshot.reporting(to: logger)
            unusable = UnusableSubscriptions(snapshot.registry)
        }

        /// Some subscriptions have changed.
        mutating func change(_ snapshot: ConfigurationSnapshot) {
            self.snapshot = snapshot
            reporting = snapshot.reporting(after: reporting)
        }

        mutating func takeWarnings() -> [String] {
            defer { warnings = [] }
            return warnings
        }
    }

    /// Loads the configuration. The store is opened when it is first needed.
    ///
    /// - Parameters:
    ///   - configuration: a file, or values.
    ///   - logger: for what an operator should know; defaults to one labelled `webhooks`.
    ///   - metrics: the backend for metrics; defaults to the one that `MetricsSystem` was bootstrapped with by then.
    ///   - tracer: makes spans of attempts, and says in which trace an event is emitted; defaults to the one that
    ///     `InstrumentationSystem` was bootstrapped with.
    /// - Throws: ``WebhooksError`` with every problem of the configuration.
    public convenience init(
        configuration: WebhookConfiguration,
        logger: Logger = Logger(label: "webhooks"),
        metrics: (any MetricsFactory)? = nil,
        tracer: (any Tracer)? = nil
    ) async throws(WebhooksError) {
        try await self.init(
            configuration: configuration,
            host: nil,
            logger: logger,
            metrics: metrics,
            tracer: tracer
        )
    }

    /// Loads the configuration, for a store in a database that the host has opened.
    ///
    /// - Parameters:
    ///   - configuration: a file, or values.
    ///   - host: the database; `nil` for the configuration's own store.
    ///   - externalInterval: how often a running dispatcher looks for what others have written; `nil`: never.
    ///   - logger: for what an operator should know.
    ///   - metrics: the backend for metrics; defaults to the process's.
    ///   - tracer: for attempts and emits; defaults to the process's.
    package init(
        configuration: WebhookConfiguration,
        host: HostDatabase?,
        externalInterval: Duration? = .milliseconds(150),
        logger: Logger,
        metrics: (any MetricsFactory)? = nil,
        tracer: (any Tracer)? = nil
    ) async throws(WebhooksError) {
        self.configuration = configuration
        self.tracer = tracer
        self.metrics = DispatcherMetrics(metrics ?? MetricsSystem.factory)
        self.externalInterval = externalInterval
        self.logger = logger
        let (report, snapshot) = try await LoadingThread.shared.run {
            Result { () throws(WebhooksError) in try configuration.start() }
        }
        .get()
        // Every command loads the configuration; `validate` and a running dispatcher are who warns.
        for warning in report.diagnostics { logger.info("\(warning.located)") }
        var initial = State(snapshot, report, logger)
        initial.warnings = report.startupWarnings(for: configuration.audience)
        state = Mutex(initial)
        stores = StoreConnections(location: snapshot.registry.settings.store, host: host, logger: logger) {
            logger.notice("made a new store", metadata: ["store": "\($0)"])
        }
        if let host { try Self.check(snapshot.registry.settings.store, against: host) }
    }

    /// Throws where the configuration names another store than the host's database.
    private static func check(_ location: StoreLocation?, against host: HostDatabase) throws(WebhooksError) {
        guard let location else { return }
        if case .sqlite(let path, let prefix) = location, host.isFile(path), host.prefix.description == prefix {
            return
        }
        throw WebhooksError(
            .configuration,
            "the configuration names another `store` than the database that the dispatcher was given: leave `store` out"
        )
    }

    /// The log, with a bounded number of lines of a kind: for whatever clients or signals cause.
    package var lines: BoundedLogger { stores.lines }

    /// The configuration in force.
    package var registry: Registry { state.withLock { $0.snapshot.registry } }

    /// The profiles in force, with their topics.
    public var topics: TopicCatalog { state.withLock { $0.topics } }

    /// Stores an event durably; returns once it is on disk. Delivery follows, by this process's or another's dispatcher.
    ///
    /// - Throws: ``WebhooksError`` with `event` where another event has this id or ``WebhookPreview/check(_:)`` refuses it, with
    ///   `store` where it could not be stored: then nothing is acknowledged, and it may be emitted again.
    @discardableResult
    public func emit(_ event: Event) async throws(WebhooksError) -> EmitReceipt {
        try event.checkTopicIsFree()
        return try await accept(event, target: nil).receipt
    }

    /// Stores an event, by the engine of this process where one runs.
    func accept(_ event: Event, target: String?) async throws(WebhooksError) -> AcceptedEvent {
        try EventIDCheck(registry: registry).check(event)
        let event = emittedNow(event)
        let stored: (result: AcceptanceResult, isWithEngine: Bool)
        do throws(StoreError) {
            stored = try await store(event, target: target)
        } catch {
            throw WebhooksError(accepting: error)
        }
        return try AcceptedEvent(event, stored.result, isWithEngine: stored.isWithEngine)
    }

    /// The same, with the store's own answer.
    func store(
        _ event: Event,
        target: String?
    ) async throws(StoreError) -> (result: AcceptanceResult, isWithEngine: Bool) {
        let (session, snapshot) = state.withLock { state in
            (state.session, state.session.map { state.snapshot(for: $0.role) })
        }
        let result: AcceptanceResult
        do throws(StoreError) {
            if let session, let snapshot {
                result = try await session.runner.emit(
                    event,
                    target: target,
                    snapshot: snapshot
                ).get()
            } else {
                result = try await stores.writer().append(event, target: target)
                // One may have begun to run meanwhile, and have read what there was before.
                wake(eventsOnly: true)
            }
        } catch {
            metrics?.emitted(.failed)
            throw error
        }
        metrics?.emitted(DispatcherMetrics.EmitResult(result))
        return (result, session != nil)
    }
}
