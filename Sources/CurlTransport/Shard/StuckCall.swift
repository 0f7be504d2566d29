internal import WebhookCore

/// When a thread has been inside libcurl for too long, and what to do about it. Time is an argument.
struct StuckCall {
    enum Action {
        case none
        /// Note how much was read from every socket.
        case takeNote
        /// Shut down the one from which most was read since.
        case breakOff
    }

    let limit: Duration
    /// The call for which a note was taken.
    private var noted: MonotonicTime?

    init(limit: Duration) {
        self.limit = limit
    }

    /// - Parameter began: when the call began that the thread is in; `nil` outside libcurl.
    mutating func look(began: MonotonicTime?, now: MonotonicTime) -> Action {
        guard let began, now - began >= limit / 2 else {
            noted = nil
            return .none
        }
        guard noted == began else {
            noted = began
            return .takeNote
        }
        guard now - began >= limit else { return .none }
        // The next look begins afresh: another connection may go on where this one ended.
        noted = nil
        return .breakOff
    }
}
