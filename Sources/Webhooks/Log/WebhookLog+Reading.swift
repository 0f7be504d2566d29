public import WebhookCore

/// Reading. Works beside a running dispatcher, in this process or another.
extension WebhookLog {
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

    /// Which of some events wait for a dispatcher to find out who wants them, those due later included.
    public func unmatched(of events: [String]) async throws(WebhooksError) -> Set<String> {
        var waiting: Set<String> = []
        for id in events {
            let progress = try await read { log throws(StoreError) in try await log.progress(ofEvents: [id]) }
            if progress.waitingForFanOut > 0 { waiting.insert(id) }
        }
        return waiting
    }

    /// How many events wait for a later `deliverAt`, and when the next is due.
    public func scheduledEvents() async throws(WebhooksError) -> ScheduledEvents {
        try await read { log throws(StoreError) in try await log.scheduledEvents(after: .now) }
    }

    /// How many events no dispatcher has matched yet, those that were set aside left out.
    public func unmatchedEvents() async throws(WebhooksError) -> UnmatchedEvents {
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

    /// The breakers that are open, by subscription: why the dispatcher that runs makes no attempts at the moment.
    public func openBreakers() async throws(WebhooksError) -> [String: SubscriptionHealth.Breaker] {
        // What one has left that runs no more holds nothing.
        guard runningDispatcher() != nil else { return [:] }
        let health = try await read { log throws(StoreError) in try await log.health() }
        return Dictionary(
            health.compactMap { row in row.breaker.map { (row.subscription, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The name of every subscription that the store knows: by a delivery, or by what is remembered of it.
    public func subscriptionNames() async throws(WebhooksError) -> [String] {
        try await read { log throws(StoreError) in try await log.subscriptionNames() }
    }
}
