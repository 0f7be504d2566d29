#if PostgreSQL
    import Foundation
    import Glibc
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    @Suite("What is told of a server", .disabled(if: TestServer.isMissing, TestServer.advice))
    struct ServerFactsTests {
        @Test("Names what holds vacuum back, and nothing that doesn't")
        func vacuumHolders() async throws {
            try await TestServer.withSchema { target in
                let connection = try PostgresConnection(target, isWriter: true)
                _ = try Schema.open(connection, makes: true)
                let own = "webhooks_\(UInt32.random(in: 0 ... .max))"
                func names() throws -> Set<String> {
                    Set(try ServerFacts.read(connection, .zero).vacuumHolders.map { "\($0.kind) \($0.name)" })
                }
                let open = try PostgresConnection(target, isWriter: true)
                try open.run(Statement("SET application_name = '\(own)'"))
                #expect(try !names().contains { $0.contains(own) })
                try open.run(.begin)
                try open.run(Statement("SELECT pg_current_xact_id()"))
                let prepared = try PostgresConnection(target, isWriter: true)
                try prepared.run(.begin)
                try prepared.run(Statement("SELECT pg_current_xact_id()"))
                try prepared.run(Statement("PREPARE TRANSACTION '\(own)'"))
                defer { _ = try? prepared.run(Statement("ROLLBACK PREPARED '\(own)'")) }
                try connection.run(Statement("SELECT pg_create_physical_replication_slot('\(own)', true)"))
                defer { _ = try? connection.run(Statement("SELECT pg_drop_replication_slot('\(own)')")) }
                let found = try names()
                #expect(found.contains("prepared \(own)") && found.contains("slot \(own)"), "\(found)")
                #expect(
                    found.contains { $0.hasPrefix("session process \(open.backend) ") && $0.hasSuffix(own) },
                    "\(found)"
                )
                // What has just begun is nothing that somebody has forgotten.
                let old = try ServerFacts.read(connection, .seconds(3600)).vacuumHolders
                #expect(!old.contains { $0.kind != .slot && $0.name.contains(own) })
            }
        }

        @Test("Tells that nothing may be written")
        func readOnly() async throws {
            try await TestServer.withSchema { target in
                let connection = try PostgresConnection(target, isWriter: true)
                #expect(try !ServerFacts.read(connection, .zero).isReadOnly)
                try connection.run(Statement("SET default_transaction_read_only = on"))
                #expect(try ServerFacts.read(connection, .zero).isReadOnly)
            }
        }

        @Test("Names the rights that a role lacks")
        func rights() async throws {
            try await TestServer.withSchema { target in
                let connection = try PostgresConnection(target, isWriter: true)
                let role = "\(target.schema.name)_reader"
                try connection.run(Statement("CREATE ROLE \(role)"))
                func lacking() throws -> [String] {
                    try connection.run(Statement("SET ROLE \(role)"))
                    defer { _ = try? connection.run(Statement("RESET ROLE")) }
                    let facts = try ServerFacts.read(connection, .zero)
                    #expect(!facts.isPooled && !facts.isStandby && facts.version >= 13)
                    return facts.missingRights
                }
                #expect(try lacking().contains { $0.hasPrefix("CREATE on the database") })
                _ = try Schema.open(connection, makes: true)
                #expect(try lacking().contains("USAGE on the schema \(target.schema.name)"))
                #expect(try lacking().contains("SELECT, INSERT, UPDATE, DELETE on events"))
                try connection.run(Statement("GRANT USAGE ON SCHEMA \(target.schema.quoted) TO \(role)"))
                try connection.run(
                    Statement(
                        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(target.schema.quoted) TO \(role)"
                    )
                )
                #expect(try lacking() == [])
                try connection.run(Statement("REVOKE UPDATE ON events FROM \(role)"))
                #expect(try lacking() == ["UPDATE on events"])
                try connection.run(Statement("DROP OWNED BY \(role) CASCADE"))
                try connection.run(Statement("DROP ROLE \(role)"))
            }
        }

        @Test("What a dispatcher holds is what all of them hold")
        func held() async throws {
            try await TestServer.withSchema { target in
                let first = try PostgresStore.open(target, role: .node)
                defer { first.close() }
                first.note(.unusable(UnusableSubscriptions(held: ["a", "b"], refused: ["ep_x"])))
                try await settle(first)
                #expect(try await first.dispatcher()?.unusable.held == ["a", "b"])
                let second = try PostgresStore.open(target, role: .node)
                defer { second.close() }
                #expect(try await first.dispatcher()?.unusable.held == [])
                second.note(.unusable(UnusableSubscriptions(held: ["b", "c"])))
                try await settle(second)
                #expect(try await first.dispatcher()?.unusable.held == ["b"])
                // What one refuses misses what that one matches.
                #expect(try await first.dispatcher()?.unusable.refused == ["ep_x"])
                second.note(.unusable(UnusableSubscriptions()))
                try await settle(second)
                #expect(try await first.dispatcher()?.unusable.held == [])
            }
        }

        @Test("Every dispatcher that has refused its configuration is named, until it takes one")
        func refused() async throws {
            try await TestServer.withSchema { target in
                let first = try PostgresStore.open(target, role: .node)
                defer { first.close() }
                #expect(try await first.dispatcher()?.refusals == [])
                let second = try PostgresStore.open(target, role: .node)
                defer { second.close() }
                first.note(.refused(3))
                try await settle(first)
                let refusals = try await second.dispatcher()?.refusals
                #expect(refusals?.map(\.problems) == [3] && refusals?.first?.processID == getpid())
                second.note(.refused(1))
                try await settle(second)
                #expect(try await first.dispatcher()?.refusals.map(\.problems) == [1, 3])
                first.note(.refused(0))
                try await settle(first)
                #expect(try await first.dispatcher()?.refusals.map(\.problems) == [1])
            }
        }

        @Test("An open transaction is found through the store's own session")
        func holdersOfAStore() async throws {
            try await TestServer.withSchema { target in
                let store = try PostgresStore.open(target, role: .writer)
                defer { store.close() }
                let other = try PostgresConnection(target, isWriter: false)
                try other.run(.begin)
                try other.run(Statement("SELECT pg_current_xact_id()"))
                let name = "process \(other.backend) "
                let found = try await store.vacuumHolders(patience: .zero)
                #expect(found.contains { $0.kind == .session && $0.name.hasPrefix(name) })
                let patient = try await store.vacuumHolders(patience: .seconds(3_600))
                #expect(!patient.contains { $0.name.hasPrefix(name) })
                try other.run(.rollback)
            }
        }

        /// Waits for what was noted before: a store does one thing after the other.
        private func settle(_ store: PostgresStore) async throws {
            let result = await withCheckedContinuation { continuation in
                store.commit(StoreBatch()) { continuation.resume(returning: $0) }
            }
            _ = try result.get()
        }

        @Test("A session whose statements a pooler forgets is told what to do")
        func pooler() async throws {
            try await TestServer.withSchema { target in
                let connection = try PostgresConnection(target, isWriter: false)
                let statement = Statement("SELECT 1")
                try connection.run(statement)
                try connection.run(Statement("DEALLOCATE ALL"))
                let failure = try #require(throws: PostgresFailure.self) { try connection.run(statement) }
                let error = StoreError(failure, target)
                #expect(error.code == .unavailable && error.message.contains("a transaction pooler is in between"))
                #expect(error.message.contains("connect past it"))
            }
        }

        @Test(
            "What a server refuses gets no advice about files",
            arguments: [
                ("42501", Remedy.inMessage), ("53100", .inMessage), ("25006", .inMessage), ("XX001", .restoreDatabase),
                ("42P01", .restoreDatabase), ("57014", nil),
            ]
        )
        func remedies(state: String, remedy: Remedy?) throws {
            let target = try PostgresTarget(url: Secret("postgresql://me@h/db"))
            let failure = PostgresFailure(state: state, message: "no", isConnectionLost: false)
            #expect(StoreError(failure, target).remedy == remedy)
        }

        @Test("A server that is too old is refused before anything is asked of it")
        func oldServer() throws {
            let server = try OldServer()
            defer { server.close() }
            let target = try PostgresTarget(url: Secret("postgresql:///x?host=\(server.folder)&user=me"))
            let error = try #require(throws: StoreError.self) { try PostgresConnection(target, isWriter: true) }
            #expect(error.code == .unavailable)
            #expect(error.message.contains("is PostgreSQL 12, and the store needs 13 or newer: upgrade the server"))
        }
    }

    /// A server that says that it is PostgreSQL 12, to one client.
    private final class OldServer: Sendable {
        /// The folder of its socket.
        let folder: String
        private let listener: Int32

        init() throws {
            var template = Array("/tmp/webhooks-old.XXXXXX".utf8CString)
            folder = String(cString: try #require(mkdtemp(&template)))
            listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\(folder)/.s.PGSQL.5432".utf8) }
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { [listener] in
                    bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0 && listen(listener, 2) == 0)
            Thread { [listener] in
                var startup = [UInt8](repeating: 0, count: 4096)
                var client = accept(listener, nil, nil)
                // A connection is begun once more before it says anything.
                while client >= 0, read(client, &startup, startup.count) <= 0 {
                    Glibc.close(client)
                    client = accept(listener, nil, nil)
                }
                guard client >= 0 else { return }
                let answer =
                    Self.message("R", [0, 0, 0, 0])
                    + Self.message("S", Array("server_version\u{0}12.22\u{0}".utf8))
                    + Self.message("K", [0, 0, 0, 1, 0, 0, 0, 1]) + Self.message("Z", Array("I".utf8))
                _ = write(client, answer, answer.count)
                // Until the client goes.
                while read(client, &startup, startup.count) > 0 {}
                Glibc.close(client)
            }
            .start()
        }

        private static func message(_ type: String, _ content: [UInt8]) -> [UInt8] {
            let length = UInt32(content.count + 4).bigEndian
            return Array(type.utf8) + withUnsafeBytes(of: length) { Array($0) } + content
        }

        func close() {
            shutdown(listener, Int32(SHUT_RDWR))
            Glibc.close(listener)
            unlink("\(folder)/.s.PGSQL.5432")
            rmdir(folder)
        }
    }
#endif
