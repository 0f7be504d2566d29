/// The settings of a simulation of several dispatchers.
package struct ClusterConfiguration: Sendable, Hashable {
    /// The number of subscriptions, each with its own receiver; defaults to 6.
    package var subscriptions = 6
    /// Actions before the faults cease; defaults to 70.
    package var actions = 70
    /// The most dispatchers at a time; defaults to 4.
    package var mostNodes = 4
    /// Some nodes are killed in the middle of a transaction, some stopped between a decision to send and the first byte,
    /// and some killed as the last that knows a subscription, which chance alone seldom does; defaults to true.
    package var hitsMoments = true
    /// Rules that are taken back, to see that this is found; defaults to none.
    package var without: Set<ClusterRule> = []
    /// Lines of the trace that a failure shows; defaults to 80.
    package var traceLength = 80

    package init() {}
}

/// A rule that keeps several dispatchers apart.
package enum ClusterRule: Sendable, CaseIterable {
    /// The last look at the clock before a request's first byte.
    case lastLook
    /// The store's refusal of what a node decides about that it doesn't hold.
    case fence
    /// The end of what is in flight and nobody serves.
    case abandoned
}

/// A fault that a simulation of several dispatchers injects, or what follows from one.
package enum ClusterFault: String, Sendable, CaseIterable {
    /// Dispatchers that come and go.
    case crash, join, leave, reload, olderFile
    /// SIGSTOP, for less than a lease and past it.
    case stop, stopPastLease
    /// A dispatcher is cut off from the store, or the store is away.
    case cutOff, outage
    /// A transaction or a round that failed, as far as its node knows: it never happened, it did, or it does in a while.
    case lostTransaction, lostAnswer, lateTransaction, lostRound, lostRoundAnswer, lateRound
    /// A transaction of a process that is gone.
    case orphanedTransaction
    /// Events that others have stored; some become visible after others that come behind them.
    case foreignEmit, lateForeignEmit
    /// A request that its node's lease didn't last for, and a node that found its lease lost.
    case tooLate, lostLease
    /// The only dispatcher that knows a subscription is killed while something of it is under way, and it is in no file any more.
    case lostSubscription
}

/// The report of a simulation of several dispatchers.
package struct ClusterReport: Sendable, Hashable {
    package var nodes = 0
    package var events = 0
    package var deliveries = 0
    package var requests = 0
    package var commits = 0
    package var rounds = 0
    /// Deliveries by final state.
    package var states: [String: Int] = [:]
    /// The number of times that each fault occurred.
    package var faults: [ClusterFault: Int] = [:]
    /// A digest of everything that passed between engines, store and world, in order. Only comparable within a process, or where
    /// `SWIFT_DETERMINISTIC_HASHING` is set.
    package var digest = 0

    package init() {}

    mutating func count(_ fault: ClusterFault) { faults[fault, default: 0] += 1 }
}
