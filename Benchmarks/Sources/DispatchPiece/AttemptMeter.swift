internal import BenchSupport
internal import Metrics
internal import Synchronization

/// Counts attempts whose results are committed: the product counts them in its metrics once they are.
final class AttemptMeter: Sendable {
    private let succeeded = Atomic<Int>(0)
    private let failed = Atomic<Int>(0)
    /// The number of successes that are waited for.
    private let goal = Atomic<Int>(.max)
    private let waiting = Mutex(Waiting())

    private struct Waiting {
        var continuation: CheckedContinuation<Instant, Never>?
        var reachedAt: Instant?
    }

    var successes: Int { succeeded.load(ordering: .relaxed) }
    var failures: Int { failed.load(ordering: .relaxed) }

    func count(_ amount: Int64, succeeded isSuccess: Bool) {
        guard isSuccess else {
            failed.wrappingAdd(Int(amount), ordering: .relaxed)
            return
        }
        let total = succeeded.wrappingAdd(Int(amount), ordering: .relaxed).newValue
        guard total >= goal.load(ordering: .relaxed) else { return }
        reach()
    }

    private func reach() {
        goal.store(.max, ordering: .relaxed)
        let now = Instant.now
        waiting.withLock { waiting in
            waiting.reachedAt = now
            waiting.continuation?.resume(returning: now)
            waiting.continuation = nil
        }
    }

    /// Sets the number of successes to wait for; before the last of them can happen.
    func expect(_ successes: Int) {
        waiting.withLock { $0.reachedAt = nil }
        goal.store(successes, ordering: .relaxed)
        if self.successes >= successes { reach() }
    }

    /// Waits for what is expected.
    ///
    /// - Returns: when the last result was committed.
    func reached() async -> Instant {
        await withCheckedContinuation { continuation in
            waiting.withLock { waiting in
                if let instant = waiting.reachedAt {
                    continuation.resume(returning: instant)
                } else {
                    waiting.continuation = continuation
                }
            }
        }
    }
}
