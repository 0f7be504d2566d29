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
    /// Withdrawals of open deliveries of subscriptions, in bounded batches.
    public var openCancellations: [OpenCancellation] = []
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
            && fanOuts.isEmpty && openCancellations.isEmpty && setAsides.isEmpty && claims.isEmpty
    }

    /// How many events and deliveries it changes, about.
    public var size: Int { results.count + acceptances.count + fanOuts.count + claims.count }
}

/// The results of a batch; arrays run parallel to the batch's.
public struct StoreBatchResult: Sendable {
    /// What became of each attempt: one that isn't in flight is refused.
    public var results: [AttemptWriteResult] = []
    /// Whether each delivery was pending or waiting.
    public var settlements: [Bool] = []
    public var acceptances: [AcceptanceResult] = []
    public var fanOuts: [FanOutResult] = []
    /// How many deliveries each withdrawal settled; fewer than its limit: all done.
    public var openCancellations: [Int] = []
    public var setAsides: [SetAsideResult] = []
    public var claims: [ClaimResult] = []
    /// What the store won't take. Everything else of the batch is durable; in the arrays above stands what says that
    /// nothing was done.
    public var refusals: [RowRefusal] = []
    public var reads = StoreReadResult()

    public init() {}
}

/// A member of a batch that the store won't take, now or later: its size, a constraint, a trigger of the host's.
///
/// The fault is that one row's: the rest of the batch is durable.
public struct RowRefusal: Sendable, Hashable {
    /// The refused item, by its index in the batch.
    public enum Item: Sendable, Hashable {
        case result(Int)
        case settlement(Int)
        case health(Int)
        case resumption(Int)
        case acceptance(Int)
        /// The event is stored; of its deliveries this one is stored as `failed` with `internal`, without a body.
        case acceptedDelivery(acceptance: Int, delivery: Int)
        case fanOut(Int)
        /// The event is fanned out; of its deliveries this one is stored as `failed` with `internal`, without a body.
        case fannedOutDelivery(fanOut: Int, delivery: Int)
        /// One of the deliveries that a withdrawal would have settled.
        case withdrawal(Int, delivery: Delivery.ID)
        case setAside(Int)
        case claim(Int)
    }

    public var item: Item
    /// In the database's words, which name no value.
    public var reason: String

    public init(_ item: Item, reason: String) {
        self.item = item
        self.reason = reason
    }
}

extension NewDelivery {
    /// Makes it what stands in for a delivery that the store refuses: settled, and without a body.
    public mutating func fail(refusedFor reason: String) {
        body = nil
        if case .settled = start { return }
        start = .settled(.failed, .internal, detail: "the store refuses it: \(reason)")
    }
}

/// An event that waits for its fan-out and doesn't come through it.
///
/// Once set aside it is given out no more: it holds up nobody, until somebody asks for it again
/// (``EventLog/releaseSetAside(_:)``) or cancels it.
public struct SetAside: Sendable, Hashable {
    public enum Cause: Sendable, Hashable {
        /// The store won't take its deliveries.
        case refused(reason: String)
        /// The process ended while it was being rendered. The second time sets it aside.
        case renderingEnded
    }

    /// The event's row.
    public var event: Int64
    public var cause: Cause

    public init(event: Int64, cause: Cause) {
        self.event = event
        self.cause = cause
    }

    /// How many ends of a process set an event aside.
    public static let mostEnds = 2
    /// What is written down then.
    public static let endedReason = "its rendering ended the process \(mostEnds) times"
    /// What is written down of a delivery whose request did so.
    public static let endedRequestDetail = "making the request ended the process \(mostEnds) times"
}

/// The result of a ``SetAside``.
public struct SetAsideResult: Sendable, Hashable {
    /// The event's id; `nil` where it no longer waits for its fan-out.
    public var event: String?
    public var isSetAside: Bool

    public init(event: String?, isSetAside: Bool) {
        self.event = event
        self.isSetAside = isSetAside
    }
}

/// An event that is set aside, and why.
public struct SetAsideEvent: Sendable, Hashable {
    public var id: String
    public var topic: String
    public var reason: String

    public init(id: String, topic: String, reason: String) {
        self.id = id
        self.topic = topic
        self.reason = reason
    }
}

/// The end of a pause whose time is over. Ignored where the pause was lifted or replaced since.
public struct Resumption: Sendable, Hashable {
    public var subscription: String
    /// The pause that ends.
    public var paused: SubscriptionHealth.Paused
    public var at: Timestamp

    public init(subscription: String, paused: SubscriptionHealth.Paused, at: Timestamp) {
        self.subscription = subscription
        self.paused = paused
        self.at = at
    }
}
