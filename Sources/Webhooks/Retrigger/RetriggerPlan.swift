public import WebhookCore

/// What a retrigger is for, and for what it is refused.
public struct RetriggerPlan: Sendable, Hashable {
    /// The deliveries to send again, oldest first.
    public var deliveries: [Delivery.ID] { retriggers.map(\.delivery) }
    /// Events that were set aside and are to be rendered again.
    public internal(set) var setAside: [String] = []
    /// How many deliveries and events they are.
    public var count: Int { retriggers.count + setAside.count }
    /// Why not, by subscription, with how many deliveries are left out.
    public internal(set) var refusals: [Refusal] = []
    /// Ids that name nothing.
    public internal(set) var unknown: [String] = []
    var retriggers: [Retrigger] = []

    /// A subscription that can't be sent to now, or deliveries of it that have not settled.
    public struct Refusal: Sendable, Hashable {
        public var subscription: String
        public var deliveries: Int
        /// With what to do next.
        public var reason: String
    }
}
