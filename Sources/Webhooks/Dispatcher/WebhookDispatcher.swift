public import Logging
internal import Synchronization
public import WebhookCore
internal import WebhookEngine
internal import WebhookRegistry
internal import WebhooksSQLite

/// Emits events, delivers them, and knows their outcome: the library in one object.
///
/// ```swift
/// let dispatcher = try await WebhookDispatcher(configuration: .file("config/webhooks.yaml"))
/// try await dispatcher.emit(Event(topic: "course.created", data: #"{"id":101}"#))   // returns once durable
/// try await dispatcher.run()                                                        // delivers until shut down
/// ```
///
/// Emitting and reading work beside a dispatcher that runs in this or another process; ``run(until:)`` is for one process
/// at a time.
public final class WebhookDispatcher: Sendable {
    let configuration: WebhookConfiguration
    let logger: Logger
    let state: Mutex<State>
    let stores: StoreConnections
    let broadcast = AttemptBroadcast()

    struct State {
        private(set) var snapshot: ConfigurationSnapshot
        /// The same for deliveries: its renderer tells the log of payloads that don't fit the catalogue.
        private var reporting: ConfigurationSnapshot
        /// As they were when they were loaded.
        var watched: [WatchedFile]
        var topics: TopicCatalog
        /// The warnings of the configuration's check, kept until a dispatcher runs and says so.
        var warnings: [String] = []
        var session: DeliverySession?
        var isShuttingDown = false
        /// When a shutdown, or a command's drain, is to be over.
        var endOfGrace: ContinuousClock.Instant?
        /// Events (rows) that the command under way has emitted; see ``WebhookDispatcher/delivering(as:_:)``.
        var ownEvents: [Int64] = []
        var isCommandUnderWay = false
        /// Why the engine has stopped for good: the store is damaged.
        var failure: StoreError?

        init(_ snapshot: ConfigurationSnapshot, watched: [WatchedFile], topics: TopicCatalog, _ logger: Logger) {
            self.snapshot = snapshot
            reporting = snapshot.reporting(to: logger)
            self.watched = watched
            self.topics = topics
        }

        /// The snapshot that deliveries are made with.
        func snapshot(for role: DispatcherRole) -> ConfigurationSnapshot { role.reportsPayloads ? reporting : snapshot }

        mutating func replace(_ snapshot: ConfigurationSnapshot, _ logger: Logger) {
            self.snapshot = snapshot
            reporting = snapshot.reporting(to: logger)
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
    /// - Throws: ``WebhooksError`` with every problem of the configuration.
    public init(configuration: WebhookConfiguration, logger: Logger = Logger(label: "webhooks"))
        async throws(WebhooksError)
    {
        self.configuration = configuration
        self.logger = logger
        let report = await LoadingThread.shared.run { configuration.load() }
        guard let registry = report.registry, report.isValid else {
            throw WebhooksError(report.diagnostics.filter { $0.severity == .error })
        }
        // Every command loads the configuration; `validate` and a running dispatcher are who warns.
        for warning in report.diagnostics { logger.info("\(warning.located)") }
        var initial = State(
            configuration.snapshot(for: registry),
            watched: report.watched,
            topics: report.topics,
            logger
        )
        initial.warnings = report.startupWarnings
        state = Mutex(initial)
        stores = StoreConnections(location: registry.settings.store) {
            logger.notice("made a new store", metadata: ["store": "\($0)"])
        }
    }

    /// The configuration in force.
    public var registry: Registry { state.withLock { $0.snapshot.registry } }

    /// The profiles in force, with their topics.
    public var topics: TopicCatalog { state.withLock { $0.topics } }

    /// Stores an event durably; returns once it is on disk. Delivery follows, by this process's or another's dispatcher.
    ///
    /// - Throws: ``WebhooksError`` with `event` where another event has this id or ``WebhookPreview/check(_:)`` refuses it, with
    ///   `store` where it could not be stored: then nothing is acknowledged, and it may be emitted again.
    @discardableResult
    public func emit(_ event: Event) async throws(WebhooksError) -> EmitReceipt {
        try await accept(event, target: nil).receipt
    }

    /// Stores an event, by the engine of this process where one runs.
    func accept(_ event: Event, target: String?) async throws(WebhooksError) -> AcceptedEvent {
        let (registry, session, snapshot) = state.withLock { state in
            (state.snapshot.registry, state.session, state.session.map { state.snapshot(for: $0.role) })
        }
        try EventIDCheck(registry: registry).check(event)
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
            }
        } catch {
            throw WebhooksError(accepting: error)
        }
        return try AcceptedEvent(event, result, isWithEngine: session != nil)
    }
}
