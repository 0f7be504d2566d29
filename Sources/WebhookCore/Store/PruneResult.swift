/// How much a portion of pruning deleted.
public struct PruneResult: Sendable, Hashable {
    public var events: Int
    public var deliveries: Int
    public var attempts: Int
    /// What the store would not delete. It stays until it is looked for anew.
    public var refused: [RefusedItem]

    public init(events: Int = 0, deliveries: Int = 0, attempts: Int = 0, refused: [RefusedItem] = []) {
        self.events = events
        self.deliveries = deliveries
        self.attempts = attempts
        self.refused = refused
    }

    /// Whether nothing was left to look at.
    public var isEmpty: Bool { events == 0 && deliveries == 0 && attempts == 0 && refused.isEmpty }
}
