#if PostgreSQL
    import Foundation
    import Testing
    import WebhookReceiver

    /// A sandbox whose store is a schema of its own on the tests' server.
    struct PostgresSandbox: Sendable {
        static let url = ProcessInfo.processInfo.environment["WEBHOOKS_TEST_POSTGRES"]

        let url: String
        let schema: String

        static func run(
            _ response: @escaping @Sendable (ReceivedRequest) -> ReceiverResponse = { _ in .noContent },
            body: (CommandEnvironment, PostgresSandbox) async throws -> Void
        ) async throws {
            let database = PostgresSandbox(url: try #require(url), schema: "test_\(UInt64.random(in: 0 ... .max))")
            let sandbox = try CommandEnvironment(response)
            try sandbox.write("w.yaml", try database.configuration(sandbox))
            do {
                try await body(sandbox, database)
                try await database.sql("DROP SCHEMA IF EXISTS \(database.schema) CASCADE")
            } catch {
                _ = try? await database.sql("DROP SCHEMA IF EXISTS \(database.schema) CASCADE")
                throw error
            }
        }

        func configuration(_ sandbox: CommandEnvironment, _ delivery: String = "{}") throws -> String {
            sandbox.configuration(delivery: delivery).replacing(
                "store: sqlite:w.sqlite",
                with: "store: { url: '\(url)', schema: \(schema) }"
            )
        }

        /// Runs statements by psql, each as it stands.
        @discardableResult
        func sql(_ statements: String...) async throws -> String {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", url] + statements.flatMap { ["-c", $0] }
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            let text = await Program.blocking { [file = output.fileHandleForReading] in
                String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
            }
            process.waitUntilExit()
            try #require(process.terminationStatus == 0, "psql failed: \(statements)")
            return text
        }
    }
#endif
