internal import WebhookCore

/// The writes and reads of a batch, each with the context of what follows once it is durable.
struct CommitBatch {
    var attempts: [RecordedAttempt] = []
    var settlements: [PendingSettlement] = []
    var health: [PendingHealth] = []
    var resumptions: [Resumption] = []
    var acceptances: [PendingAcceptance] = []
    var fanOuts: [PendingFanOut] = []
    var openCancellations: [PendingCancellation] = []
    var setAsides: [SetAside] = []
    var claims: [PendingClaim] = []
    /// Nothing is to be written, and a write is tried all the same.
    var isTrial = false
    var refills: [PendingRefill] = []
    /// Those who wait for what is read of health.
    var healthReads: [PendingHealthRead] = []
    /// The other reads.
    var reads = StoreReads()
    /// The most deliveries that ``refills`` bring.
    var refillRows = 0

    var isEmpty: Bool {
        attempts.isEmpty && claims.isEmpty && acceptances.isEmpty && fanOuts.isEmpty && !changesSubscriptions
            && setAsides.isEmpty && settlements.isEmpty && refills.isEmpty && reads.isEmpty
            && !isTrial
    }

    private var changesSubscriptions: Bool { !(health.isEmpty && resumptions.isEmpty && openCancellations.isEmpty) }

    /// The kinds of work that its transaction does, for ``StoreTrouble``.
    var work: StoreTrouble.Work {
        // What had failed and is not there any more, nothing else makes up for.
        var work: StoreTrouble.Work = isTrial ? .transactions : []
        if !attempts.isEmpty { work.insert(.results) }
        if !fanOuts.isEmpty { work.insert(.fanOuts) }
        if !claims.isEmpty { work.insert(.claims) }
        if !acceptances.isEmpty { work.insert(.acceptances) }
        if changesSubscriptions || !settlements.isEmpty || !setAsides.isEmpty { work.insert(.changes) }
        if !reads.isEmpty || !refills.isEmpty { work.insert(.reads) }
        return work
    }

    /// The batch as the store takes it: results come back by position.
    var storeBatch: StoreBatch {
        var batch = StoreBatch()
        batch.subscriptionsVersion = subscriptionsVersion
        batch.results = attempts.map(\.write)
        batch.settlements = settlements.map(\.write)
        batch.health = health.map(\.write)
        batch.resumptions = resumptions
        batch.acceptances = acceptances.map(\.write)
        batch.fanOuts = fanOuts.map(\.write)
        batch.openCancellations = openCancellations.map(\.write)
        batch.setAsides = setAsides
        batch.claims = claims.map(\.write)
        batch.reads = reads
        batch.reads.refills = refills.map(\.read)
        // What has come since is trial enough.
        batch.isTrial = isTrial && batch.isReadOnly
        return batch
    }

    /// The oldest version of the store's subscriptions that something in it was matched by.
    private var subscriptionsVersion: Int64? {
        var oldest: Int64?
        // By index: each of them is large.
        for index in acceptances.indices {
            guard let version = acceptances[index].deliveries?.subscriptionsVersion else { continue }
            oldest = min(oldest ?? version, version)
        }
        for index in fanOuts.indices {
            guard let version = fanOuts[index].deliveries.subscriptionsVersion else { continue }
            oldest = min(oldest ?? version, version)
        }
        return oldest
    }

    /// Takes everything, and leaves room for as much: the next is mostly as large.
    mutating func take() -> CommitBatch {
        let taken = self
        self = CommitBatch()
        attempts.reserveCapacity(taken.attempts.count)
        acceptances.reserveCapacity(taken.acceptances.count)
        claims.reserveCapacity(taken.claims.count)
        return taken
    }

    /// Takes what is to be read alone.
    mutating func takeReads() -> CommitBatch {
        var taken = CommitBatch()
        swap(&taken.reads, &reads)
        swap(&taken.healthReads, &healthReads)
        // Before the events are read that they keep back.
        swap(&taken.setAsides, &setAsides)
        swap(&taken.refills, &refills)
        swap(&taken.refillRows, &refillRows)
        return taken
    }

    /// Takes in what failed, before what is there. Results are facts: they stay until they are on record. So do decisions
    /// about subscriptions, and reads.
    mutating func requeue(_ failed: CommitBatch) {
        attempts.insert(contentsOf: failed.attempts, at: 0)
        settlements.insert(contentsOf: failed.settlements, at: 0)
        for write in failed.health where !writesHealth(of: write.queue) { health.append(write) }
        resumptions.insert(contentsOf: failed.resumptions, at: 0)
        openCancellations.insert(contentsOf: failed.openCancellations, at: 0)
        setAsides.insert(contentsOf: failed.setAsides, at: 0)
        reads.interrupted = reads.interrupted || failed.reads.interrupted
        reads.acquired = failed.reads.acquired + reads.acquired
        reads.abandoned = max(reads.abandoned, failed.reads.abandoned)
        reads.health = reads.health || failed.reads.health
        reads.healthOf.formUnion(failed.reads.healthOf)
        healthReads.insert(contentsOf: failed.healthReads, at: 0)
        reads.openSubscriptions = reads.openSubscriptions || failed.reads.openSubscriptions
        reads.takeovers.append(contentsOf: failed.reads.takeovers)
        reads.pendingEventsDueBy = failed.reads.pendingEventsDueBy
        if let above = failed.reads.newDeliveriesAbove { reads.askForNewDeliveries(above: above) }
    }

    /// The queues that have writes or reads; claims and new deliveries are known by their attempts, or to the queue.
    var queues: Set<Int> {
        var queues = Set(health.lazy.map(\.queue))
        queues.formUnion(openCancellations.lazy.map(\.queue))
        queues.formUnion(refills.lazy.map(\.queue))
        return queues
    }

    /// The subscriptions that have attempts to record, or were just acquired.
    var subscriptionsByName: Set<String> {
        Set(attempts.lazy.map(\.delivery.subscription)).union(reads.acquired)
    }

    /// The attempts whose results it records.
    var attemptNumbers: Set<AttemptNumber> {
        Set(attempts.lazy.map { AttemptNumber(delivery: $0.delivery.id, number: $0.attempt.number) })
    }

    func writesHealth(of queue: Int) -> Bool { health.contains { $0.queue == queue } }
}

extension StoreReads {
    /// Asks who has new deliveries. A lower limit that was asked for before stays.
    mutating func askForNewDeliveries(above id: Delivery.ID) {
        newDeliveriesAbove = newDeliveriesAbove.map { min($0, id) } ?? id
    }
}

/// The claim of an attempt.
struct PendingClaim {
    /// The attempt.
    var token: UInt64
    var write: Claim
}

/// The end of a delivery without an attempt.
struct PendingSettlement {
    var delivery: OpenDelivery
    var write: Settlement
}

/// A write of the memory of a queue's subscription.
struct PendingHealth {
    var queue: Int
    var write: SubscriptionHealth
}

/// Somebody who waits until what the store has of the health of some subscriptions is in force.
struct PendingHealthRead {
    var token: UInt64
    var names: [String]
}

/// A batch of a disabled queue's open deliveries to settle.
struct PendingCancellation {
    var queue: Int
    var write: OpenCancellation
}

/// A read for a queue's buffer. Of no use where that was cleared since.
struct PendingRefill {
    var queue: Int
    var epoch: Int
    var read: Refill
}

/// An event to accept.
struct PendingAcceptance {
    /// The token of its emit.
    var token: UInt64
    var event: Event
    var createdAt: Timestamp
    var target: String?
    /// `nil`: it was not matched and rendered yet.
    var deliveries: PlannedDeliveries?

    var write: Acceptance {
        Acceptance(event: event, createdAt: createdAt, target: target, deliveries: deliveries?.write)
    }
}

/// An event in the store, and its deliveries.
struct PendingFanOut {
    var event: PendingEvent
    var createdAt: Timestamp
    var deliveries: PlannedDeliveries

    var write: FanOut {
        FanOut(event: event.row, createdAt: createdAt, deliveries: deliveries.write, data: event.event.data)
    }
}

/// An event's deliveries, with the start that was decided for each.
struct PlannedDeliveries {
    var bodies: [ByteString]
    var deliveries: [PlannedDelivery] = []
    /// The version of the store's subscriptions that they were matched by; `nil`: it makes no difference.
    var subscriptionsVersion: Int64?

    var write: NewDeliveries { NewDeliveries(bodies: bodies, deliveries: deliveries.map(\.new)) }
}

/// A new delivery with its start; its id is only known once it is stored.
struct PlannedDelivery {
    enum Start {
        /// Settled at once.
        case settled
        /// Waits in the store: its subscription left the configuration after the event was matched.
        case left
        /// Waits its turn.
        case queued(QueuedDelivery, queue: Int)
        /// Claimed with the insert: the attempt.
        case claimed(UInt64)
    }

    var new: NewDelivery
    /// It stands at its event's place.
    var isInOrder: Bool
    var start: Start
}

extension EventHeader {
    init(_ event: Event, row: Int64) {
        self.init(
            row: row,
            id: event.id,
            topic: event.topic,
            tenant: event.tenant,
            isTest: event.isTest,
            trace: event.trace
        )
    }
}
