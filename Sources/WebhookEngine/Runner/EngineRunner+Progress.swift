internal import Synchronization
package import WebhookCore

/// The number of calls of a kind that a store was given and has answered.
package struct CallProgress: Sendable, Hashable {
    package var begun: Int
    package var ended: Int

    package init(begun: Int = 0, ended: Int = 0) {
        self.begun = begun
        self.ended = ended
    }

    /// Tells whether a call that was under way before is so still: the store hangs.
    package func hangs(since before: CallProgress?) -> Bool {
        guard let before else { return false }
        return before.begun > before.ended && ended == before.ended
    }
}

/// How far an engine's store is with what it was given.
package struct StoreProgress: Sendable, Hashable {
    package var transactions = CallProgress()
    /// Where other dispatchers share the store.
    package var leaseRounds = CallProgress()

    package init() {}
}

/// Decides from looks at a store's progress for how long it has not answered a call.
package struct StoreSilence: Sendable {
    /// A silence: its length, as far as it was seen, and what has no answer.
    package struct Finding: Sendable, Hashable {
        package var length: Duration
        /// True when a round of leases is, or is among, what has no answer.
        package var isLeaseRound: Bool
    }

    private var before: (progress: StoreProgress, at: Duration)?
    /// The time of the first look at what still has no answer.
    private var since: Duration?

    package init() {}

    /// - Parameter now: on a monotonic clock.
    /// - Returns: `nil` where nothing hangs.
    package mutating func look(at progress: StoreProgress, now: Duration) -> Finding? {
        defer { before = (progress, now) }
        let isLeaseRound = progress.leaseRounds.hangs(since: before?.progress.leaseRounds)
        guard let before, isLeaseRound || progress.transactions.hangs(since: before.progress.transactions) else {
            since = nil
            return nil
        }
        let since = since ?? before.at
        self.since = since
        return Finding(length: now - since, isLeaseRound: isLeaseRound)
    }
}

/// The counters behind ``CallProgress``: they change on the engine's queue and on the store's.
final class CallCounters: Sendable {
    let begun = Atomic(0)
    let ended = Atomic(0)

    var progress: CallProgress {
        // What has ended is read first: it never exceeds what has begun.
        let ended = ended.load(ordering: .acquiring)
        return CallProgress(begun: begun.load(ordering: .acquiring), ended: ended)
    }
}

extension EngineRunner {
    /// Reports how far the store is, once the engine's queue has come to the question: a queue that hangs gives no answer.
    package func progress() async -> StoreProgress {
        await withCheckedContinuation { continuation in
            queue.async { [transactions, leaseRounds] in
                var progress = StoreProgress()
                (progress.transactions, progress.leaseRounds) = (transactions.progress, leaseRounds.progress)
                continuation.resume(returning: progress)
            }
        }
    }

    /// The store has not answered a call for too long: it fails, until it answers.
    ///
    /// - Parameters:
    ///   - error: says so.
    ///   - isLeaseRound: whether it is a round of leases, or one as well.
    package func storeIsSilent(_ error: StoreError, isLeaseRound: Bool) {
        queue.async { [self] in
            guard fatal == nil else { return }
            process { engine, time in engine.storeIsSilent(error, isLeaseRound: isLeaseRound, at: time) }
        }
    }
}
