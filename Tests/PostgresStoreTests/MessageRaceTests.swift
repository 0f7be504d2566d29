#if PostgreSQL
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    /// Messages that several servers take at the same time.
    @Suite(.disabled(if: TestServer.isMissing, TestServer.advice))
    struct MessageRaceTests {
        @Test("of the same request at several servers, one stores its message and the others know its answer")
        func sameRequest() async throws {
            try await TestServer.withSchema { target in
                let stores = OpenStores()
                defer { stores.close() }
                let servers = try (0..<4).map { _ in try stores.open(target, role: .writer) }
                for round in 0..<8 {
                    let results = try await results(servers) { server in
                        MessageRecord(
                            application: "app_1",
                            eventID: "e\(round)-\(server)",
                            answer: answer("\(round)", server)
                        )
                    }
                    #expect(results.stored == 1)
                    #expect(results.refused == [[String]](repeating: MessageRecord.isAnswered, count: 3))
                }
            }
        }

        @Test("of messages with the same eventId at several servers, one is stored")
        func sameEventID() async throws {
            try await TestServer.withSchema { target in
                let stores = OpenStores()
                defer { stores.close() }
                let servers = try (0..<4).map { _ in try stores.open(target, role: .writer) }
                for round in 0..<8 {
                    let results = try await results(servers) { server in
                        MessageRecord(
                            application: "app_1",
                            eventID: "e\(round)",
                            answer: answer("\(round)-\(server)", server)
                        )
                    }
                    #expect(results.stored == 1)
                    #expect(results.refused == [[String]](repeating: MessageRecord.eventIDIsTaken, count: 3))
                }
            }
        }

        @Test("changes of subscriptions at several servers get numbers in the order in which they are seen")
        func numbers() async throws {
            try await TestServer.withSchema { target in
                let stores = OpenStores()
                defer { stores.close() }
                let servers = try (0..<4).map { _ in try stores.open(target, role: .writer) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (number, server) in servers.enumerated() {
                        group.addTask {
                            for change in 0..<8 {
                                let row = StoredSubscription(
                                    id: "ep_\(number)_\(change)",
                                    name: "ep_\(number)_\(change)",
                                    definition: "{}",
                                    createdAt: .now,
                                    updatedAt: .now
                                )
                                let result = try await server.apply([.insert(row)], answer: nil)
                                guard case .done = result else { throw Unexpected(result: result) }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let rows = try await servers[0].subscriptions(changedSince: 0, limit: 99)
                #expect(rows.map(\.version) == Array(1...32))
            }
        }

        private struct Unexpected: Error {
            var result: StoredSubscriptionResult
        }

        private func answer(_ key: String, _ server: Int) -> StoredAnswer {
            StoredAnswer(
                key: ByteString("key " + key),
                request: "r",
                status: 202,
                body: ByteString("\(server)"),
                expiresAt: .now + .seconds(3600)
            )
        }

        /// The results of a message at each server, all at once.
        private func results(
            _ servers: [PostgresStore],
            _ message: @Sendable (Int) -> MessageRecord
        ) async throws -> (stored: Int, refused: [[String]]) {
            var all: [AcceptanceResult] = []
            try await withThrowingTaskGroup(of: AcceptanceResult.self) { group in
                for (number, server) in servers.enumerated() {
                    var event = try Event(topic: "a.b", data: "1")
                    event.message = message(number)
                    let sent = event
                    group.addTask { try await server.append(sent, target: nil) }
                }
                for try await result in group { all.append(result) }
            }
            let refused = all.compactMap { result -> [String]? in
                if case .conflict(let differences) = result { differences } else { nil }
            }
            return (all.count - refused.count, refused)
        }
    }
#endif
