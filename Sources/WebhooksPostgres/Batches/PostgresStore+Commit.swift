#if PostgreSQL
    internal import Synchronization
    package import WebhookCore

    extension PostgresStore {
        package func commit(
            _ batch: StoreBatch,
            completion: @escaping @Sendable (Result<StoreBatchResult, StoreError>) -> Void
        ) {
            let source = BatchSource(batch)
            commit(next: source.take) { result in completion(result.map { $0[0] }) }
        }

        private final class BatchSource: Sendable {
            private let batches: Mutex<[StoreBatch]>

            init(_ batch: StoreBatch) { batches = Mutex([batch]) }

            func take() -> StoreBatch? { batches.withLock { $0.popLast() } }
        }

        /// A transaction of this number of changes takes no more batches: it is worth its wait for the disk.
        private static let fullTransaction = 256

        package func commit(
            next: @escaping @Sendable () -> StoreBatch?,
            completion: @escaping @Sendable (Result<[StoreBatchResult], StoreError>) -> Void
        ) {
            onWriter { [self] writer in
                var batches: [StoreBatch] = []
                var size = 0
                while size < Self.fullTransaction, let batch = next() {
                    batches.append(batch)
                    size += batch.size
                }
                completion(commit(batches, writer))
            } orElse: { error in
                // It is what was to be stored that fails.
                completion(next() == nil ? .success([]) : .failure(error))
            }
        }

        package func checkExternalWrites(completion: @escaping @Sendable (Result<Bool, StoreError>) -> Void) {
            guard role != .reader else { return completion(.success(false)) }
            onWriter { [self] writer in
                do {
                    let isDue = role == .node && writer.external.isDue(at: .now)
                    switch try writer.external.check(writer.session) {
                    // As they would have said themselves: every subscription's health need not be read for that.
                    case .dispatchers where !isDue && tell(.deliveries): completion(.success(false))
                    case .dispatchers, .anything: completion(.success(true))
                    case .nothing: completion(.success(isDue))
                    }
                } catch {
                    let error = StoreError(error, target)
                    completion(error.isFinal ? .failure(error) : .success(false))
                }
            } orElse: { _ in
                completion(.success(false))
            }
        }

        // MARK: Transactions

        private func commit(_ batches: [StoreBatch], _ writer: WriterState) -> Result<[StoreBatchResult], StoreError> {
            guard !batches.isEmpty else { return .success([]) }
            var collisions = 0
            var isReconnected = false
            while true {
                do {
                    return .success(try applied(batches, writer))
                } catch let failure as PostgresFailure where failure.isCollision && collisions < Self.mostCollisions {
                    // Two transactions that meet in another order than the other's: the server ends one of them.
                    collisions += 1
                } catch let failure as PostgresFailure where failure.isConnectionLost && !isReconnected {
                    // Nothing was changed; it may have been lost long ago, by a restart that nobody noticed.
                    isReconnected = true
                } catch {
                    return .failure(StoreError(writer.session.connection?.explained(error) ?? error, target))
                }
            }
        }

        /// The number of times that a transaction is begun again that met others.
        static let mostCollisions = 10

        private func applied(_ batches: [StoreBatch], _ writer: WriterState) throws -> [StoreBatchResult] {
            let connection = try writer.session.connected()
            for batch in batches {
                let names = BatchRun.subscriptions(of: batch)
                try writer.names.learn(names.all, making: names.needed, connection)
            }
            let runs = runs(batches, writer)
            // What was acquired is read only while the lease stands, and what was abandoned once the dead nodes' rows are gone.
            if batches.allSatisfy({ $0.isReadOnly && $0.reads.acquired.isEmpty && $0.reads.abandoned == 0 }) {
                if let results = try read(runs, writer) { return results }
            }
            do {
                return try written(runs, of: batches, writer, checksFirst: false)
            } catch is BatchRun.NeedsChecks {
                return try written(self.runs(batches, writer), of: batches, writer, checksFirst: true)
            }
        }

        private func runs(_ batches: [StoreBatch], _ writer: WriterState) -> [BatchRun] {
            batches.map { batch in
                let run = BatchRun(batch, names: writer.names, clock: clock, locks: writer.session.lockKeys)
                run.earlierInserters = writer.inserters
                return run
            }
        }

        /// Runs a transaction.
        ///
        /// - Parameter checksFirst: whether it waits for its checks before it writes, a round trip more. Otherwise everything is
        ///   written as if they found nothing.
        /// - Throws: ``BatchRun/NeedsChecks`` where they have found something, and nothing was changed.
        private func written(
            _ runs: [BatchRun],
            of batches: [StoreBatch],
            _ writer: WriterState,
            checksFirst: Bool
        ) throws -> [StoreBatchResult] {
            var isDone = false
            // Where it fails, the next look is told of those as well.
            defer { if !isDone { for run in runs { writer.keep(run.inserters) } } }
            let checks = Self.checks(runs, areFirst: checksFirst)
            // Of batches as the checks have left them.
            func news() -> [StoreHint] { self.news(in: runs.map(\.batch)) }
            do {
                try writer.session.transaction(
                    guarding(batches),
                    patience: nil,
                    telling: news,
                    preparing: checksFirst ? checks : nil
                ) { pipeline in
                    if !checksFirst { checks?(&pipeline) }
                    for run in runs {
                        run.addWrites(to: &pipeline)
                        run.addReads(to: &pipeline)
                    }
                    return { connection in for run in runs { try run.finish(connection) } }
                }
            } catch  where Self.mayBeOneRows(error) {
                return try appliedSingly(batches, writer)
            }
            isDone = true
            return done(runs, writer)
        }

        /// The news for others in batches, each kind once. Nobody is told where nobody is, and what is missed is found by looking.
        private func news(in batches: [StoreBatch]) -> [StoreHint] {
            guard hasListeners else { return [] }
            let new = batches.flatMap { $0.acceptances.compactMap(\.deliveries) + $0.fanOuts.map(\.deliveries) }
            let hasOpen = new.contains { new in
                new.deliveries.contains { delivery in
                    switch delivery.start {
                    case .pending, .inOrder: true
                    case .claimed, .settled: false
                    }
                }
            }
            let hasEvents = batches.contains { $0.acceptances.contains { $0.deliveries == nil } }
            return (hasOpen ? [.deliveries] : []) + (hasEvents ? [.events] : [])
        }

        /// - Returns: what finds out which parts of batches come too late: their nodes' leases, and the subscriptions that events
        ///   were matched by; `nil`: they have neither.
        private static func checks(_ runs: [BatchRun], areFirst: Bool) -> ((inout Pipeline) -> Void)? {
            guard runs.contains(where: \.hasChecks) else { return nil }
            return { pipeline in
                for run in runs {
                    run.addVersionCheck(to: &pipeline, isFirst: areFirst)
                    run.addFence(to: &pipeline, isFirst: areFirst)
                }
            }
        }

        private func guarding(_ batches: [StoreBatch]) -> PostgresWriter.Guard {
            batches.contains(where: BatchRun.inserts) ? .inserts : .changes
        }

        /// Tells whether something among what was to be written may be to blame, and the rest can be stored.
        static func mayBeOneRows(_ error: any Error) -> Bool {
            if error is AttemptRows.BodyDamage { return true }
            guard let failure = error as? PostgresFailure else { return false }
            return failure.fault != .store && !failure.isCollision
        }

        /// Reads without a transaction that others would have to wait for.
        ///
        /// - Returns: `nil` where something was found that has to be changed first.
        private func read(_ runs: [BatchRun], _ writer: WriterState) throws -> [StoreBatchResult]? {
            let connection = try writer.session.connected()
            var isDone = false
            defer { if !isDone { for run in runs { writer.keep(run.inserters) } } }
            var pipeline = Pipeline()
            for run in runs {
                run.addPlaces(to: &pipeline)
                run.addReads(to: &pipeline)
            }
            try connection.run(pipeline)
            guard runs.allSatisfy({ $0.damage.isEmpty }) else {
                for run in runs { run.damage = [] }
                return nil
            }
            for run in runs { try run.readAfterInserters(connection) }
            isDone = true
            return done(runs, writer)
        }

        /// Somewhere among them is a row that would fail every transaction it is in.
        private func appliedSingly(_ batches: [StoreBatch], _ writer: WriterState) throws -> [StoreBatchResult] {
            let runs = runs(batches, writer)
            let checks = Self.checks(runs, areFirst: true)
            try writer.session.transaction(guarding(batches), patience: nil, preparing: checks) { _ in
                { connection in
                    let trial = RowTrial(connection)
                    for run in runs {
                        try run.apply(trial, connection)
                        var reads = Pipeline()
                        run.addReads(to: &reads)
                        try connection.run(reads)
                        try run.finish(connection)
                    }
                    try trial.checkVerdicts()
                }
            }
            return done(runs, writer)
        }

        /// Notes what follows once the results are durable.
        private func done(_ runs: [BatchRun], _ writer: WriterState) -> [StoreBatchResult] {
            for run in runs {
                if let inserters = run.inserters { writer.inserters = inserters }
                for (acceptance, outcome) in zip(run.batch.acceptances, run.result.acceptances) {
                    guard acceptance.deliveries == nil, case .stored(let row, _) = outcome else { continue }
                    writer.external.add([row])
                }
            }
            return runs.map(\.result)
        }
    }
#endif
