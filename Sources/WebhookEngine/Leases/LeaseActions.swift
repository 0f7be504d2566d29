package import WebhookCore

/// The actions that follow from an input of a ``LeaseKeeper``.
package struct LeaseActions: Sendable {
    /// A round to begin with the store; answered by ``LeaseKeeper/ended(_:now:)``.
    package var round: LeaseRound?
    /// The engine serves these from now on.
    package var serve: [String] = []
    /// The engine begins nothing of these any more; answered by ``LeaseKeeper/drained(_:now:)``.
    package var stop: [String] = []
    /// The engine looks for what nodes have left in flight that are dead, of subscriptions that nobody serves.
    package var looksForAbandoned = false
    package var notices: [LeaseNotice] = []
}

/// A notice for operators about leases.
package enum LeaseNotice: Sendable, Hashable {
    /// The number of subscriptions that are served here, and of those that the configuration has.
    case serves(subscriptions: Int, of: Int)
    /// The store has declared this node dead: what it served may be another's.
    case lost(subscriptions: Int)
    /// Nodes on these hosts have another configuration; none: all agree again.
    case disagreement(hosts: [String])
}

extension LeaseKeeper {
    /// The times and limits of leases.
    package struct Settings: Sendable, Hashable {
        /// The time for which a node is alive after its last heartbeat; defaults to 15 seconds.
        package var length: Duration = .seconds(15)
        /// The most leases that a round acquires, and that are handed over at a time; defaults to 2,000.
        package var mostMoves = 2000

        package init() {}

        /// The time before the end of its lease from which a node begins nothing: for what a request takes from the last
        /// look at the clock to its first byte, and what clocks lose on each other.
        var margin: Duration { max(.milliseconds(500), length / 10) }
        /// The time from one heartbeat to the next.
        var pace: Duration { length / 3 }
        /// The time to the next round where the last one has left something to do.
        var haste: Duration { min(.seconds(1), pace) }
        /// The time from one look for what nobody serves to the next. What is found by two is ended: whoever knows it had the time
        /// to acquire it.
        var patience: Duration { length }
    }

    /// A keeper between its first round and its last.
    enum Stage {
        case running
        /// A transaction's outcome is unknown: everything drains, then a new term begins.
        case distrusting
        /// The dispatcher ends: everything is handed over as it drains.
        case draining
        /// The last round.
        case leaving
        case over
    }
}
