/// The work that waits in a store: events for their fan-out, deliveries for their attempts.
package struct StoreBacklog: Sendable, Hashable {
    /// A subscription's open deliveries.
    package struct Subscription: Sendable, Hashable {
        package var name: String
        /// The deliveries that wait for an attempt, whenever it is due.
        package var waiting = 0
        /// The number of these that are due.
        package var due = 0
        /// The number of these that were due before the time asked for.
        package var late = 0
        /// The time since which the oldest of these is due.
        package var oldestDueAt: Timestamp?
        package var inFlight = 0
        /// First attempts, in order, behind a delivery that has failed and is tried again: neither due nor late.
        package var behind = 0

        package init(name: String) { self.name = name }
    }

    /// Events that are due and have not been matched, those that were set aside left out.
    package var events = 0
    /// The time since which the oldest of these waits.
    package var oldestEventAt: Timestamp?
    /// Events that are given out no more.
    package var setAside = 0
    /// The subscriptions with open deliveries, by name.
    package var subscriptions: [Subscription] = []

    package init() {}
}
