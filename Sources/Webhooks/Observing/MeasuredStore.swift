internal import Synchronization
internal import WebhookCore
internal import WebhookTransport

/// A store whose transactions are counted and timed.
final class MeasuredStore: DeliveryStore {
    private let store: any DeliveryStore
    private let metrics: DispatcherMetrics

    init(_ store: any DeliveryStore, _ metrics: DispatcherMetrics) {
        (self.store, self.metrics) = (store, metrics)
    }

    func commit(_ batch: StoreBatch, completion: @escaping @Sendable (Result<StoreBatchResult, StoreError>) -> Void) {
        let transaction = MeasuredTransaction()
        transaction.add(batch)
        store.commit(batch) { [metrics] result in
            transaction.end(result.map { [$0] }, metrics)
            completion(result)
        }
    }

    func commit(
        next: @escaping @Sendable () -> StoreBatch?,
        completion: @escaping @Sendable (Result<[StoreBatchResult], StoreError>) -> Void
    ) {
        let transaction = MeasuredTransaction()
        store.commit {
            let batch = next()
            if let batch { transaction.add(batch) }
            return batch
        } completion: { [metrics] result in
            transaction.end(result, metrics)
            completion(result)
        }
    }

    func checkExternalWrites(completion: @escaping @Sendable (Result<Bool, StoreError>) -> Void) {
        store.checkExternalWrites(completion: completion)
    }

    func ping(_ completion: @escaping @Sendable () -> Void) { store.ping(completion) }
}

/// A transaction under way, with what it has been given so far.
final class MeasuredTransaction: Sendable {
    private struct Contents {
        /// The time at which it got the first batch.
        var began: ContinuousClock.Instant?
        var rows = 0
        var isReadOnly = true
        /// For every acceptance of every batch, true when its deliveries come with it.
        var fansOut: [Bool] = []
    }

    private let contents = Mutex(Contents())

    func add(_ batch: StoreBatch) {
        contents.withLock { contents in
            contents.began = contents.began ?? .now
            contents.rows += batch.size
            contents.isReadOnly = contents.isReadOnly && (batch.isReadOnly || batch.isTrial)
            // By index: each of them is large.
            for index in batch.acceptances.indices {
                contents.fansOut.append(batch.acceptances[index].deliveries != nil)
            }
        }
    }

    /// Tells of its end. One that had nothing to change is none; its failure is.
    func end(_ result: Result<[StoreBatchResult], StoreError>, _ metrics: DispatcherMetrics) {
        let contents = contents.withLock(\.self)
        guard let began = contents.began else { return }
        switch result {
        case .failure(let error): metrics.commitFailed(error)
        case .success(let results):
            guard !contents.isReadOnly else { return }
            let accepted = zip(results.lazy.flatMap(\.acceptances), contents.fansOut).count { result, fansOut in
                if case .stored = result { fansOut } else { false }
            }
            let later = results.lazy.flatMap(\.fanOuts).count { if case .stored = $0 { true } else { false } }
            metrics.committed(rows: contents.rows, fannedOut: accepted + later, in: .now - began)
        }
    }
}

extension DispatcherMetrics {
    /// Told of every name that was looked up.
    var onLookup: @Sendable (ResolutionError?, Duration) -> Void {
        { error, duration in self.lookedUp(Self.result(error), in: duration) }
    }

    private static func result(_ error: ResolutionError?) -> String {
        switch error {
        case nil: "found"
        case .notFound: "not_found"
        // Whoever asked may give up before; the lookup itself has its own end.
        case .unavailable, .timedOut: "unavailable"
        case .exhausted: "exhausted"
        }
    }
}
