/// The store at the end of a round.
struct Record: Sendable {
    struct Delivery: Sendable, Decodable {
        var id: String
        var event: String
        var subscription: String
        var state: String
        var mode: String
        var attempts: Int

        var isOpen: Bool { ["pending", "in_flight", "waiting"].contains(state) }
    }

    var deliveries: [Delivery] = []
    /// Event ids in the order of their rows, which is that of acceptance.
    var events: [String] = []
    /// Events that the host's own table names.
    var hostRows: Set<String> = []
    /// The size of the write-ahead log once all is settled.
    var walBytes = 0
}

/// The promises for a subscription's deliveries.
struct Promise: Sendable {
    var name: String
    var topics: Set<String>
    /// True when every acknowledged event must arrive: it retries for long enough, and nobody takes it away.
    var delivers: Bool
    var isOrdered = false
    /// True when every delivery must have settled at the end.
    var settles = true
    /// The only states that its deliveries may end in, where not all are possible.
    var ends: Set<String>?
    /// The longest time for an acknowledged event while a dispatcher works, whatever happens to others.
    var flow: Duration?
    /// Its rate limit, over all dispatchers.
    var rate: Rate?

    struct Rate: Sendable {
        var count: Int
        var seconds: Int
    }
}
