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

    public init(
        deliveries: [Delivery.ID] = [],
        events: [String] = [],
        tooLate: [String] = [],
        unknown: [String] = []
    ) {
        self.deliveries = deliveries
        self.events = events
        self.tooLate = tooLate
        self.unknown = unknown
    }
}
