/// One transaction of the engine's. The members are applied in the order of their declaration; results come back by
/// index.
package struct StoreBatch: Sendable {
    /// The node whose leases the batch needs, in a ``LeaseStore``; `nil`: its dispatcher is the store's only one. Other stores
    /// take no notice of it.
    ///
    /// The node's row stands until the transaction has ended. Of subscriptions whose lease the node doesn't hold, or whose
    /// node's row is gone, nothing changes that their owner alone decides: ``claims`` are refused, ``health``,
    /// ``resumptions`` and ``openCancellations`` do nothing, what would be claimed with its insert is pending, and
    /// ``StoreReads/acquired`` brings nothing: what is in flight there is its owner's. Each such subscription is named in
    /// ``StoreBatchResult/unheld``. Results, settlements and fan-outs say by the row's state alone whether they apply: an
    /// attempt's number is given once, whoever claims.
    package var node: NodeID?
    /// The version of the store's subscriptions that ``acceptances`` and ``fanOuts`` were matched by; `nil`: the store has none,
    /// or it makes no difference.
    ///
    /// Where the store has another one by now, what was matched is out of date: events are stored to be fanned out later,
    /// and fan-outs are refused; see ``StoreBatchResult/newerSubscriptions``.
    package var subscriptionsVersion: Int64?
    /// Finished attempts and what follows from them.
    package var results: [AttemptWrite] = []
    /// Changes of deliveries without an attempt.
    package var settlements: [Settlement] = []
    /// The remembered health of subscriptions. Never lifts a disabling, nor brings back one from before the last
    /// enabling: both are for ``EventLog/setDisabled(_:subscription:at:)``, perhaps in another process.
    ///
    /// Pauses and ``SubscriptionHealth/retries`` are not taken from here.
    package var health: [SubscriptionHealth] = []
    /// Ends of pauses.
    package var resumptions: [Resumption] = []
    /// New events.
    package var acceptances: [Acceptance] = []
    /// Deliveries of events that are in the store already.
    package var fanOuts: [FanOut] = []
    /// Cancellations of what is open of subscriptions, in bounded batches.
    package var openCancellations: [OpenCancellation] = []
    /// Events that wait for their fan-out and are to be set aside, or are nearer to it.
    package var setAsides: [SetAside] = []
    /// Attempts that are about to start.
    package var claims: [Claim] = []
    /// Tells whether to write something that changes nothing: the store has failed, and nothing else is there to be written that would
    /// tell whether it works again.
    package var isTrial = false
    /// The reads, made after everything above.
    package var reads = StoreReads()

    package init() {}

    /// True when there is nothing to do.
    package var isEmpty: Bool { isReadOnly && reads.isEmpty }

    /// True when it changes nothing.
    package var isReadOnly: Bool {
        results.isEmpty && settlements.isEmpty && health.isEmpty && resumptions.isEmpty && acceptances.isEmpty
            && fanOuts.isEmpty && openCancellations.isEmpty && setAsides.isEmpty && claims.isEmpty
            && !isTrial
    }

    /// The same where what was matched is out of date: events wait for their fan-out, and those that wait go on waiting.
    ///
    /// - Parameter version: the version of the store's subscriptions now.
    package func unmatched(_ version: Int64, _ result: inout StoreBatchResult) -> StoreBatch {
        var batch = self
        for index in batch.acceptances.indices { batch.acceptances[index].deliveries = nil }
        batch.fanOuts = []
        result.fanOuts = fanOuts.map { _ in .refused }
        result.newerSubscriptions = version
        return batch
    }

    /// The approximate number of events and deliveries that it changes.
    package var size: Int { results.count + acceptances.count + fanOuts.count + claims.count }
}

/// The results of a batch; arrays run parallel to the batch's.
package struct StoreBatchResult: Sendable {
    /// The outcome for each attempt: one that isn't in flight is refused.
    package var results: [AttemptWriteResult] = []
    /// For each settlement, true when the delivery was pending or waiting.
    package var settlements: [Bool] = []
    package var acceptances: [AcceptanceResult] = []
    package var fanOuts: [FanOutResult] = []
    /// The number of deliveries that each has cancelled; fewer than its limit: all done.
    package var openCancellations: [Int] = []
    package var setAsides: [SetAsideResult] = []
    package var claims: [ClaimResult] = []
    /// The subscriptions of claims, health, resumptions and open cancellations, and of deliveries claimed with their insert,
    /// whose lease ``StoreBatch/node`` doesn't hold.
    package var unheld: Set<String> = []
    /// The version of the store's subscriptions, where ``StoreBatch/subscriptionsVersion`` is another: then every event of
    /// ``acceptances`` waits for its fan-out, and so does that of each of ``fanOuts`` that waited before.
    package var newerSubscriptions: Int64?
    /// The rows that the store won't take. Everything else of the batch is durable; in the arrays above stands what
    /// says that nothing was done.
    package var refusals: [RowRefusal] = []
    package var reads = StoreReadResult()

    package init() {}
}

/// A member of a batch that the store won't take, now or later: its size, a constraint, a trigger of the host's.
///
/// The fault is that one row's: the rest of the batch is durable.
package struct RowRefusal: Sendable, Hashable {
    /// The refused item, by its index in the batch.
    package enum Item: Sendable, Hashable {
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
        /// One of the open deliveries that would have been cancelled.
        case openCancellation(Int, delivery: Delivery.ID)
        case setAside(Int)
        case claim(Int)
    }

    package var item: Item
    /// In the database's words, which name no value.
    package var reason: String

    package init(_ item: Item, reason: String) {
        self.item = item
        self.reason = reason
    }
}

extension NewDelivery {
    /// Makes it what stands in for a delivery that the store refuses: settled, and without a body.
    package mutating func fail(refusedFor reason: String) {
        body = nil
        if case .settled = start { return }
        start = .settled(.failed, .internal, detail: "the store refuses it: \(reason)")
    }
}

/// An event that waits for its fan-out and doesn't come through it.
///
/// Once set aside it is given out no more: it holds up nobody, until somebody asks for it again
/// (``EventLog/releaseSetAside(_:)``) or cancels it.
package struct SetAside: Sendable, Hashable {
    package enum Cause: Sendable, Hashable {
        /// The store won't take its deliveries.
        case refused(reason: String)
        /// The process ended while it was being rendered. The second time sets it aside.
        case renderingEnded
    }

    /// The event's row.
    package var event: Int64
    package var cause: Cause

    package init(event: Int64, cause: Cause) {
        self.event = event
        self.cause = cause
    }

    /// The number of ends of a process after which an event is set aside.
    package static let mostEnds = 2
    /// The reason that is written down then.
    package static let endedReason = "its rendering ended the process \(mostEnds) times"
    /// The detail that is written down of a delivery whose request did so.
    package static let endedRequestDetail = "making the request ended the process \(mostEnds) times"
}

/// The result of a ``SetAside``.
package struct SetAsideResult: Sendable, Hashable {
    /// The event's id; `nil` where it no longer waits for its fan-out.
    package var event: String?
    package var isSetAside: Bool

    package init(event: String?, isSetAside: Bool) {
        self.event = event
        self.isSetAside = isSetAside
    }
}

/// An event that is set aside, and why.
package struct SetAsideEvent: Sendable, Hashable {
    package var id: String
    package var topic: String
    package var reason: String

    package init(id: String, topic: String, reason: String) {
        self.id = id
        self.topic = topic
        self.reason = reason
    }
}

/// The end of a pause whose time is over. Ignored where the pause was lifted or replaced since.
package struct Resumption: Sendable, Hashable {
    package var subscription: String
    /// The pause that ends.
    package var paused: SubscriptionHealth.Paused
    package var at: Timestamp

    package init(subscription: String, paused: SubscriptionHealth.Paused, at: Timestamp) {
        self.subscription = subscription
        self.paused = paused
        self.at = at
    }
}
