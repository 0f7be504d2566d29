/// The settings of a simulation.
package struct SimulationConfiguration: Sendable, Hashable {
    /// The number of subscriptions, each with its own receiver; defaults to 6.
    package var subscriptions = 6
    /// Actions before the faults cease; defaults to 90.
    package var actions = 90
    /// The most attempts in flight; defaults to 12.
    package var maxInFlight = 12
    /// True when the process crashes and restarts; defaults to true.
    package var crashes = true
    /// True when the store fails for a while; defaults to true.
    package var storeFaults = true
    /// True when the wall clock steps by an hour; defaults to true.
    package var clockSteps = true
    /// True when the wall clock jumps by days or weeks for a moment; defaults to true.
    package var clockJumps = true
    /// True when commands deliver their own emits between dispatchers; defaults to true.
    package var commands = true
    /// True when the configuration changes; defaults to true.
    package var reloads = true
    /// True when other processes write; defaults to true.
    package var externalWrites = true
    /// True when some events go wrong by themselves: the store refuses their rows, or their rendering kills the
    /// process; defaults to true.
    package var poison = true
    /// True when the store loses its files under a process that has them open; defaults to true.
    package var lostFiles = true
    /// True when some events are large, and rendered while everything else goes on; defaults to true.
    package var largeEvents = true
    /// True when every other subscription is of one tenant, whose attempts have half of the slots; defaults to true.
    package var tenantShare = true
    /// True when deliveries are made due by hand after the faults have ceased; defaults to true.
    package var lateRetries = true
    /// Lines of the trace that a failure shows; defaults to 80.
    package var traceLength = 80

    package init() {}
}

/// The report of a simulation.
package struct SimulationReport: Sendable, Hashable {
    package var events = 0
    package var deliveries = 0
    package var requests = 0
    package var crashes = 0
    /// Processes that delivered their own emits alone.
    package var commands = 0
    package var commits = 0
    package var failedCommits = 0
    /// Transactions that began before the engine had heard of the one before.
    package var commitsAhead = 0
    /// Batches that a transaction took beside its first.
    package var commitsExtended = 0
    /// Deliveries that were cancelled with their subscription before their event was matched.
    package var cancelledUnmatched = 0
    /// Deliveries that were made due by hand.
    package var retries = 0
    /// Deliveries by final state.
    package var states: [String: Int] = [:]
    /// Rows that the store refused.
    package var refusals = 0
    /// Events that were set aside.
    package var setAside = 0
    /// The number of times that each fault occurred.
    package var faults: [SimulatedFault: Int] = [:]
    /// A hash over everything that passed between engine, store and world, in order. Only comparable within a process,
    /// or where `SWIFT_DETERMINISTIC_HASHING` is set.
    package var digest = 0
    /// The most requests that the tenant's subscriptions had at once.
    package var mostOfTenant = 0
    /// The most deliveries that an engine held in memory.
    package var mostBuffered = 0

    package init() {}

    mutating func count(_ fault: SimulatedFault) { faults[fault, default: 0] += 1 }
}

/// A simulation that found an invariant violated. The seed replays it.
package struct SimulationFailure: Error, CustomStringConvertible {
    package var seed: UInt64
    package var reason: String
    package var trace: [String]

    package var description: String {
        "seed \(seed): \(reason)\nWEBHOOKS_SIM_SEED=\(seed) WEBHOOKS_SIM_SEEDS=1 replays it; the last steps:\n"
            + trace.joined(separator: "\n")
    }
}
