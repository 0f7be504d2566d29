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
    var withdrawals: [Int] = []
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

    /// Whose read it is; of no use where the window has forgotten everything since.
    struct RefillContext {
        var lane: Int
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

    /// What was decided for a new delivery; its id is only known afterwards.
    struct StartContext {
        var lane: Int
        /// It waits at its event's place.
        var isInOrder = false
        /// `nil` where it is settled at once.
        var held: HeldDelivery?
        /// The attempt, where it was claimed with the insert.
        var flight: UInt64?
    }
}
