public import CoreMetrics
public import GRDB
public import Logging
public import Tracing
internal import WebhookCore
public import Webhooks
internal import WebhooksSQLite

/// A dispatcher in the host's own database.
///
/// ```swift
/// let database = try DatabasePool(path: "lms.sqlite")
/// var migrator = DatabaseMigrator()
/// migrator.registerWebhooks()
/// // … the host's own migrations
/// try migrator.migrate(database)
///
/// let dispatcher = try await WebhookDispatcher(database: database, configuration: .file("webhooks.yaml"))
/// try await database.write { db in
///     try enrolment.insert(db)
///     try dispatcher.emit(Event(topic: "course.enrollment", data: json), in: db)   // exists if and only if the enrolment does
/// }
/// ```
extension WebhookDispatcher {
    /// Loads the configuration, and keeps events, deliveries and attempts in a database that the host has opened.
    ///
    /// There is one writer for both, GRDB's: its queue is fair, and nobody waits for SQLite's lock. Whatever the host does in
    /// a `write { … }` holds up deliveries, and the dispatcher's transactions, of a millisecond or two, hold up the host's.
    /// Where the host holds its writer for more than five seconds, what is emitted meanwhile by ``emit(_:)`` fails and says
    /// so; what is being delivered is recorded later. The dispatcher's reads go to a pool's readers; a `DatabaseQueue` has
    /// but one connection for all.
    ///
    /// The database must have a write-ahead log (a `DatabasePool`, or a `DatabaseQueue` with `journalMode = .wal`) or be in
    /// memory, and must have our tables: see ``GRDB/DatabaseMigrator/registerWebhooks(prefix:)``. On the writing connection this
    /// sets `PRAGMA synchronous = FULL`, which a pool turns to `NORMAL` when it opens, and `journal_size_limit`, where the
    /// host has not set one; checkpoints stay the host's connection's. A dispatcher that runs holds a lock on the file's name
    /// with `.lock` behind it.
    ///
    /// Close the database once ``run(until:whenLocked:)`` has returned, not before. Nobody else may use another copy of SQLite on
    /// the file in this process (another driver with its own): closing its connection would take away the locks of this one.
    /// - Parameters:
    ///   - database: a queue or pool that writes; open for as long as the dispatcher is used.
    ///   - prefix: of the tables, as ``GRDB/DatabaseMigrator/registerWebhooks(prefix:)`` was given it. Defaults to `webhooks_`.
    ///   - configuration: a file, or values; without a store of its own.
    ///   - logger: for what an operator should know; defaults to one labelled `webhooks`.
    ///   - metrics: the backend for metrics; defaults to the one that `MetricsSystem` was bootstrapped with by then.
    ///   - tracer: makes spans of attempts, and says in which trace an event is emitted; defaults to the one that
    ///     `InstrumentationSystem` was bootstrapped with.
    /// - Throws: ``WebhooksError`` with every problem of the configuration, or with `store` and what is wrong with the
    ///   database.
    public convenience init(
        database: any DatabaseWriter,
        prefix: String = "webhooks_",
        configuration: WebhookConfiguration,
        logger: Logger = Logger(label: "webhooks"),
        metrics: (any MetricsFactory)? = nil,
        tracer: (any Tracer)? = nil
    ) async throws(WebhooksError) {
        let host = try await HostDatabase.opened(database, prefix)
        try await self.init(
            configuration: configuration,
            host: host,
            logger: logger,
            metrics: metrics,
            tracer: tracer
        )
    }

    /// Stores an event within the host's transaction: it exists if and only if the host's change does. Its first attempt
    /// follows the commit within milliseconds, where the dispatcher runs in this process.
    ///
    /// Works before, while and after it runs, and where it never does: then the dispatcher of another process notices. Let
    /// an error end the transaction, so that the host's change doesn't go on without its event. Use transactions that are
    /// `IMMEDIATE`, as those of `write { … }` are: one that begins with a read may find that another process has written.
    /// - Parameters:
    ///   - event: the event.
    ///   - db: a writing connection of the database, inside a transaction.
    /// - Throws: ``WebhooksError`` with `event`: another event has this id, the topic is the dispatcher's own (`webhooks.…`), or a
    ///   subscription can't get it for its id; with
    ///   `transaction`: none is open, or it is another database's; with `store`: the connection would not write durably, or the database doesn't take it.
    @discardableResult
    public func emit(_ event: Event, in db: Database) throws(WebhooksError) -> EmitReceipt {
        try check(event)
        try checkDatabase(of: db)
        let receipt = try HostTransaction.append(emittedNow(event), in: db, tablePrefix())
        wakeAfterCommit(of: db, eventsOnly: true, events: receipt.isDuplicate ? 0 : 1)
        return receipt
    }

    /// Cancels an event within the host's transaction: what of it waits is never sent, if and only if the transaction is
    /// committed. An attempt that is under way is the last one.
    ///
    /// - Parameters:
    ///   - event: its id.
    ///   - db: a writing connection of the database, inside a transaction.
    /// - Returns: what was cancelled, and what was too late; ``CancelResult/unknown`` has the id where there is no such event.
    /// - Throws: ``WebhooksError`` with `transaction`: none is open; with `store`: the database doesn't take it.
    @discardableResult
    public func cancel(_ event: String, in db: Database) throws(WebhooksError) -> CancelResult {
        try checkDatabase(of: db)
        let result = try HostTransaction.cancel(event, in: db, tablePrefix())
        wakeAfterCommit(of: db, eventsOnly: false, WebhookNotice.cancelled(result, event: event))
        return result
    }

    /// - Throws: ``WebhooksError`` with `transaction` where it is another database's, in which nobody would see the event.
    private func checkDatabase(of db: Database) throws(WebhooksError) {
        guard let host, !host.isOpen(in: db) else { return }
        throw WebhooksError(
            .transaction,
            "the transaction is another database's: give the event to the one that the dispatcher was made with"
        )
    }

    private func wakeAfterCommit(of db: Database, eventsOnly: Bool, events: Int = 0, _ notice: WebhookNotice? = nil) {
        guard hostCommits.note(db, eventsOnly: eventsOnly, events: events, notice) else { return }
        db.afterNextTransaction { [weak self] db in
            guard let self else { return }
            committed(hostCommits.end(db))
        } onRollback: { [weak self] db in
            _ = self?.hostCommits.end(db)
        }
    }
}

/// A log in the host's own database.
extension WebhookLog {
    /// The log in a database that the host has opened, for a process that needs no configuration: one that emits and reads
    /// while a dispatcher runs elsewhere.
    ///
    /// - Parameters:
    ///   - database: as for a dispatcher.
    ///   - prefix: as for a dispatcher.
    ///   - logger: for what is changed by hand; defaults to one labelled `webhooks`.
    /// - Throws: ``WebhooksError`` with `store` and what is wrong with the database.
    public init(
        database: any DatabaseWriter,
        prefix: String = "webhooks_",
        logger: Logger = Logger(label: "webhooks")
    ) async throws(WebhooksError) {
        self.init(host: try await HostDatabase.opened(database, prefix), logger: logger)
    }

    /// Stores an event within the host's transaction, as ``WebhookDispatcher/emit(_:in:)`` does. The dispatcher of another
    /// process notices within a quarter of a second; one in this process is woken by ``WebhookDispatcher/wake()``.
    @discardableResult
    public func append(_ event: Event, in db: Database) throws(WebhooksError) -> EmitReceipt {
        try event.checkTopicIsFree()
        return try HostTransaction.append(event.emittedNow(), in: db, tablePrefix())
    }

    /// Cancels an event within the host's transaction, as ``WebhookDispatcher/cancel(_:in:)`` does.
    @discardableResult
    public func cancel(_ event: String, in db: Database) throws(WebhooksError) -> CancelResult {
        try HostTransaction.cancel(event, in: db, tablePrefix())
    }
}
