internal import SQLiteStore
public import WebhookCore

/// Reading the log. Works beside a running dispatcher, in this process or another.
extension WebhookDispatcher {
    /// Events, newest first.
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

    /// Deliveries, newest first.
    ///
    /// - Parameter limit: at most so many; `nil` for the query's.
    public func deliveries(_ query: DeliveryQuery = DeliveryQuery(), limit: Int? = nil) async throws(WebhooksError)
        -> [Delivery]
    {
        var query = query
        if let limit { query.limit = limit }
        return try await read { log throws(StoreError) in try await log.deliveries(query) }
    }

    /// A delivery; `nil` for an unknown id.
    public func delivery(_ id: Delivery.ID) async throws(WebhooksError) -> Delivery? {
        try await read { log throws(StoreError) in try await log.delivery(id) }
    }

    /// A delivery's attempts in order, an attempt in flight last.
    public func attempts(of delivery: Delivery.ID) async throws(WebhooksError) -> [Attempt] {
        try await read { log throws(StoreError) in try await log.attempts(of: delivery) }
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
}
