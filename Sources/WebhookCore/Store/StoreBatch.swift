/// One transaction of the engine's. The members are applied in the order of their declaration; results come back by
/// index.
public struct StoreBatch: Sendable {
    /// Finished attempts and what follows from them.
    public var results: [AttemptWrite] = []
    /// Changes of deliveries without an attempt.
    public var settlements: [Settlement] = []
    /// What is remembered about subscriptions. Never lifts a disabling, nor brings back one from before the last
    /// enabling: both are for ``EventLog/setDisabled(_:subscription:at:)``, perhaps in another process.
    ///
    /// Pauses and ``SubscriptionHealth/retries`` are not taken from here.
    public var health: [SubscriptionHealth] = []
    /// Ends of pauses.
    public var resumptions: [Resumption] = []
    /// New events.
    public var acceptances: [Acceptance] = []
    /// Deliveries of events that are in the store already.
    public var fanOuts: [FanOut] = []
    /// Withdrawals of open deliveries of subscriptions, in bounded portions.
    public var withdrawals: [Withdrawal] = []
    /// Events that wait for their fan-out and are to be set aside, or are nearer to it.
    public var setAsides: [SetAside] = []
    /// Attempts that are about to start.
    public var claims: [Claim] = []
    /// What to read, after everything above.
    public var reads = StoreReads()

    public init() {}

    /// Whether there is nothing to do.
    public var isEmpty: Bool { isReadOnly && reads.isEmpty }

    /// Whether it changes nothing.
    public var isReadOnly: Bool {
        results.isEmpty && settlements.isEmpty && health.isEmpty && resumptions.isEmpty && acceptances.isEmpty
            && fanOuts.isEmpty && withdrawals.isEmpty && setAsides.isEmpty && claims.isEmpty
    }

    /// How many events and deliveries it changes, about.
    public var size: Int { results.count + acceptances.count + fanOuts.count + claims.count }
}

/// What a batch brought; arrays run parallel to the batch's.
public struct StoreBatchResult: Sendable {
    /// What became of each attempt: one that isn't in flight is refused.
    public var results: [AttemptWriteResult] = []
    /// Whether each delivery was pending or waiting.
    public var settlements: [Bool] = []
    public var acceptances: [AcceptanceResult] = []
    public var fanOuts: [FanOutResult] = []
    /// How many deliveries each withdrawal settled; fewer than its limit: all done.
    public var withdrawals: [Int] = []
    public var setAsides: [SetAsideResult] = []
    public var claims: [ClaimResult] = []
    /// What the store won't take. Everything else of the batch is durable; in the arrays above stands what says that
    /// nothing was done.
    public var refusals: [RowRefusal] = []
    public var reads = StoreReadResult()

    public init() {}
}
