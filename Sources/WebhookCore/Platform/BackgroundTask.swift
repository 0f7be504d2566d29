/// Work that goes on after its request was answered.
package struct BackgroundTask: Sendable, Hashable {
    package enum State: String, Sendable, Hashable, CaseIterable {
        case running, finished, failed
    }

    /// `qtask_…`.
    package var id: String
    /// Such as `endpoint.recover`.
    package var kind: String
    package var application: String?
    /// The thing that it works on, such as an endpoint: of tasks with the same, one is worked on at a time, in the order of their ids.
    package var subject: String?
    package var state: State
    /// The request's fields, as JSON.
    package var parameters: String
    /// The number of messages that it has sent or erased so far.
    package var done: Int
    /// The times that somebody has begun with it since it last got anywhere.
    package var attempts = 0
    /// The result, as JSON.
    package var data: String
    package var updatedAt: Timestamp

    package init(
        id: String,
        kind: String,
        application: String?,
        subject: String? = nil,
        state: State = .running,
        parameters: String = "{}",
        done: Int = 0,
        data: String = "{}",
        updatedAt: Timestamp
    ) {
        self.id = id
        self.kind = kind
        self.application = application
        self.subject = subject
        self.state = state
        self.parameters = parameters
        self.done = done
        self.data = data
        self.updatedAt = updatedAt
    }
}

/// The right to work on a task. It holds until somebody else has claimed the task, which nobody does before its time is over
/// by the store's clock.
package struct TaskClaim: Sendable, Hashable {
    /// The task's id.
    package var task: String
    /// The process, in a term of its own for each claim: one that claims a task again that it has lost is told from before.
    package var owner: NodeID
    /// The time from now, and again from each step.
    package var length: Duration

    package init(task: String, owner: NodeID, length: Duration) {
        self.task = task
        self.owner = owner
        self.length = length
    }
}

/// A step of a task, which only the holder of its claim makes. What belongs to it happens in the same transaction, so that it
/// happens once, whoever takes the task over.
package enum TaskStep: Sendable, Hashable {
    /// It goes on: the claim is renewed, and some more messages were sent or erased. With any, its attempts count from 1 again.
    case advance(by: Int)
    case end(BackgroundTask.State, data: String, at: Timestamp)
    /// It is for somebody else to go on: this was no attempt.
    case release
    /// It failed, and is for anybody to go on with once that time is over by the store's clock.
    case postpone(by: Duration)
}
