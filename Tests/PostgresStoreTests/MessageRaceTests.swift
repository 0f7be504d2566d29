#if PostgreSQL
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    /// Messages that several servers take at the same time.
    @Suite(.disabled(if: TestServer.isMissing, TestServer.advice))
    struct MessageRaceTests {
        /// The thing that messages have in common.
        enum Shared: CaseIterable {
            case request, eventID

            var refusal: [String] { self == .request ? MessageRecord.isAnswered : MessageRecord.eventIDIsTaken }

            func message(_ round: Int, _ server: Int) -> MessageRecord {
                let (common, own) = ("\(round)", "\(round)-\(server)")
                return MessageRecord(
                    application: "app_1",
                    eventID: self == .eventID ? common : own,
                    answer: StoredAnswer(
                        key: ByteString(self == .request ? common : own),
                        request: "r",
                        status: 202,
                        body: ByteString("\(server)"),
                        expiresAt: .now + .seconds(3600)
                    )
                )
            }
        }

        @Test("Of messages that several servers take at the same time one is stored", arguments: Shared.allCases)
        func sameMessage(_ shared: Shared) async throws {
            try await withServers { servers in
                for round in 0..<8 {
                    let results = try await results(servers) { shared.message(round, $0) }
                    #expect(results.stored == 1)
                    #expect(results.refused == [[String]](repeating: shared.refusal, count: 3))
                }
            }
        }

        /// Runs a test with four servers of one store.
        private func withServers(_ body: ([PostgresStore]) async throws -> Void) async throws {
            try await TestServer.withSchema { target in
                let stores = OpenStores()
                defer { stores.close() }
                try await body((0..<4).map { _ in try stores.open(target, role: .writer) })
            }
        }

        @Test("Changes of subscriptions at several servers get numbers without a gap")
        func numbers() async throws {
            try await withServers { servers in
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
