/// How much a portion of pruning deleted.
public struct PruneResult: Sendable, Hashable {
    public var events: Int
    public var deliveries: Int
    public var attempts: Int

    public init(events: Int = 0, deliveries: Int = 0, attempts: Int = 0) {
        self.events = events
        self.deliveries = deliveries
        self.attempts = attempts
    }

    /// Whether nothing was left to delete.
    public var isEmpty: Bool { events == 0 && deliveries == 0 && attempts == 0 }
}
