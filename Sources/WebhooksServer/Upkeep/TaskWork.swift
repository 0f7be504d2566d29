internal import Synchronization
internal import WebhookCore

/// The kinds of background tasks.
enum TaskKind: String, Sendable, CaseIterable {
    case recover = "endpoint.recover"
    case bulkReplay = "endpoint.bulk-replay"
    case missing = "endpoint.replay"
    case purge = "application.purge_content"
    case usage = "application.stats"

    /// Tells whether it sends to an endpoint again.
    var isReplay: Bool {
        switch self {
        case .recover, .bulkReplay, .missing: true
        case .purge, .usage: false
        }
    }
}

/// The result of a task.
struct TaskResult: Sendable {
    var state: BackgroundTask.State
    var data: APIValue

    init(_ state: BackgroundTask.State, _ data: APIValue) { (self.state, self.data) = (state, data) }

    static let unreadable = failed("the task's parameters can't be read")

    static func failed(_ reason: String) -> TaskResult { TaskResult(.failed, ["reason": .string(reason)]) }
}

/// The times of background tasks.
package struct TaskTimes: Sendable {
    /// The time for which a task is a process's without a step; then others may take it over.
    package var claim: Duration
    /// The wait after an attempt that failed, twice as long after each that follows it.
    package var firstRetry: Duration

    package init(claim: Duration = .seconds(120), firstRetry: Duration = .seconds(60)) {
        (self.claim, self.firstRetry) = (claim, firstRetry)
    }

    /// The most attempts in a row that get nowhere: then the task has failed.
    static let mostAttempts = 6

    /// The wait after a number of attempts without progress; `nil`: the task has failed.
    func retry(after attempts: Int) -> Duration? {
        attempts < Self.mostAttempts ? firstRetry * (1 << max(0, attempts - 1)) : nil
    }
}

/// The part of the tasks that falls to this process: a few at once, each under a claim of its own.
final class TaskWork: Sendable {
    let times: TaskTimes
    let places = Places(4)
    private let node = Mutex(NodeID(process: .random(in: .min ... .max), term: 0))

    init(_ times: TaskTimes) { self.times = times }

    /// Claims a task of the store's that nobody works on.
    func claimNext(in store: any PlatformStore) async throws(StoreError) -> (BackgroundTask, TaskClaim)? {
        let owner = nextOwner()
        let kinds = TaskKind.allCases.map(\.rawValue)
        let found = try await store.claimTasks(of: kinds, for: owner, length: times.claim, limit: 1).first
        return found.map { ($0, TaskClaim(task: $0.id, owner: owner, length: times.claim)) }
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

    func end(_ result: TaskResult) async throws {
        try await take(.end(result.state, data: result.data.encoded.text, at: .now))
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
