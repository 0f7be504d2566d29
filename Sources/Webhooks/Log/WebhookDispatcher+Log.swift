public import WebhookCore
internal import WebhooksSQLite

/// Short cuts to the log's most common queries.
extension WebhookDispatcher {
    /// The log of this dispatcher's store.
    public var log: WebhookLog { WebhookLog(stores: stores, logger: logger) }

    /// Events, newest first.
    public func events(_ query: EventQuery = EventQuery()) async throws(WebhooksError) -> [LoggedEvent] {
        try await log.events(query)
    }

    /// An event with its data; `nil` for an unknown id.
    public func event(_ id: String) async throws(WebhooksError) -> Event? { try await log.event(id) }

    /// Deliveries, newest first.
    ///
    /// - Parameter limit: the most deliveries; `nil` for the query's.
    public func deliveries(_ query: DeliveryQuery = DeliveryQuery(), limit: Int? = nil) async throws(WebhooksError)
        -> [Delivery]
    {
        var query = query
        if let limit { query.limit = limit }
        return try await log.deliveries(query)
    }

    /// A delivery; `nil` for an unknown id.
    public func delivery(_ id: Delivery.ID) async throws(WebhooksError) -> Delivery? { try await log.delivery(id) }

    /// A delivery's attempts in order, an attempt in flight last.
    public func attempts(of delivery: Delivery.ID) async throws(WebhooksError) -> [Attempt] {
        try await log.attempts(of: delivery)
    }

    /// Cancels what was not sent yet; see ``WebhookLog/cancel(_:subscription:)``.
    public func cancel(_ ids: [String], subscription: String? = nil) async throws(WebhooksError) -> CancelResult {
        try await log.cancel(ids, subscription: subscription)
    }
}

extension WebhookLog {
    /// The process that runs a dispatcher on the store.
    public struct RunningDispatcher: Sendable, Hashable {
        public var processID: Int32
        /// Whether it makes no more attempts, and ends: what is emitted now is for the next one.
        public var isStopping: Bool
        /// Why it can't record anything, in a word such as `full`, so that nothing is delivered; `nil`: it can.
        package var storeTrouble: String?
    }

    /// The dispatcher that delivers what is in the store; `nil`: nobody does. A command that delivers its own events
    /// alone is none.
    public func runningDispatcher() -> RunningDispatcher? {
        guard let path = try? stores.path(), let holder = DispatcherLock.holder(path: path),
            holder.role == DispatcherRole.run.rawValue
        else { return nil }
        return RunningDispatcher(
            processID: holder.processID,
            isStopping: DispatcherLock.isStopping(path: path),
            storeTrouble: DispatcherLock.trouble(path: path)
        )
    }
}
