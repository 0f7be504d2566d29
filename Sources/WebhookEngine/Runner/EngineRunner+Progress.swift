internal import Synchronization

/// The number of transactions that an engine has begun and ended.
package struct TransactionProgress: Sendable, Hashable {
    package var begun: Int
    package var ended: Int

    package init(begun: Int = 0, ended: Int = 0) {
        self.begun = begun
        self.ended = ended
    }

    /// Tells whether a transaction that was under way before is so still: the store hangs.
    package func hangs(since before: TransactionProgress?) -> Bool {
        guard let before else { return false }
        return before.begun > before.ended && ended == before.ended
    }
}

/// The counters behind ``TransactionProgress``: they change on the engine's queue and on the store's.
final class TransactionCounters: Sendable {
    let begun = Atomic(0)
    let ended = Atomic(0)
}

extension EngineRunner {
    /// Reports how far it is, once the engine's queue has come to the question: a queue that hangs gives no answer.
    package func progress() async -> TransactionProgress {
        await withCheckedContinuation { continuation in
            queue.async { [transactions] in
                // What has ended is read first: it never exceeds what has begun.
                let ended = transactions.ended.load(ordering: .acquiring)
                let begun = transactions.begun.load(ordering: .acquiring)
                continuation.resume(returning: TransactionProgress(begun: begun, ended: ended))
            }
        }
    }
}
