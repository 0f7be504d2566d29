internal import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory

/// A dispatcher's process between its start and its end.
struct SimulatedProcess {
    var number: Int
    var engine: DeliveryEngine
    var clock: EngineClock
    /// The transaction under way, with the batches that it has taken.
    var commit: [StoreBatch]?
    /// Done, and the engine has not heard of it; the first first.
    var endedCommits: [EndedCommit] = []
    /// The time at which the engine hears of the last of them.
    var lastCommitEnd: Int64 = 0
    /// Requests on the wire, by token.
    var requests: [UInt64: RequestUnderWay] = [:]
    /// The ends of requests whose results are not durable yet, by delivery.
    var endedRequests: [Delivery.ID: (request: RequestUnderWay, at: EngineTime)] = [:]
    var wakeAt: Timestamp?
    /// Counts the alarms set: an older one is of no use.
    var alarm = 0
    /// Subscriptions that the engine knows to be disabled, durably.
    var knownDisabled: Set<String> = []
    /// Pauses that the engine has learned of.
    var knownPauses: [String: KnownPause] = [:]
    /// Batches given out so far.
    var batchesTaken = 0
    var queues: [String: QueueLedger] = [:]
    /// The deliveries prepared for each emit, by token.
    var emits: [UInt64: EmitUnderWay] = [:]
    var lastToken: UInt64 = 0
    var isDraining = false
    /// The store's files are taken away while its next transaction is applied.
    var losesFilesAfterCommit = false
    /// It has learned that the store's files are gone.
    var isStopped = false
    /// The clock was wrong for a moment when it began, and its monotonic clock began there.
    var beganWrong = false
    /// Up to when events were due at the last read.
    var eventsDueBy = Timestamp(milliseconds: 0)

    struct KnownPause {
        /// The number of batches that had been given out: what was decided before may be in the next one.
        var afterBatch: Int
        /// On the engine's monotonic clock.
        var end: Timestamp?
    }

    struct EndedCommit {
        var batches: [StoreBatch]
        var result: Result<[StoreBatchResult], StoreError> = .success([])
        /// The subscriptions that were disabled when the batch read that.
        var disabled: Set<String> = []
        /// The subscriptions that were paused, where a batch has read that.
        var paused: [String: SubscriptionHealth.Paused]?
    }

    struct RequestUnderWay {
        var delivery: Delivery.ID
        var subscription: String
        var mode: DeliveryMode
        var exchange: ScriptedExchange
        var order: SendAction
    }

    struct EmitUnderWay {
        var event: Event
        var subscriptions: [String]?
    }
}
