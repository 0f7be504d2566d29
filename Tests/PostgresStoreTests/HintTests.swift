#if PostgreSQL
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    @Suite("Hints on PostgreSQL", .serialized, .disabled(if: TestServer.isMissing, TestServer.advice))
    struct HintTests {
        private static func listening(
            _ body: (PostgresTarget, OpenStores, Heard) async throws -> Void
        ) async throws {
            try await TestServer.withSchema { target in
                let stores = OpenStores()
                defer { stores.close() }
                let heard = Heard()
                try stores.open(target, role: .node).listen { heard.tell($0) }
                // It listens now.
                await heard.wait(for: .leases)
                try await body(target, stores, heard)
            }
        }

        @Test("What a function in the database has stored is told of once it is committed", .timeLimit(.minutes(1)))
        func hearsFunctions() async throws {
            try await Self.listening { target, _, heard in
                let connection = try PostgresConnection(target, isWriter: false)
                let emit = "SELECT emit('a.b', '1', id => 'x')"
                _ = try connection.inTransaction { try connection.run(Statement(emit)) }
                await heard.wait(for: .events)
            }
        }

        @Test("Others' events, commands and leases are told of", .timeLimit(.minutes(1)))
        func hearsSessions() async throws {
            try await Self.listening { target, stores, heard in
                let writer = try stores.open(target, role: .writer)
                _ = try await writer.append(Event(topic: "a.b", data: "1", id: "x"), target: nil)
                await heard.wait(for: .events)
                _ = try await writer.setPaused(.init(at: .now, until: nil), subscription: "crm", at: .now)
                await heard.wait(for: .everything)
                let other = try stores.open(target, role: .node)
                for leaves in [false, true] {
                    var round = LeaseRound(node: NodeRecord(id: NodeID(process: 7)), length: .seconds(3600))
                    (round.registers, round.leaves) = (!leaves, leaves)
                    let held = round
                    _ = try await withCheckedContinuation { continuation in
                        other.hold(held) { continuation.resume(returning: $0) }
                    }.get()
                    await heard.wait(for: .leases)
                }
            }
        }

        @Test("A connection that is lost is made again, and makes up for what was missed", .timeLimit(.minutes(1)))
        func listensAgain() async throws {
            try await Self.listening { target, _, heard in
                let connection = try PostgresConnection(target, isWriter: false)
                await heard.forget()
                let ended = try connection.run(
                    Statement(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE query = 'LISTEN webhooks' AND datname = current_database() AND state = 'idle'
                        """
                    )
                )
                // Those of other suites as well: they come back likewise. In this one, no test runs beside it.
                #expect(ended.count >= 1)
                await heard.wait(for: .everything)
            }
        }

        @Test("What belongs to another store, or is one's own, is no news")
        func readsNotifications() throws {
            let target = try PostgresTarget(url: Secret("postgres://h/d"), schema: .standard)
            func read(_ text: String) -> StoreHint? { StoreNotification.read(text, in: target, ignoring: 17) }
            #expect(read("webhooks events") == .events)
            #expect(read("webhooks deliveries 16") == .deliveries)
            #expect(read("webhooks deliveries 17") == nil)
            #expect(read("other events") == nil)
            #expect(read("webhooks") == .everything)
            #expect(read("webhooks whatever 3") == .everything)
            #expect(read("") == nil)
        }
    }

    /// The hints that were heard, in order.
    private final class Heard: Sendable {
        private let hints: AsyncStream<StoreHint>
        private let continuation: AsyncStream<StoreHint>.Continuation

        init() { (hints, continuation) = AsyncStream.makeStream(of: StoreHint.self) }

        func tell(_ hint: StoreHint) { continuation.yield(hint) }

        /// Waits for a hint, and forgets those before it.
        func wait(for hint: StoreHint) async {
            for await heard in hints where heard == hint { return }
        }

        /// Forgets what was heard.
        func forget() async {
            continuation.yield(.deliveries)
            await wait(for: .deliveries)
        }
    }
#endif
