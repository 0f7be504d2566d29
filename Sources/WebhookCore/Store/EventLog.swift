/// What may be asked of a store, and done to it, by anyone and beside a running dispatcher.
public protocol EventLog: Sendable {
    /// Stores an event durably, without deliveries: a dispatcher fans it out when it is due.
    ///
    /// - Parameter target: the only subscription it is for (a send test).
    func append(_ event: Event, target: String?) async throws(StoreError) -> AcceptanceResult

    /// Stores events in one transaction, all or (on an error) none; a duplicate or conflict of one doesn't hold up the rest.
    func append(_ events: [Event]) async throws(StoreError) -> [AcceptanceResult]

    /// Events, newest first.
    func events(_ query: EventQuery) async throws(StoreError) -> [LoggedEvent]

    /// An event by id, with its data.
    func event(_ id: String) async throws(StoreError) -> Event?

    /// Deliveries, newest first.
    func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [Delivery]

    /// A delivery by id.
    func delivery(_ id: Delivery.ID) async throws(StoreError) -> Delivery?

    /// A delivery's attempts in order, with bodies; an attempt in flight is the last.
    func attempts(of delivery: Delivery.ID) async throws(StoreError) -> [Attempt]

    /// How far an event's first attempts are; `nil` for an unknown event.
    func progress(ofEvents ids: [String]) async throws(StoreError) -> EventProgress

    /// Every subscription's remembered health.
    func health() async throws(StoreError) -> [SubscriptionHealth]
}

/// How far events are.
public struct EventProgress: Sendable, Hashable {
    /// Events that wait for their fan-out.
    public var waitingForFanOut: Int
    /// Deliveries without a finished first attempt.
    public var withoutFirstAttempt: Int
    /// Deliveries that have not settled.
    public var open: Int

    public init(waitingForFanOut: Int, withoutFirstAttempt: Int, open: Int) {
        self.waitingForFanOut = waitingForFanOut
        self.withoutFirstAttempt = withoutFirstAttempt
        self.open = open
    }
}

/// A row of the event list.
public struct LoggedEvent: Sendable, Hashable {
    public var id: String
    public var topic: String
    public var tenant: String?
    public var occurredAt: Timestamp
    public var createdAt: Timestamp
    /// `nil` at once.
    public var deliverAt: Timestamp?
    public var isTest: Bool
    public var isCancelled: Bool
    public var deliveryCount: Int

    public init(
        id: String,
        topic: String,
        tenant: String?,
        occurredAt: Timestamp,
        createdAt: Timestamp,
        deliverAt: Timestamp?,
        isTest: Bool,
        isCancelled: Bool,
        deliveryCount: Int
    ) {
        self.id = id
        self.topic = topic
        self.tenant = tenant
        self.occurredAt = occurredAt
        self.createdAt = createdAt
        self.deliverAt = deliverAt
        self.isTest = isTest
        self.isCancelled = isCancelled
        self.deliveryCount = deliveryCount
    }
}
