public import Logging
public import WebhookCore
internal import WebhookRegistry
package import WebhooksSQLite

/// A store's events, deliveries and attempts: to read, and to append to.
///
/// It needs the store alone: no subscription, no secret, no template. ``WebhookDispatcher/log`` is the one of a
/// dispatcher's store.
///
/// ```swift
/// let log = try WebhookLog("sqlite:var/webhooks.sqlite")
/// let failed = try await log.deliveries(DeliveryQuery(states: [.failed]))
/// ```
public struct WebhookLog: Sendable {
    let stores: StoreConnections
    let logger: Logger

    /// - Parameters:
    ///   - store: where it is; opened when it is first needed.
    ///   - logger: for what is changed by hand; defaults to one labelled `webhooks`.
    public init(store: StoreLocation, logger: Logger = Logger(label: "webhooks")) {
        self.init(location: store, logger: logger)
    }

    /// - Parameters:
    ///   - store: as in the configuration, such as `sqlite:var/webhooks.sqlite`; a relative path starts from the working
    ///     folder.
    ///   - logger: for what is changed by hand; defaults to one labelled `webhooks`.
    /// - Throws: ``WebhooksError`` with `configuration` where the text names no store.
    public init(_ store: String, logger: Logger = Logger(label: "webhooks")) throws(WebhooksError) {
        guard let location = StoreLocationParser.parse(store) else {
            throw WebhooksError(.configuration, "the store \(StoreLocationParser.grammar)")
        }
        self.init(location: location, logger: logger)
    }

    /// - Parameter location: `nil` where none is configured; every use then says so.
    package init(location: StoreLocation?, logger: Logger) {
        stores = StoreConnections(location: location, logger: logger) {
            logger.notice("made a new store", metadata: ["store": "\($0)"])
        }
        self.logger = logger
    }

    /// The store's path or URL, for people; never with a password.
    package var storeName: String { stores.name }

    /// - Parameter host: a database that the host has opened.
    package init(host: HostDatabase, logger: Logger) {
        self.init(stores: StoreConnections(location: nil, host: host, logger: logger) { _ in }, logger: logger)
    }

    /// The beginning of the names of the store's tables.
    package func tablePrefix() throws(WebhooksError) -> TablePrefix { try stores.tablePrefix() }

    /// Sets the callback that is told the path of a store that is made, instead of the logger.
    package func onNewStore(_ tell: @escaping @Sendable (String) -> Void) { stores.onNew(tell) }

    init(stores: StoreConnections, logger: Logger) {
        self.logger = logger
        self.stores = stores
    }

    func read<R: Sendable>(
        _ body: (any EventLog) async throws(StoreError) -> R
    ) async throws(WebhooksError) -> R {
        do throws(StoreError) {
            return try await body(stores.reader())
        } catch {
            throw WebhooksError(error)
        }
    }

    /// Changes what is there; an error where there is no store.
    func write<R: Sendable>(
        _ body: (any EventLog) async throws(StoreError) -> R
    ) async throws(WebhooksError) -> R {
        do throws(StoreError) {
            return try await body(stores.existingWriter())
        } catch {
            throw WebhooksError(error)
        }
    }
}

/// Reading. Works beside a running dispatcher, in this process or another.
extension WebhookLog {
    /// A page of events, newest first: of all, at most 50, unless the query says otherwise.
    public func events(_ query: EventQuery = EventQuery()) async throws(WebhooksError) -> [LoggedEvent] {
        try await read { log throws(StoreError) in try await log.events(query) }
    }

    /// An event as the list has it; `nil` for an unknown id.
    public func loggedEvent(_ id: String) async throws(WebhooksError) -> LoggedEvent? {
        var query = EventQuery()
        query.ids = [id]
        return try await events(query).first
    }

    /// An event with its data; `nil` for an unknown id.
    public func event(_ id: String) async throws(WebhooksError) -> Event? {
        try await read { log throws(StoreError) in try await log.event(id) }
    }

    /// A page of deliveries, newest first: of all, at most 50, unless the query says otherwise.
    public func deliveries(_ query: DeliveryQuery = DeliveryQuery()) async throws(WebhooksError) -> [Delivery] {
        try await read { log throws(StoreError) in try await log.deliveries(query) }
    }

    /// A delivery; `nil` for an unknown id.
    public func delivery(_ id: Delivery.ID) async throws(WebhooksError) -> Delivery? {
        try await read { log throws(StoreError) in try await log.delivery(id) }
    }

    /// A delivery's attempts in order, an attempt in flight last.
    public func attempts(of delivery: Delivery.ID) async throws(WebhooksError) -> [Attempt] {
        try await read { log throws(StoreError) in try await log.attempts(of: delivery) }
    }

    /// Returns those of some events that wait for a dispatcher to find out who wants them, those due later included.
    package func unmatched(of events: [String]) async throws(WebhooksError) -> Set<String> {
        var waiting: Set<String> = []
        for id in events {
            let progress = try await read { log throws(StoreError) in try await log.progress(ofEvents: [id]) }
            if progress.waitingForFanOut > 0 { waiting.insert(id) }
        }
        return waiting
    }

    /// The number of events that wait for a later `deliverAt`, and the time at which the next is due.
    package func scheduledEvents() async throws(WebhooksError) -> ScheduledEvents {
        try await read { log throws(StoreError) in try await log.scheduledEvents(after: .now) }
    }

    /// The number of events that no dispatcher has matched yet, those that were set aside left out.
    package func unmatchedEvents() async throws(WebhooksError) -> UnmatchedEvents {
        try await read { log throws(StoreError) in try await log.unmatchedEvents(at: .now) }
    }

    /// The pauses in force, by subscription.
    public func pauses() async throws(WebhooksError) -> [String: SubscriptionHealth.Paused] {
        let health = try await read { log throws(StoreError) in try await log.health() }
        let now = Timestamp.now
        return Dictionary(
            health.compactMap { row in row.paused.map { (row.subscription, $0) } }.filter { $0.1.isInForce(at: now) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The breakers that are open, by subscription: why the dispatcher that runs makes no attempts now.
    public func openBreakers() async throws(WebhooksError) -> [String: SubscriptionHealth.Breaker] {
        // What one has left that runs no more holds nothing.
        guard await runningDispatcher() != nil else { return [:] }
        let health = try await read { log throws(StoreError) in try await log.health() }
        return Dictionary(
            health.compactMap { row in row.breaker.map { (row.subscription, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The name of every subscription that the store knows: it keeps it, or knows it by a delivery or by what is remembered of it.
    public func subscriptionNames() async throws(WebhooksError) -> [String] {
        let names = try await read { log throws(StoreError) in try await log.subscriptionNames() }
        let known = Set(names)
        let kept = try await storedSubscriptions().filter { !known.contains($0) }
        return kept.isEmpty ? names : (names + kept).sorted()
    }

    /// The number of a subscription's deliveries that have not settled, tests included.
    package func openDeliveries(of subscription: String) async throws(WebhooksError) -> OpenDeliveryCount {
        try await read { log throws(StoreError) in try await log.openDeliveries(of: subscription) }
    }
}

/// Looking after the store.
extension WebhookLog {
    /// Looks for what must never be. Reads everything; takes its time.
    ///
    /// - Returns: what was found, in words; empty: all is well.
    /// - Throws: ``WebhooksError`` with `store` where the storage itself is damaged.
    public func integrityProblems() async throws(WebhooksError) -> [String] {
        try await read { log throws(StoreError) in
            try await log.integrityProblems()
                + log.setAsideEvents(limit: 20).map { "event set aside, for \($0.reason): \($0.id)" }
        }
    }

    /// Events that are given out for delivery no more, oldest first: the store refused their deliveries, or their rendering
    /// ended the dispatcher again and again. Retriggered, they are tried again; cancelled, they are dropped.
    ///
    /// - Parameter limit: the most events; defaults to 100.
    package func setAsideEvents(limit: Int = 100) async throws(WebhooksError) -> [SetAsideEvent] {
        try await read { log throws(StoreError) in try await log.setAsideEvents(limit: limit) }
    }

    /// Says in what another event that is stored and has this one's id differs from it; `nil`: there is none.
    package func conflict(with event: Event) async throws(WebhooksError) -> String? {
        do throws(WebhooksError) {
            guard let stored = try await self.event(event.id) else { return nil }
            let differences = event.differences(from: stored)
            return differences.isEmpty ? nil : event.conflictText(differences)
        } catch  where error.store?.code == .missing {
            return nil
        }
    }

    /// The time at which an event that is stored already is due; `nil` where there is none, or one that was due at
    /// once.
    package func storedDueTime(of id: String) async throws(WebhooksError) -> Timestamp? {
        do throws(WebhooksError) {
            return try await event(id)?.deliverAt
        } catch  where error.store?.code == .missing {
            return nil
        }
    }
}

/// Appending. A dispatcher on the store, in this process or another, finds out who wants an event and delivers it.
extension WebhookLog {
    /// Stores an event durably; returns once it is on disk. Makes the store where there is none.
    ///
    /// - Throws: ``WebhooksError`` with `event` where another event has this id, or the topic is the dispatcher's own (`webhooks.…`);
    ///   with `store` where it could not be stored:
    ///   then nothing is acknowledged, and it may be appended again.
    @discardableResult
    public func append(_ event: Event) async throws(WebhooksError) -> EmitReceipt {
        try event.checkTopicIsFree()
        let event = event.emittedNow()
        let result: AcceptanceResult
        do throws(StoreError) {
            result = try await stores.writer().append(event, target: nil)
        } catch {
            throw WebhooksError(accepting: error)
        }
        return try AcceptedEvent(event, result, isWithEngine: false).receipt
    }

    /// Stores events durably in one transaction: all of them, or on an error none.
    ///
    /// - Throws: ``WebhooksError`` as ``append(_:)-(Event)`` does; events beside one whose id is taken are stored.
    @discardableResult
    public func append(_ events: [Event]) async throws(WebhooksError) -> [EmitReceipt] {
        for event in events { try event.checkTopicIsFree() }
        let events = events.map { $0.emittedNow() }
        let results: [AcceptanceResult]
        do throws(StoreError) {
            results = try await stores.writer().append(events)
        } catch {
            throw WebhooksError(accepting: error)
        }
        var receipts: [EmitReceipt] = []
        for (event, result) in zip(events, results) {
            receipts.append(try AcceptedEvent(event, result, isWithEngine: false).receipt)
        }
        return receipts
    }
}
