#if PostgreSQL
    package import WebhookCore

    /// Changes of several rows: where one is refused, it is left out and the others are written.
    extension PostgresStore {
        /// A connection within a transaction of the log's.
        struct Session {
            let connection: PostgresConnection
            /// The store's.
            let identity: Int64
            let names: SubscriptionRowCache
            let external: ExternalWrites
            /// The trial, where something was refused: then each item stands alone.
            let trial: RowTrial?

            /// Does something for an item.
            ///
            /// - Returns: why the store refuses it, where it does.
            func item<Value>(_ kind: RowTrial.Kind, _ body: () throws -> Value) throws -> Result<
                Value, RowTrial.Refused
            > {
                guard let trial else { return .success(try body()) }
                return try trial.take(kind, body)
            }

            /// Does work, and undoes it where it says that it came to nothing.
            func allOrNone<Value>(_ work: () throws -> (value: Value, isKept: Bool)) throws -> Value {
                try connection.run(.savepoint)
                let result = try work()
                if !result.isKept { try connection.run(.rollbackToSavepoint) }
                try connection.run(.releaseSavepoint)
                return result.value
            }

            @discardableResult
            func run(_ bound: BoundStatement) throws -> Rows { try connection.run(bound.statement, bound.parameters) }
        }

        /// Runs one transaction on the writing connection, in the order of the calls. Where the store refuses a row, all is done
        /// again with each item in a savepoint.
        ///
        /// - Parameters:
        ///   - names: subscriptions whose rows are needed, made where they are missing.
        ///   - looked: subscriptions whose rows are looked up.
        ///   - hint: the news for dispatchers that listen.
        func write<Value: Sendable>(
            _ holds: PostgresWriter.Guard = .changes,
            making names: Set<String> = [],
            looking looked: Set<String> = [],
            telling hint: StoreHint? = .everything,
            _ body: @escaping @Sendable (Session) throws -> Value
        ) async throws(StoreError) -> Value {
            let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
                onWriter { [self] writer in
                    continuation.resume(
                        returning: transaction(writer, holds, making: names, looking: looked, hint, body)
                    )
                } orElse: { error in
                    continuation.resume(returning: .failure(error))
                }
            }
            return try result.get()
        }

        /// The time for which to ask for the outcome of a COMMIT whose answer was lost, while somebody waits for it.
        private static let patience: Duration = .seconds(20)

        private func transaction<Value>(
            _ writer: WriterState,
            _ holds: PostgresWriter.Guard,
            making names: Set<String>,
            looking looked: Set<String>,
            _ hint: StoreHint?,
            _ body: @escaping (Session) throws -> Value
        ) -> Result<Value, StoreError> {
            var isTrial = false
            var collisions = 0
            var reconnections = 0
            while true {
                do {
                    let connection = try writer.session.connected()
                    try writer.names.learn(looked, making: names, connection)
                    func news() -> [StoreHint] { hasListeners ? [hint].compactMap(\.self) : [] }
                    let value = try writer.session.transaction(holds, patience: Self.patience, telling: news) { _ in
                        { connection in
                            let trial = isTrial ? RowTrial(connection) : nil
                            let session = Session(
                                connection: connection,
                                identity: writer.session.identity,
                                names: writer.names,
                                external: writer.external,
                                trial: trial
                            )
                            let value = try body(session)
                            try trial?.checkVerdicts()
                            return value
                        }
                    }
                    return .success(value)
                } catch let failure as PostgresFailure where failure.isCollision && collisions < Self.mostCollisions {
                    collisions += 1
                } catch let failure as PostgresFailure where failure.isConnectionLost && reconnections < 1 {
                    // Nothing was changed; it may have been lost long ago, by a restart that nobody noticed.
                    reconnections += 1
                } catch  where !isTrial && Self.mayBeOneRows(error) {
                    isTrial = true
                } catch {
                    return .failure(StoreError(error, target))
                }
            }
        }
    }

    extension PostgresStore {
        package func append(_ event: Event, target: String?) async throws(StoreError) -> AcceptanceResult {
            let now = clock.now
            return try await write(telling: .events) { session in
                let acceptance = Acceptance(event: event, createdAt: now, target: target, deliveries: nil)
                return try session.append([acceptance])[0]
            }
        }

        package func append(_ events: [Event]) async throws(StoreError) -> [AcceptanceResult] {
            let now = clock.now
            let acceptances = events.map { Acceptance(event: $0, createdAt: now, deliveries: nil) }
            return try await write(telling: .events) { session in
                guard session.trial != nil else { return try session.append(acceptances) }
                return try acceptances.map { acceptance in
                    switch try session.item(.event, { try session.append([acceptance])[0] }) {
                    case .success(let result): return result
                    case .failure(let refused): return .refused(reason: refused.reason)
                    }
                }
            }
        }
    }

    extension PostgresStore.Session {
        /// Stores events without deliveries.
        func append(_ acceptances: [Acceptance]) throws -> [AcceptanceResult] {
            var results: [AcceptanceResult?] = Array(repeating: nil, count: acceptances.count)
            var pipeline = Pipeline()
            for wave in Waves.of(acceptances, size: { $0.event.data.count }) {
                EventRows.accept(wave.map { acceptances[$0] }, names: names, in: &pipeline) { outcomes in
                    for (index, outcome) in zip(wave, outcomes) { results[index] = outcome }
                }
            }
            try connection.run(pipeline)
            let repeated = results.indices.filter { results[$0] == nil }
            if !repeated.isEmpty {
                let outcomes = try BatchRun.compare(repeated.map { acceptances[$0].event }, connection)
                for (index, outcome) in zip(repeated, outcomes) { results[index] = outcome }
            }
            external.add(
                results.compactMap { result in
                    if case .stored(let row, _)? = result { row } else { nil }
                }
            )
            return results.compactMap { $0 }
        }
    }
#endif
