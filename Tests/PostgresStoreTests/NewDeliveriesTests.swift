#if PostgreSQL
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    /// The look for deliveries that others have inserted: what it costs must not grow with what waits.
    @Suite("New deliveries on PostgreSQL", .disabled(if: TestServer.isMissing, TestServer.advice))
    struct NewDeliveriesTests {
        @Test("One that was inserted under way is found once it is committed, and nobody else's are looked at again")
        func lateCommit() async throws {
            try await Self.withStore { target, store in
                let first = try await store.accept("e1", for: ["a", "b", "old"])
                let start = try await store.look(above: Delivery.ID(rawValue: 0))
                #expect(start.touched == ["a", "b", "old"])
                // It takes its id before the next one does, and is committed after that.
                let other = try PostgresConnection(target, isWriter: false)
                try other.run(.begin)
                try other.run(Self.insert, [.int4(Schema.lockClass), .int8(first[1].rawValue)])
                let later = try await store.accept("e2", for: ["a"])
                let during = try await store.look(above: start.highest)
                #expect(during.touched == ["a"])
                #expect(during.highest == later[0])
                try other.run(.commit)
                let after = try await store.look(above: during.highest)
                #expect(after.touched == ["a", "b"])
                let quiet = try await store.look(above: after.highest)
                #expect(quiet.touched == [])
            }
        }

        @Test("One that was under way before anybody looked is found, whatever its id is")
        func fromBefore() async throws {
            try await Self.withStore { target, store in
                let first = try await store.accept("e1", for: ["a", "b"])
                let other = try PostgresConnection(target, isWriter: false)
                try other.run(.begin)
                try other.run(Self.insert, [.int4(Schema.lockClass), .int8(first[1].rawValue)])
                let later = try await store.accept("e2", for: ["a"])
                // As a dispatcher looks that has read everything at its start.
                let during = try await store.look(above: later[0])
                #expect(during.touched == [])
                try other.run(.commit)
                let after = try await store.look(above: during.highest)
                #expect(after.touched == ["a", "b"])
            }
        }

        @Test("A few come themselves, as whoever reads on would get them; many by their subscriptions' names")
        func fewOrMany() async throws {
            try await Self.withStore { _, store in
                let first = try await store.accept("e1", for: ["a"])
                let ids = try await store.accept("e2", for: ["a", "b"])
                var batch = StoreBatch()
                batch.reads.newDeliveriesAbove = first[0]
                batch.reads.refills = [
                    Refill(subscription: "a", after: nil, limit: 10), Refill(subscription: "b", after: nil, limit: 10),
                ]
                let few = try await store.run(batch).reads
                let expected = few.refills.joined().filter { $0.id > first[0] }
                #expect(expected.map(\.id) == ids)
                #expect(few.newDeliveries?.sorted { $0.id < $1.id } == expected)
                _ = try await store.accept("e3", for: Array(repeating: "b", count: 511))
                let many = try await store.run(batch).reads
                #expect(many.newDeliveries == nil && many.touchedSubscriptions == ["a", "b"])
                batch.reads.newDeliveriesAbove = many.highestDelivery
                let none = try await store.run(batch).reads
                #expect(none.newDeliveries == [] && none.touchedSubscriptions == [])
            }
        }

        @Test("It reads new rows alone, however many are open")
        func plan() async throws {
            try await Self.withStore { target, store in
                _ = try await store.accept("e1", for: ["a"])
                let connection = try PostgresConnection(target, isWriter: true)
                try connection.run(
                    Statement(
                        """
                        INSERT INTO deliveries (\(Self.columns))
                        SELECT \(Self.columns) FROM deliveries, generate_series(1, 5000)
                        """
                    )
                )
                try connection.run(Statement("ANALYZE deliveries, subscriptions"))
                try Self.expectPrimaryKey(BatchRun.touched, connection)
            }
        }

        @Test("Attempts are claimed and recorded by the deliveries' ids, also in a table that was empty")
        func planOfAttempts() async throws {
            try await Self.withStore { target, _ in
                let connection = try PostgresConnection(target, isWriter: true)
                for statement in [AttemptRows.record, AttemptRows.claim, AttemptRows.claimInOrder] {
                    try Self.expectPrimaryKey(statement, connection)
                }
            }
        }

        @Test("A lease is asked for by its subscription, however many there are")
        func planOfFence() async throws {
            try await Self.withStore { target, _ in
                let connection = try PostgresConnection(target, isWriter: true)
                try connection.run(
                    Statement("INSERT INTO leases SELECT 's' || n, 'node' FROM generate_series(1, 5000) n")
                )
                try connection.run(Statement("ANALYZE leases"))
                for statement in [LeaseFence.findUnheld, BatchRun.touchedOfNode] {
                    let plan = try Self.plan(statement, connection)
                    let lines = plan.split(separator: "\n")
                    let look = lines.drop { !$0.contains("leases_pkey on leases") }.dropFirst().first
                    #expect(look?.contains("Index Cond: ") == true, "\(plan)")
                    #expect(look?.contains("subscription = ") == true, "\(plan)")
                }
            }
        }

        private static func plan(_ statement: Statement, _ connection: PostgresConnection) throws -> String {
            let parameters = (1...60).filter { statement.sql.contains("$\($0)::") }.map { _ in "NULL" }
            try connection.run(Statement("PREPARE planned AS \(statement.sql)"))
            let explain = Statement("EXPLAIN EXECUTE planned (\(parameters.joined(separator: ", ")))")
            let plan = try connection.run(explain).map { $0.text(0) }.joined(separator: "\n")
            try connection.run(Statement("DEALLOCATE planned"))
            return plan
        }

        private static func expectPrimaryKey(_ statement: Statement, _ connection: PostgresConnection) throws {
            let plan = try plan(statement, connection)
            #expect(plan.contains("deliveries_pkey on deliveries"), "\(plan)")
            #expect(!plan.contains("deliveries_in_flight on deliveries"), "\(plan)")
            // Others of the same subscription (`o`) are looked at through an index of theirs.
            for index in ["state", "open"] {
                for table in ["deliveries d", "deliveries  ("] {
                    #expect(!plan.contains("deliveries_\(index) on \(table)"), "\(plan)")
                }
            }
        }

        private static let columns = """
            event, created_at, due_at, subscription, body, state, content_type, mode, test
            """

        /// Inserts a delivery like another one, as a dispatcher does it.
        private static let insert = Statement(
            """
            WITH held AS (SELECT pg_advisory_xact_lock_shared($1::int4, (identity << 32 >> 32)::int4) FROM meta)
            INSERT INTO deliveries (\(columns)) SELECT \(columns) FROM deliveries, held WHERE id = $2::int8
            """
        )

        private static func withStore(_ body: (PostgresTarget, PostgresStore) async throws -> Void) async throws {
            try await TestServer.withSchema { target in
                let stores = OpenStores()
                defer { stores.close() }
                try await body(target, stores.open(target, role: .dispatcher))
            }
        }
    }

    extension PostgresStore {
        /// Accepts an event with deliveries that wait.
        fileprivate func accept(_ id: String, for subscriptions: [String]) async throws -> [Delivery.ID] {
            let now = Timestamp.now
            let deliveries = subscriptions.map {
                NewDelivery(subscription: $0, mode: .retry, body: 0, contentType: .json, start: .pending(dueAt: now))
            }
            let event = try Event(topic: "a.b", data: "1", id: id)
            var batch = StoreBatch()
            batch.acceptances = [
                Acceptance(
                    event: event,
                    createdAt: now,
                    deliveries: NewDeliveries(bodies: ["1"], deliveries: deliveries)
                )
            ]
            guard case .stored(_, let ids)? = try await run(batch).acceptances.first else { return [] }
            return ids
        }

        /// Looks for what is new.
        fileprivate func look(above id: Delivery.ID) async throws -> (touched: [String], highest: Delivery.ID) {
            var batch = StoreBatch()
            batch.reads.newDeliveriesAbove = id
            let reads = try await run(batch).reads
            return (reads.touchedSubscriptions, reads.highestDelivery ?? id)
        }

        fileprivate func run(_ batch: StoreBatch) async throws -> StoreBatchResult {
            try await withCheckedContinuation { continuation in
                commit(batch) { continuation.resume(returning: $0) }
            }.get()
        }
    }
#endif
