/// What a cancellation did.
public struct CancelResult: Sendable, Hashable {
    /// The deliveries that were cancelled.
    public var deliveries: [Delivery.ID]
    /// The events, waiting for their fan-out, that were cancelled.
    public var events: [String]
    /// Deliveries with an attempt under way, which is not cut off. Should it fail, no retry follows and the delivery
    /// settles as cancelled.
    public var underWay: [Missed]
    /// Deliveries that had settled otherwise: asked for one by one or with their event.
    public var tooLate: [Missed]
    /// Ids that name nothing.
    public var unknown: [String]
    /// Of a subscription: events that were accepted and not matched yet, those due later included. The
    /// subscription gets none of them; other subscriptions do.
    public var unmatchedEvents: Int
    /// What the store would not change.
    public var refused: [RefusedItem]

    /// A delivery that could not be cancelled at once.
    public struct Missed: Sendable, Hashable {
        public var delivery: Delivery.ID
        public var subscription: String
        /// `inFlight`, or how it had settled.
        public var state: DeliveryState
        public var settledAt: Timestamp?

        public init(delivery: Delivery.ID, subscription: String, state: DeliveryState, settledAt: Timestamp? = nil) {
            self.delivery = delivery
            self.subscription = subscription
            self.state = state
            self.settledAt = settledAt
        }
    }

    public init(
        deliveries: [Delivery.ID] = [],
        events: [String] = [],
        underWay: [Missed] = [],
        tooLate: [Missed] = [],
        unknown: [String] = [],
        unmatchedEvents: Int = 0,
        refused: [RefusedItem] = []
    ) {
        self.deliveries = deliveries
        self.events = events
        self.underWay = underWay
        self.tooLate = tooLate
        self.unknown = unknown
        self.unmatchedEvents = unmatchedEvents
        self.refused = refused
    }

    /// Counts in a delivery that is no longer pending or waiting, once.
    public mutating func add(_ missed: Missed) {
        switch missed.state {
        case .cancelled: break
        case .inFlight: if !underWay.contains(missed) { underWay.append(missed) }
        default: if !tooLate.contains(missed) { tooLate.append(missed) }
        }
    }
}
