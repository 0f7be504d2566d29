internal import Synchronization
public import WebhookCore

/// A store in memory with the exact semantics of a real one, for simulations and tests.
///
/// Deterministic: a batch is applied within the call, ids are given out in order. What was committed outlives this
/// object as long as another ``InMemoryStore`` shares the rows: a crash is to drop one connection and to open the next.
public final class InMemoryStore: DeliveryStore, EventLog {
    /// Runs a completion: at once, or whenever a simulation likes.
    public typealias Executor = @Sendable (@escaping @Sendable () -> Void) -> Void

    let database: InMemoryDatabase
    private let connection: Int
    private let clock: any WebhookClock
    private let executor: Executor

    /// Opens an empty store.
    /// - Parameters:
    ///   - clock: dates what is appended through the log. Default: the machine's.
    ///   - executor: runs the completions of ``commit(_:completion:)``. Default: at once, within the call.
    package init(clock: any WebhookClock = SystemClock(), executor: @escaping Executor = { $0() }) {
        database = InMemoryDatabase()
        connection = database.connect()
        self.clock = clock
        self.executor = executor
    }

    /// Opens another connection to a store's rows, as another process does, or the next one after a crash.
    public init(sharing other: InMemoryStore, executor: @escaping Executor = { $0() }) {
        database = other.database
        connection = database.connect()
        clock = other.clock
        self.executor = executor
    }

    /// Everything that is committed.
    public var rows: InMemoryRows { database.state.withLock { $0.rows } }

    /// Lets the next commits fail, on every connection, changing nothing: batches and what the log writes.
    public func failNextCommits(_ count: Int, with error: StoreError = StoreError(.full, "no room on the disk")) {
        database.state.withLock { $0.faults += Array(repeating: error, count: count) }
    }

    /// Deletes or replaces the store's files under everybody that has them open, as far as that can be modelled: whoever is
    /// connected now can neither write nor look for what others wrote any more. What was committed is there for those
    /// that connect afterwards.
    public func loseFiles() {
        database.state.withLock { $0.firstWithFiles = $0.known.count }
    }

    /// Why this connection can't go on, once its files are gone.
    var lostFiles: StoreError? { database.state.withLock { $0.lostFiles(connection) } }

    /// Refuses rows from now on, as a constraint or a trigger does; `nil` refuses none.
    ///
    /// - Parameter refuses: gives the reason, or `nil` for a row that is taken; sees the rows that are there.
    package func refuseRows(_ refuses: (@Sendable (WrittenRow, InMemoryRows) -> String?)?) {
        database.state.withLock { $0.rows.refuses = refuses }
    }

    /// The number of commits that have changed something, on every connection.
    public var commits: Int { database.state.withLock { $0.writes } }

    /// Applies a batch at once.
    package func commitNow(_ batch: StoreBatch) -> Result<StoreBatchResult, StoreError> {
        var writes = batch
        writes.reads = StoreReads()
        return database.write(by: connection, onlyReads: writes.isEmpty) { $0.apply(batch) }
    }

    package func commit(
        _ batch: StoreBatch,
        completion: @escaping @Sendable (Result<StoreBatchResult, StoreError>) -> Void
    ) {
        let result = commitNow(batch)
        executor { completion(result) }
    }

    public func checkExternalWrites(completion: @escaping @Sendable (Result<Bool, StoreError>) -> Void) {
        let found = database.checkExternalWrites(of: connection)
        executor { completion(found) }
    }

    // MARK: The log

    package func append(_ event: Event, target: String?) async throws(StoreError) -> AcceptanceResult {
        let now = clock.now
        let acceptance = Acceptance(event: event, createdAt: now, target: target, deliveries: nil)
        if let reason = rows.refusal(of: acceptance) { throw StoreError(.refused, reason) }
        return try write { rows in rows.accept(acceptance) }
    }

    package func append(_ events: [Event]) async throws(StoreError) -> [AcceptanceResult] {
        let now = clock.now
        return try write { rows in
            events.map { rows.accept(Acceptance(event: $0, createdAt: now, deliveries: nil)) }
        }
    }

    public func events(_ query: EventQuery) async throws(StoreError) -> [LoggedEvent] { rows.list(query) }

    public func event(_ id: String) async throws(StoreError) -> Event? { rows.event(id)?.event }

    public func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [Delivery] { rows.list(query) }

    public func delivery(_ id: Delivery.ID) async throws(StoreError) -> Delivery? { rows.delivery(id) }

    public func attempts(of delivery: Delivery.ID) async throws(StoreError) -> [Attempt] {
        rows.attempts(of: delivery)
    }

    package func progress(ofEvents ids: [String]) async throws(StoreError) -> EventProgress {
        rows.progress(ofEvents: ids, at: clock.now)
    }

    public func health() async throws(StoreError) -> [SubscriptionHealth] { rows.health }

    public func newestDeliveries(ofEvent id: String) async throws(StoreError) -> [Delivery] {
        rows.newestDeliveries(ofEvent: id)
    }

    public func cancel(
        events: [String],
        deliveries: [Delivery.ID],
        subscription: String?,
        at instant: Timestamp
    ) async throws(StoreError) -> CancelResult {
        try write { $0.cancel(events: events, deliveries: deliveries, subscription: subscription, at: instant) }
    }

    package func setAsideEvents(limit: Int) async throws(StoreError) -> [SetAsideEvent] {
        rows.setAsideEvents(limit: limit)
    }

    package func scheduledEvents(after instant: Timestamp) async throws(StoreError) -> ScheduledEvents {
        rows.scheduledEvents(after: instant)
    }

    public func releaseSetAside(_ events: [String]) async throws(StoreError) -> [Int64] {
        try write { $0.releaseSetAside(events) }
    }

    package func unmatchedEvents(at instant: Timestamp) async throws(StoreError) -> UnmatchedEvents {
        rows.unmatchedEvents(at: instant)
    }

    public func setDisabled(
        _ disabled: SubscriptionHealth.Disabled?,
        subscription: String,
        at instant: Timestamp
    ) async throws(StoreError) {
        try write { $0.setDisabled(disabled, subscription: subscription, at: instant) }
    }

    public func setPaused(
        _ paused: SubscriptionHealth.Paused?,
        subscription: String,
        at instant: Timestamp
    ) async throws(StoreError) -> Bool {
        try write { $0.setPaused(paused, subscription: subscription, at: instant) }
    }

    package func retry(_ deliveries: [Delivery.ID]) async throws(StoreError) -> [RetryOutcome] {
        try write { $0.retry(deliveries) }
    }

    public func openDeliveries(of subscription: String) async throws(StoreError) -> OpenDeliveryCount {
        rows.openDeliveries(of: subscription)
    }

    public func subscriptionNames() async throws(StoreError) -> [String] { rows.subscriptionNames }

    package func insertRetriggers(
        _ retriggers: [Retrigger],
        at instant: Timestamp
    ) async throws(StoreError) -> RetriggerResult {
        RetriggerResult(made: try write { $0.retrigger(retriggers, at: instant) })
    }

    public func exportPage(_ query: DeliveryQuery) async throws(StoreError) -> [ExportedDelivery] {
        rows.exportPage(query)
    }

    public func statistics() async throws(StoreError) -> [SubscriptionStatistics] { rows.statistics() }

    public func prune(olderThan instant: Timestamp, limit: Int) async throws(StoreError) -> PruneResult {
        try write { $0.prune(olderThan: instant, limit: limit) }
    }

    public func integrityProblems() async throws(StoreError) -> [String] { rows.integrityProblems }

    private func write<Value: Sendable>(_ change: (inout InMemoryRows) -> Value) throws(StoreError) -> Value {
        try database.write(by: connection, change).get()
    }
}
