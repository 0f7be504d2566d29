internal import SQLiteStore
public import WebhookCore

/// What is asked of the log most often, asked of the dispatcher.
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
    /// - Parameter limit: at most so many; `nil` for the query's.
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
