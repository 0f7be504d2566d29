/// Which events to list. Every condition that is set must hold.
public struct EventQuery: Sendable, Hashable {
    /// One of these; empty for all.
    public var ids: [String] = []
    /// Created at or after.
    public var since: Timestamp?
    /// Created before.
    public var until: Timestamp?
    /// One of these; empty for all.
    public var topics: [String] = []
    public var tenant: String?
    public var isTest: Bool?
    /// Go on behind this event; there is nothing behind an unknown one.
    public var after: String?
    /// At most so many; defaults to 50.
    public var limit: Int = 50

    /// Every event.
    public init() {}
}

/// Which deliveries to list. Every condition that is set must hold.
public struct DeliveryQuery: Sendable, Hashable {
    /// Created at or after.
    public var since: Timestamp?
    /// Created before.
    public var until: Timestamp?
    /// One of these; empty for all.
    public var topics: [String] = []
    public var tenant: String?
    public var isTest: Bool?
    /// One of these; empty for all.
    public var states: Set<DeliveryState> = []
    /// The last error is one of these; empty for all.
    public var errors: Set<DeliveryError> = []
    public var subscription: String?
    /// One of these events' ids; empty for all.
    public var events: [String] = []
    /// Only an event's newest delivery to a subscription: what was sent again since is left out.
    public var newestOnly = false
    /// Go on behind this delivery.
    public var after: Delivery.ID?
    /// At most so many; defaults to 50.
    public var limit: Int = 50

    /// Every delivery, or those in one of some states.
    public init(states: Set<DeliveryState> = []) {
        self.states = states
    }
}
