internal import Dispatch
internal import Synchronization
internal import WebhookCore

/// Work that may block for longer than anybody wants to wait.
enum BlockingWork {
    /// Runs it on a thread of its own, and waits for it as long as the limit allows.
    ///
    /// - Returns: whether it has ended by then. If not, it goes on.
    @discardableResult
    static func run(within limit: Duration, _ work: @escaping @Sendable () -> Void) async -> Bool {
        await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            let answer = Answer(continuation)
            DispatchQueue(label: "webhooks.blocking").async {
                work()
                answer.give(true)
            }
            let milliseconds = Int(clamping: limit.wholeMilliseconds)
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(max(0, milliseconds))) {
                answer.give(false)
            }
        }
    }

    /// Waits for a task's value as long as the limit allows.
    ///
    /// - Returns: `nil` where it takes longer. Then it is cancelled, and ends by itself.
    static func value<Value: Sendable>(
        within limit: Duration,
        _ work: @escaping @Sendable () async -> Value?
    ) async -> Value? {
        await withCheckedContinuation { (continuation: CheckedContinuation<Value?, Never>) in
            let answer = Answer(continuation)
            let task = Task { answer.give(await work()) }
            let milliseconds = Int(clamping: limit.wholeMilliseconds)
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(max(0, milliseconds))) {
                task.cancel()
                answer.give(nil)
            }
        }
    }

    /// The first answer counts.
    private final class Answer<Value: Sendable>: Sendable {
        private let continuation: Mutex<CheckedContinuation<Value, Never>?>

        init(_ continuation: CheckedContinuation<Value, Never>) { self.continuation = Mutex(continuation) }

        func give(_ answer: Value) {
            let waiting = continuation.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }
            waiting?.resume(returning: answer)
        }
    }
}
