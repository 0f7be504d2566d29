public import WebhookCore

/// What a retry is for, and what it leaves out.
public struct RetryPlan: Sendable, Hashable {
    /// The deliveries whose next attempt is to be due at once, or is, oldest first.
    public internal(set) var deliveries: [Delivery.ID] = []
    /// Those with an attempt under way.
    public internal(set) var inFlight: [Delivery.ID] = []
    /// Ids of deliveries that have settled, and of events whose deliveries all have: `retrigger` sends those again.
    public internal(set) var settled: [String] = []
    /// Ids of events that have no deliveries yet.
    public internal(set) var unmatched: [String] = []
    /// Ids that name nothing.
    public internal(set) var unknown: [String] = []
    /// What the store would not change.
    public internal(set) var refused: [RefusedItem] = []

    mutating func add(_ delivery: Delivery) {
        switch delivery.state {
        case .pending, .waiting: deliveries.append(delivery.id)
        case .inFlight: inFlight.append(delivery.id)
        case .delivered, .failed, .unknown, .cancelled: settled.append(delivery.id.description)
        }
    }
}
