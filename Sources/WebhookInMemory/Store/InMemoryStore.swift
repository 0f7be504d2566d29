internal import Synchronization
package import WebhookCore

/// A store in memory with the exact semantics of a real one, for simulations and tests.
///
/// Deterministic: a batch is applied within the call, ids are given out in order. What was committed outlives this
/// object as long as another ``InMemoryStore`` shares the rows: a crash is to drop one connection and to open the next.
package final class InMemoryStore: DeliveryStore, EventLog {
    /// Runs a completion: at once, or whenever a simulation likes.
    package typealias Executor = @Sendable (@escaping @Sendable () -> Void) -> Void

    package let database: InMemoryDatabase
    let connection: Int
    let clock: any WebhookClock
    let executor: Executor

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
    package init(sharing other: InMemoryStore, executor: @escaping Executor = { $0() }) {
        database = other.database
        connection = database.connect()
        clock = other.clock
        self.executor = executor
    }

    /// Everything that is committed.
    package var rows: InMemoryRows { database.state.withLock { $0.rows } }

    /// Lets the next commits fail, on every connection, changing nothing: batches and what the log writes.
    package func failNextCommits(_ count: Int, with error: StoreError = StoreError(.full, "no room on the disk")) {
        database.state.withLock { $0.faults += Array(repeating: error, count: count) }
    }

    /// Deletes or replaces the store's files under everybody that has them open, as far as that can be modelled: whoever is
    /// connected now can neither write nor look for what others wrote any more. What was committed is there for those
    /// that connect afterwards.
    package func loseFiles() {
        database.state.withLock { $0.firstWithFiles = $0.known.count }
    }

    /// The reason why this connection can't go on, once its files are gone.
    package var lostFiles: StoreError? { database.state.withLock { $0.lostFiles(connection) } }

    /// Refuses rows from now on, as a constraint or a trigger does; `nil` refuses none.
    ///
    /// - Parameter refuses: gives the reason, or `nil` for a row that is taken; sees the rows that are there.
    package func refuseRows(_ refuses: (@Sendable (WrittenRow, InMemoryRows) -> String?)?) {
        database.state.withLock { $0.rows.refuses = refuses }
    }

    /// The number of commits that have changed something, on every connection.
    package var commits: Int { database.state.withLock { $0.writes } }

    /// Applies a batch at once.
    package func commitNow(_ batch: StoreBatch) -> Result<StoreBatchResult, StoreError> {
        var writes = batch
        writes.reads = StoreReads()
        let uptime = Int64(clock.uptimeNanoseconds)
        return database.write(by: connection, onlyReads: writes.isEmpty) { rows in
            if batch.reads.abandoned > 0 { rows.bury(except: batch.node, uptime: uptime) }
            return rows.apply(batch)
        }
    }

    package func commit(
        _ batch: StoreBatch,
        completion: @escaping @Sendable (Result<StoreBatchResult, StoreError>) -> Void
    ) {
        let result = commitNow(batch)
        executor { completion(result) }
    }

    /// Looks for what others wrote at once.
    package func checkExternalWritesNow() -> Result<Bool, StoreError> { database.checkExternalWrites(of: connection) }

    package func checkExternalWrites(completion: @escaping @Sendable (Result<Bool, StoreError>) -> Void) {
        let found = checkExternalWritesNow()
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

    package func events(_ query: EventQuery) async throws(StoreError) -> [LoggedEvent] { rows.list(query) }

    package func event(_ id: String) async throws(StoreError) -> Event? { rows.event(id)?.event }

    package func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [Delivery] { rows.list(query) }

    package func delivery(_ id: Delivery.ID) async throws(StoreError) -> Delivery? { rows.delivery(id) }

    package func attempts(of delivery: Delivery.ID) async throws(StoreError) -> [Attempt] {
        rows.attempts(of: delivery)
    }

    package func progress(ofEvents ids: [String]) async throws(StoreError) -> EventProgress {
        rows.progress(ofEvents: ids, at: clock.now)
    }

    package func health() async throws(StoreError) -> [SubscriptionHealth] { rows.health }

    package func health(of subscriptions: Set<String>) async throws(StoreError) -> [SubscriptionHealth] {
        rows.health.filter { subscriptions.contains($0.subscription) }
    }

    package func newestDeliveries(ofEvent id: String) async throws(StoreError) -> [Delivery] {
        rows.newestDeliveries(ofEvent: id)
    }

    package func cancel(
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

    package func releaseSetAside(_ events: [String]) async throws(StoreError) -> [Int64] {
        try write { $0.releaseSetAside(events) }
    }

    package func unmatchedEvents(at instant: Timestamp) async throws(StoreError) -> UnmatchedEvents {
        rows.unmatchedEvents(at: instant)
    }

    package func setDisabled(
        _ disabled: SubscriptionHealth.Disabled?,
        subscription: String,
        at instant: Timestamp
    ) async throws(StoreError) {
        try write { $0.setDisabled(disabled, subscription: subscription, at: instant) }
    }

    package func setPaused(
        _ paused: SubscriptionHealth.Paused?,
        subscription: String,
        at instant: Timestamp
    ) async throws(StoreError) -> Bool {
        try write { $0.setPaused(paused, subscription: subscription, at: instant) }
    }

    package func retry(_ deliveries: [Delivery.ID]) async throws(StoreError) -> [RetryOutcome] {
        let now = clock.now
        return try write { $0.retry(deliveries, at: now) }
    }

    package func openDeliveries(of subscription: String) async throws(StoreError) -> OpenDeliveryCount {
        rows.openDeliveries(of: subscription)
    }

    package func subscriptionNames() async throws(StoreError) -> [String] { rows.subscriptionNames }

    package func insertRetriggers(
        _ retriggers: [Retrigger],
        at instant: Timestamp
    ) async throws(StoreError) -> RetriggerResult {
        RetriggerResult(made: try write { $0.retrigger(retriggers, at: instant) })
    }

    package func exportPage(_ query: DeliveryQuery) async throws(StoreError) -> [ExportedDelivery] {
        rows.exportPage(query)
    }

    package func statistics() async throws(StoreError) -> [SubscriptionStatistics] { rows.statistics() }

    package func prune(olderThan instant: Timestamp, limit: Int) async throws(StoreError) -> PruneResult {
        try write { $0.prune(olderThan: instant, limit: limit) }
    }

    package func integrityProblems() async throws(StoreError) -> [String] { rows.integrityProblems }

    private func write<Value: Sendable>(_ change: (inout InMemoryRows) -> Value) throws(StoreError) -> Value {
        try database.write(by: connection, change).get()
    }
}
