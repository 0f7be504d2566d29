/// Limits and scope of a dispatcher's engine.
package struct EngineSettings: Sendable, Hashable {
    /// The deliveries that the engine takes care of.
    package enum Scope: Sendable, Hashable {
        /// All of the store's.
        case all
        /// Only those that are emitted through it, or taken over.
        case own
    }

    package var scope: Scope = .all
    /// True when other dispatchers share the store: the engine serves the subscriptions alone that it is told to
    /// (``DeliveryEngine/serve(_:at:)``), and those only within a lease's time. The scope is ``Scope/all`` then, of these.
    package var isLeased = false
    /// The most attempts in flight at once; defaults to 512.
    package var maxInFlight: Int = 512
    /// Subscriptions that may have as many requests at once as this, or more, claim while all of them are on the wire; see
    /// ``SubscriptionQueue/mostClaims(from:)``. Defaults to 16.
    package var claimsAheadFrom: Int = 16
    /// The most deliveries in memory over all subscriptions; defaults to 50,000.
    package var bufferTotal: Int = 50_000
    /// While fewer deliveries are in memory, over all subscriptions, a queue may have as many of them as it gets, so that a
    /// burst is sent without being read again; defaults to 25,000.
    package var freeBuffer: Int = 25_000
    /// The most bytes of bodies in memory for deliveries that wait; defaults to 32 MiB. Others are read at the claim.
    package var bufferedBodyBytes: Int = 32 << 20
    /// Events to fan out at a time; defaults to 64.
    package var fanOutBatch: Int = 64
    /// The most bytes of an event's data that are matched and rendered at once; defaults to 64 KiB. Larger events go to
    /// ``EngineActions/largeFanOuts``.
    package var promptEventBytes: Int = 64 << 10
    /// Large events given out at a time; defaults to 2. While there are fewer, others are read past them.
    package var largeFanOuts: Int = 2
    /// Open deliveries to cancel in one transaction; defaults to 1,000.
    package var cancellationBatch: Int = 1000

    package init() {}
}
