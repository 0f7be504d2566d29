#if PostgreSQL
    import Foundation
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    /// The server that the tests use: Tests/postgres.sh brings one, and `make test` runs inside it.
    enum TestServer {
        /// Its URL; `nil`: there is none.
        static let url = ProcessInfo.processInfo.environment["WEBHOOKS_TEST_POSTGRES"]

        static let isMissing = url == nil
        static let advice: Comment = "needs a server: run it inside Tests/postgres.sh, or set WEBHOOKS_TEST_POSTGRES"

        /// Runs a test in a schema of its own, and takes that away afterwards.
        static func withSchema<Value>(_ body: (PostgresTarget) async throws -> Value) async throws -> Value {
            let url = try #require(url)
            let name = "test_\(UInt64.random(in: 0 ... .max))"
            let target = try PostgresTarget(url: Secret(url), schema: #require(SchemaName(name)))
            do {
                let value = try await body(target)
                try drop(target)
                return value
            } catch {
                try? drop(target)
                throw error
            }
        }

        private static func drop(_ target: PostgresTarget) throws {
            let connection = try PostgresConnection(target, isWriter: false)
            try connection.run(Statement("DROP SCHEMA IF EXISTS \(target.schema.quoted) CASCADE"))
        }
    }
#endif
