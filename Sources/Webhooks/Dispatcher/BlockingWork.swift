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

    /// The first answer counts.
    private final class Answer: Sendable {
        private let continuation: Mutex<CheckedContinuation<Bool, Never>?>

        init(_ continuation: CheckedContinuation<Bool, Never>) { self.continuation = Mutex(continuation) }

        func give(_ answer: Bool) {
            let waiting = continuation.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }
            waiting?.resume(returning: answer)
        }
    }
}
