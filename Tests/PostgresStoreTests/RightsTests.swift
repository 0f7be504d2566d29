#if PostgreSQL
    import Foundation
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    @Suite("Rights that are taken away", .disabled(if: TestServer.isMissing, TestServer.advice))
    struct RightsTests {
        /// Runs a test with a store on which a role of its own has all rights.
        private func withRole(
            _ body: (_ store: PostgresStore, _ admin: PostgresConnection, _ role: String) async throws -> Void
        ) async throws {
            try await TestServer.withSchema { target in
                let admin = try PostgresConnection(target, isWriter: false)
                _ = try Schema.open(admin, makes: true)
                let (schema, role) = (target.schema.quoted, "\(target.schema.name)_role")
                for statement in [
                    "CREATE ROLE \(role) LOGIN", "GRANT USAGE ON SCHEMA \(schema) TO \(role)",
                    "GRANT ALL ON ALL TABLES IN SCHEMA \(schema) TO \(role)",
                    "GRANT ALL ON ALL SEQUENCES IN SCHEMA \(schema) TO \(role)",
                ] {
                    try admin.run(Statement(statement))
                }
                let url = try #require(TestServer.url).replacing("user=webhooks", with: "user=\(role)")
                let own = try PostgresTarget(url: Secret(url), schema: target.schema)
                let store = try PostgresStore.open(own, role: .node)
                do {
                    try await body(store, admin, role)
                } catch {
                    Issue.record(error)
                }
                store.close()
                for statement in ["DROP OWNED BY \(role) CASCADE", "DROP ROLE \(role)"] {
                    try admin.run(Statement(statement))
                }
            }
        }

        private func commit(_ store: PostgresStore, _ id: String) async -> Result<StoreBatchResult, StoreError> {
            var batch = StoreBatch()
            let event = Event(
                stored: id,
                topic: "a.b",
                data: "1",
                tenant: nil,
                occurredAt: .now,
                occurredAtIsGiven: false,
                deliverAt: nil,
                isTest: false
            )
            batch.acceptances = [
                Acceptance(event: event, createdAt: .now, deliveries: NewDeliveries(bodies: [], deliveries: []))
            ]
            return await withCheckedContinuation { continuation in
                store.commit(batch) { continuation.resume(returning: $0) }
            }
        }

        private func error<Value>(_ result: Result<Value, StoreError>) -> StoreError? {
            if case .failure(let error) = result { error } else { nil }
        }

        private func look(_ store: PostgresStore) async -> Result<Bool, StoreError> {
            await withCheckedContinuation { continuation in
                store.checkExternalWrites { continuation.resume(returning: $0) }
            }
        }

        private func renew(_ store: PostgresStore) async -> Result<LeaseRoundResult, StoreError> {
            var round = LeaseRound(node: NodeRecord(id: NodeID(process: 1)), length: .seconds(9))
            round.registers = true
            return await withCheckedContinuation { continuation in
                store.hold(round) { continuation.resume(returning: $0) }
            }
        }

        @Test("A schema that the role may not use is no damage: it is waited for")
        func schema() async throws {
            try await withRole { store, admin, role in
                let schema = admin.target.schema.quoted
                #expect(error(await commit(store, "before")) == nil)
                #expect(error(await renew(store)) == nil)
                _ = try await store.health()
                try admin.run(Statement("REVOKE USAGE ON SCHEMA \(schema) FROM \(role)"))
                #expect(await look(store) == .success(false))
                let read = await #expect(throws: StoreError.self) { try await store.health() }
                for error in [error(await commit(store, "refused")), error(await renew(store)), read] {
                    #expect(error?.code == .readOnly && error?.message.contains("permission denied for schema") == true)
                }
                try admin.run(Statement("GRANT USAGE ON SCHEMA \(schema) TO \(role)"))
                #expect(error(await commit(store, "after")) == nil)
                #expect(error(await renew(store)) == nil)
            }
        }

        @Test("Tables that are gone are damage, whatever rights there are")
        func tables() async throws {
            try await withRole { store, admin, _ in
                try admin.run(Statement("ALTER TABLE writers RENAME TO lost"))
                #expect(error(await commit(store, "e"))?.code == .damaged)
                try admin.run(Statement("ALTER TABLE lost RENAME TO writers"))
            }
        }

        @Test("A dispatcher that may not write is known as such, and not for hung")
        func writes() async throws {
            try await withRole { store, admin, role in
                store.note(.alive)
                _ = await look(store)
                var record = try await store.dispatcher()
                #expect(record?.trouble == nil && record?.lastSignOfLife != nil)
                try admin.run(
                    Statement(
                        "REVOKE INSERT, UPDATE ON ALL TABLES IN SCHEMA \(admin.target.schema.quoted) FROM \(role)"
                    )
                )
                record = try await store.dispatcher()
                #expect(record != nil && record?.trouble == "read_only" && record?.lastSignOfLife == nil)
            }
        }
    }
#endif
