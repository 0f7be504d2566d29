/// The settings of a simulation.
public struct SimulationConfiguration: Sendable, Hashable {
    /// The number of subscriptions, each with its own receiver; defaults to 6.
    public var subscriptions = 6
    /// Actions before the faults cease; defaults to 90.
    public var actions = 90
    /// The most attempts in flight; defaults to 12.
    public var maxInFlight = 12
    /// Whether the process crashes and restarts; defaults to true.
    public var crashes = true
    /// Whether the store fails for a while; defaults to true.
    public var storeFaults = true
    /// Whether the wall clock steps by an hour; defaults to true.
    public var clockSteps = true
    /// Whether the wall clock jumps by days or weeks for a moment; defaults to true.
    public var clockJumps = true
    /// Whether commands deliver their own emits between dispatchers; defaults to true.
    public var commands = true
    /// Whether the configuration changes; defaults to true.
    public var reloads = true
    /// Whether other processes write; defaults to true.
    public var externalWrites = true
    /// Whether some events go wrong by themselves: the store refuses their rows, or their rendering kills the process;
    /// defaults to true.
    public var poison = true
    /// Whether the store loses its files under a process that has them open; defaults to true.
    public var lostFiles = true
    /// Whether some events are large, and rendered while everything else goes on; defaults to true.
    public var largeEvents = true
    /// Whether deliveries are made due by hand after the faults have ceased; defaults to true.
    public var lateRetries = true
    /// Lines of the trace that a failure shows; defaults to 80.
    public var traceLength = 80

    public init() {}
}

/// The report of a simulation.
public struct SimulationReport: Sendable, Hashable {
    public var events = 0
    public var deliveries = 0
    public var requests = 0
    public var crashes = 0
    /// Processes that delivered their own emits alone.
    public var commands = 0
    public var commits = 0
    public var failedCommits = 0
    /// Transactions that began before the engine had heard of the one before.
    public var commitsAhead = 0
    /// Batches that a transaction took beside its first.
    public var commitsExtended = 0
    /// Deliveries that were cancelled with their subscription before their event was matched.
    public var cancelledUnmatched = 0
    /// Deliveries that were made due by hand.
    public var retries = 0
    /// Deliveries by final state.
    public var states: [String: Int] = [:]
    /// Rows that the store refused.
    public var refusals = 0
    /// Events that were set aside.
    public var setAside = 0
    /// The number of times that each fault occurred.
    public var faults: [SimulatedFault: Int] = [:]
    /// Of everything that passed between engine, store and world, in order. Only comparable within a process, or where
    /// `SWIFT_DETERMINISTIC_HASHING` is set.
    public var digest = 0
    /// The most deliveries that an engine held in memory.
    public var mostBuffered = 0

    public init() {}

    mutating func count(_ fault: SimulatedFault) { faults[fault, default: 0] += 1 }
}

/// A simulation that found an invariant violated. The seed replays it.
public struct SimulationFailure: Error, CustomStringConvertible {
    public var seed: UInt64
    public var reason: String
    public var trace: [String]

    public var description: String {
        "seed \(seed): \(reason)\nWEBHOOKS_SIM_SEED=\(seed) WEBHOOKS_SIM_SEEDS=1 replays it; the last steps:\n"
            + trace.joined(separator: "\n")
    }
}
