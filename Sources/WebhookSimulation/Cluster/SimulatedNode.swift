internal import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory

/// A dispatcher's process among those that share a store, between its start and its end.
struct SimulatedNode {
    let number: Int
    /// The clocks of its machine.
    let clock: VirtualClock
    let time: EngineClock
    /// Its own connection.
    let store: InMemoryStore
    var registry: Registry
    var engine: DeliveryEngine
    var keeper: LeaseKeeper
    /// The batches of the transaction that is being filled; `nil`: none is.
    var commit: [StoreBatch]?
    /// Transactions whose answers have come, and the engine has not heard of them; the first first.
    var endedCommits: [Result<[StoreBatchResult], StoreError>] = []
    /// The time at which the engine hears of the last of them.
    var lastCommitEnd: Int64 = 0
    /// Requests that were handed over to leave, or have left, by token.
    var requests: [UInt64: RequestUnderWay] = [:]
    /// Events that wait for the answer to their emit, by token.
    var emits: [UInt64: Event] = [:]
    var lastToken: UInt64 = 0
    /// Rounds that have come to the store.
    var rounds = 0
    var wakeAt: Timestamp?
    /// Counts the alarms set: an older one is of no use.
    var alarm = 0
    var isDraining = false
    /// It stands still, as after SIGSTOP.
    var isStopped = false
    /// Occurrences of that time, which it sees afterwards.
    var held: [SimulatedCluster.Occurrence] = []
    /// The store can't be reached from its machine.
    var isCutOff = false

    struct RequestUnderWay {
        var order: SendAction
        var result: TransportResult?
    }

    func snapshot(_ renderer: ScriptedRenderer) -> ConfigurationSnapshot {
        ConfigurationSnapshot(registry: registry, renderer: renderer)
    }
}
