/// What a cancellation did.
public struct CancelResult: Sendable, Hashable {
    /// The deliveries that were cancelled.
    public var deliveries: [Delivery.ID]
    /// The events, waiting for their fan-out, that were cancelled.
    public var events: [String]
    /// Deliveries in flight or settled otherwise, by id: asked for one by one or with their event. Of a whole
    /// subscription only those in flight.
    public var tooLate: [String]
    /// Ids that name nothing.
    public var unknown: [String]
    /// Of a whole subscription: events that were accepted and not matched yet, those due later included. The
    /// subscription gets none of them; other subscriptions do.
    public var unmatchedEvents: Int

    public init(
        deliveries: [Delivery.ID] = [],
        events: [String] = [],
        tooLate: [String] = [],
        unknown: [String] = [],
        unmatchedEvents: Int = 0
    ) {
        self.deliveries = deliveries
        self.events = events
        self.tooLate = tooLate
        self.unknown = unknown
        self.unmatchedEvents = unmatchedEvents
    }
}
