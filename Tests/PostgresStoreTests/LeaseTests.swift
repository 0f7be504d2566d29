#if PostgreSQL
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    @Suite("Leases on PostgreSQL", .disabled(if: TestServer.isMissing, TestServer.advice))
    struct LeaseTests {
        @Test("A dead node's row stays as long as a transaction of its own is under way")
        func keepsRowOfTransaction() async throws {
            try await TestServer.withSchema { target in
                let stores = OpenStores()
                defer { stores.close() }
                let (one, other) = (try stores.open(target, role: .node), try stores.open(target, role: .node))
                _ = try await one.round(1, length: .zero, acquires: ["a"])
                let transaction = try PostgresConnection(target, isWriter: false)
                try transaction.run(.begin)
                try transaction.run(
                    Statement("SELECT 1 FROM nodes WHERE id = $1::text FOR KEY SHARE"),
                    [.text(NodeID(process: 1).rawValue)]
                )
                let early = try await other.round(2, acquires: ["a"])
                #expect(early.acquired == [] && early.nodes.count == 2)
                #expect(try await one.round(1, isNew: false, length: .zero).stands, "a heartbeat doesn't wait for it")
                try transaction.run(.commit)
                let late = try await other.round(2, isNew: false, acquires: ["a"])
                #expect(late.acquired == ["a"] && late.nodes.map(\.record.id.process) == [2])
            }
        }

        @Test("Nodes that ask for the same at the same time get it once")
        func acquiresOnce() async throws {
            try await TestServer.withSchema { target in
                let stores = OpenStores()
                defer { stores.close() }
                let nodes = try (0..<3).map { _ in try stores.open(target, role: .node) }
                let names = (0..<40).map { "s\($0)" }
                for turn in 0..<12 {
                    // Each turn's nodes are new, and those of the turn before are dead: rows are there, and free.
                    let held = try await withThrowingTaskGroup(of: [String].self) { group in
                        for (index, store) in nodes.enumerated() {
                            let order = index.isMultiple(of: 2) ? names : names.reversed()
                            group.addTask {
                                try await store.round(UInt64(turn * 3 + index), acquires: order).acquired
                            }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(held.flatMap(\.self).sorted() == names.sorted())
                    #expect(try await nodes[0].leases().count == names.count)
                    for (index, store) in nodes.enumerated() {
                        _ = try await store.round(UInt64(turn * 3 + index), leaves: true)
                    }
                }
            }
        }

        @Test("Nodes run beside each other, and a command that delivers runs alone")
        func excludesCommands() async throws {
            try await TestServer.withSchema { target in
                let first = try PostgresStore.open(target, role: .node)
                let second = try PostgresStore.open(target, role: .node)
                let refused = try #require(throws: StoreError.self) {
                    try PostgresStore.open(target, role: .dispatcher)
                }
                #expect(refused.code == .locked)
                _ = try await first.round(1, acquires: ["a"])
                first.close()
                second.close()
                let command = try PostgresStore.open(target, role: .dispatcher, purpose: "emit")
                #expect(try await command.nodes() == [], "whoever comes back begins a new term")
                let node = try #require(throws: StoreError.self) { try PostgresStore.open(target, role: .node) }
                #expect(node.code == .locked && node.message.contains("`emit`"))
                command.close()
                try PostgresStore.open(target, role: .node).close()
            }
        }

        @Test("Who takes the dispatcher's lock from outside is named")
        func namesStrangers() async throws {
            try await TestServer.withSchema { target in
                try PostgresStore.open(target, role: .node).close()
                let stranger = try PostgresConnection(target, isWriter: false)
                let identity = try stranger.run(Statement("SELECT identity FROM meta"))[0].int64(0)
                let keys: [Parameter] = [.int4(Schema.dispatcherLockClass), .int4(Int32(truncatingIfNeeded: identity))]
                try stranger.run(Statement("SELECT pg_advisory_lock($1::int4, $2::int4)"), keys)
                let own = try stranger.run(Statement("SELECT current_user::text, pg_backend_pid()"))[0]
                let error = try #require(throws: StoreError.self) { try PostgresStore.open(target, role: .dispatcher) }
                #expect(error.code == .locked)
                #expect(error.message.contains("another program, role \(own.text(0)), server process \(own.int32(1))"))
            }
        }

        @Test("What a command has under way that delivers, without a lease, is not abandoned before its end")
        func leavesCommandsAlone() async throws {
            try await TestServer.withSchema { target in
                let command = try PostgresStore.open(target, role: .dispatcher, purpose: "emit")
                let writer = try PostgresStore.open(target, role: .writer)
                defer { writer.close() }
                let now = Timestamp.now
                let start = NewDelivery.Start.claimed(at: now)
                let new = NewDelivery(subscription: "a", mode: .retry, body: 0, contentType: .json, start: start)
                var batch = StoreBatch()
                batch.acceptances = [
                    Acceptance(
                        event: try Event(topic: "a.b", data: "1", id: "e1"),
                        createdAt: now,
                        deliveries: NewDeliveries(bodies: ["1"], deliveries: [new])
                    )
                ]
                _ = try await command.run(batch)
                func abandoned() async throws -> Int {
                    var look = StoreBatch()
                    look.reads.abandoned = 9
                    return try await writer.run(look).reads.abandoned.count
                }
                #expect(try await abandoned() == 0)
                command.close()
                #expect(try await abandoned() == 1)
            }
        }

        @Test("A sign of life waits for a heartbeat that the server doesn't answer", .timeLimit(.minutes(1)))
        func pingWaits() async throws {
            try await TestServer.withSchema { target in
                let stores = OpenStores()
                defer { stores.close() }
                let store = try stores.open(target, role: .node)
                _ = try await store.round(1)
                let other = try PostgresConnection(target, isWriter: false)
                try other.run(.begin)
                try other.run(Statement("LOCK TABLE nodes IN ACCESS EXCLUSIVE MODE"))
                let (answers, answer) = AsyncStream.makeStream(of: String.self)
                store.hold(LeaseRound(node: NodeRecord(id: NodeID(process: 1)), length: .seconds(9))) { _ in
                    answer.yield("heartbeat")
                }
                store.ping {
                    answer.yield("ping")
                    answer.finish()
                }
                try other.run(.commit)
                #expect(await answers.reduce(into: []) { $0.append($1) } == ["heartbeat", "ping"])
            }
        }

        @Test("Heartbeats are nothing that others look for")
        func heartbeatsAreSilent() async throws {
            try await TestServer.withSchema { target in
                let stores = OpenStores()
                defer { stores.close() }
                let (one, other) = (try stores.open(target, role: .node), try stores.open(target, role: .writer))
                _ = try await one.round(1)
                _ = await other.hasExternalWrites()
                _ = try await one.round(1, isNew: false)
                #expect(await other.hasExternalWrites() == false)
            }
        }

        @Test("What another dispatcher writes is told from what commands write: nobody's health is read for it")
        func writesOfOthers() async throws {
            try await TestServer.withSchema { target in
                let stores = OpenStores()
                defer { stores.close() }
                let (node, command) = (try stores.open(target, role: .node), try stores.open(target, role: .writer))
                let connection = try PostgresConnection(target, isWriter: true)
                let session = try PostgresWriter(connection, role: .writer, purpose: "test") { false }
                let external = ExternalWrites()
                #expect(try external.check(session) == .nothing)
                try await node.insert("first")
                #expect(try external.check(session) == .dispatchers)
                #expect(try external.check(session) == .nothing)
                try await command.insert("second")
                #expect(try external.check(session) == .anything)
                try await node.insert("third")
                try await command.insert("fourth")
                #expect(try external.check(session) == .anything)
            }
        }
    }

    extension PostgresStore {
        fileprivate func round(
            _ process: UInt64,
            isNew: Bool = true,
            length: Duration = .seconds(3600),
            acquires names: [String] = [],
            leaves: Bool = false
        ) async throws -> LeaseRoundResult {
            var round = LeaseRound(node: NodeRecord(id: NodeID(process: process)), length: length)
            (round.registers, round.acquires, round.leaves) = (isNew && !leaves, names, leaves)
            return try await withCheckedContinuation { continuation in
                hold(round) { continuation.resume(returning: $0) }
            }.get()
        }

        /// Accepts an event that nobody gets.
        fileprivate func insert(_ id: String) async throws {
            var batch = StoreBatch()
            let event = try Event(topic: "a.b", data: "1", id: id)
            let none = NewDeliveries(bodies: [], deliveries: [])
            batch.acceptances = [Acceptance(event: event, createdAt: .now, deliveries: none)]
            _ = try await run(batch)
        }

        fileprivate func run(_ batch: StoreBatch) async throws -> StoreBatchResult {
            try await withCheckedContinuation { continuation in
                commit(batch) { continuation.resume(returning: $0) }
            }.get()
        }

        fileprivate func hasExternalWrites() async -> Bool? {
            await withCheckedContinuation { continuation in
                checkExternalWrites { continuation.resume(returning: try? $0.get()) }
            }
        }
    }
#endif
