internal import WebhookCore

/// A batch in the making with what is to happen when it is durable; the arrays run parallel to the batch's.
struct PendingCommit {
    var batch = StoreBatch()
    var acceptances: [AcceptanceContext] = []
    var fanOuts: [FanOutContext] = []
    var claims: [UInt64] = []
    var results: [RecordedAttempt] = []
    var settlements: [OpenDelivery] = []
    var health: [Int] = []
    var openCancellations: [Int] = []
    var refills: [RefillContext] = []
    /// The most deliveries that these reads bring.
    var refillRows = 0

    /// Takes everything, and leaves room for as much: the next is mostly as large.
    mutating func take() -> PendingCommit {
        let taken = self
        self = PendingCommit()
        batch.results.reserveCapacity(taken.results.count)
        results.reserveCapacity(taken.results.count)
        batch.acceptances.reserveCapacity(taken.acceptances.count)
        acceptances.reserveCapacity(taken.acceptances.count)
        batch.claims.reserveCapacity(taken.claims.count)
        claims.reserveCapacity(taken.claims.count)
        return taken
    }

    /// Takes what is to be read alone.
    mutating func takeReads() -> PendingCommit {
        var taken = PendingCommit()
        swap(&taken.batch.reads, &batch.reads)
        // Before the events are read that they keep back.
        swap(&taken.batch.setAsides, &batch.setAsides)
        swap(&taken.refills, &refills)
        swap(&taken.refillRows, &refillRows)
        return taken
    }

    /// The queue that a read is for. Of no use where the buffer was cleared since.
    struct RefillContext {
        var queue: Int
        var epoch: Int
    }

    struct AcceptanceContext {
        var token: UInt64
        var event: EventHeader
        var starts: [StartContext]
        /// It was not matched and rendered yet.
        var waitsForFanOut: Bool
        var deliverAt: Timestamp?
    }

    struct FanOutContext {
        var event: PendingEvent
        var starts: [StartContext]

        var header: EventHeader {
            EventHeader(
                row: event.row,
                id: event.event.id,
                topic: event.event.topic,
                tenant: event.event.tenant,
                isTest: event.event.isTest
            )
        }
    }

    /// The start that was decided for a new delivery; its id is only known afterwards.
    struct StartContext {
        var queue: Int
        /// It waits at its event's place.
        var isInOrder = false
        /// `nil` where it is settled at once.
        var queued: QueuedDelivery?
        /// The attempt, where it was claimed with the insert.
        var inFlightAttempt: UInt64?
    }
}

/// An attempt from its claim to its result.
struct InFlightAttempt {
    var queued: QueuedDelivery
    var queue: Int
    var number: Int
    var startedAt: Timestamp
    /// The slots that it takes.
    var slotClass: SlotClass
    /// A send test: it took no slot of its queue's, and says nothing about it.
    var isOutsideLimits: Bool
    /// It is claimed with its queue's rate limiter and has not left.
    var isRateClaimed: Bool
}
