internal import Synchronization
internal import WebhookCore

/// The kinds of background tasks.
enum TaskKind: String, Sendable, CaseIterable {
    case recover = "endpoint.recover"
    case bulkReplay = "endpoint.bulk-replay"
    case missing = "endpoint.replay"
    case purge = "application.purge_content"

    /// Tells whether it sends to an endpoint again.
    var isReplay: Bool { self != .purge }
}

/// The result of a task.
struct TaskResult: Sendable {
    var state: BackgroundTask.State
    var data: APIValue

    init(_ state: BackgroundTask.State, _ data: APIValue) { (self.state, self.data) = (state, data) }

    static func failed(_ reason: String) -> TaskResult { TaskResult(.failed, ["reason": .string(reason)]) }
}

/// The part of the tasks that falls to this process: a few at once, each under a claim of its own.
final class TaskWork: Sendable {
    /// The time for which a claim holds without a step.
    private let claimLength: Duration
    let places = Places(4)
    private let node = Mutex(NodeID(process: .random(in: .min ... .max), term: 0))

    init(_ claimLength: Duration) { self.claimLength = claimLength }

    /// A claim to a task that is made now.
    func claim(_ task: String) -> TaskClaim { TaskClaim(task: task, owner: nextOwner(), length: claimLength) }

    /// Claims a task of the store's that nobody works on.
    func claimNext(in store: any PlatformStore) async throws(StoreError) -> (BackgroundTask, TaskClaim)? {
        let owner = nextOwner()
        let kinds = TaskKind.allCases.map(\.rawValue)
        let found = try await store.claimTasks(of: kinds, for: owner, length: claimLength, limit: 1).first
        return found.map { ($0, TaskClaim(task: $0.id, owner: owner, length: claimLength)) }
    }

    private func nextOwner() -> NodeID {
        node.withLock { node in
            node = node.next
            return node
        }
    }
}

/// A task that this process has claimed.
struct ClaimedTask: Sendable {
    /// The reason for which the work on a task ends before the task does.
    enum Interruption: Error {
        /// The claim doesn't hold any more.
        case lost
        /// The process is to end.
        case stopping
    }

    let api: WebhooksAPI
    let store: any PlatformStore
    let task: BackgroundTask
    let claim: TaskClaim

    /// Renews the claim, for work that is no step.
    func renew() async throws {
        if api.isStopping || Task.isCancelled { throw Interruption.stopping }
        try await take(.advance(by: 0))
    }

    func take(_ step: TaskStep) async throws {
        guard try await store.apply([.step(claim, step)], answer: nil) == .done else { throw Interruption.lost }
    }

    /// The value of a step, which is `nil` where the claim doesn't hold any more.
    func held<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw Interruption.lost }
        return value
    }
}
