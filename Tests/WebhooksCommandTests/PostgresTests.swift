#if PostgreSQL
    import Foundation
    import Glibc
    import Testing
    import WebhookCore
    import WebhookReceiver

    /// The whole product with its store on PostgreSQL.
    @Suite(.disabled(if: PostgresSandbox.url == nil, "needs a server: run it inside Tests/postgres.sh"))
    struct PostgresTests {
        @Test func `emits, lists, shows, sends again and looks after it`() async throws {
            try await PostgresSandbox.run { sandbox, _ in
                let done = try await sandbox.run(
                    [
                        "emit", "user.created", "--data", #"{"z":"\u0000","a":1.50}"#, "--id", "u-1", "--tenant", "s",
                        "--json",
                    ]
                )
                #expect(done.status == 0 && done.err == "", "\(done.err)")
                #expect(try JSONText(done.out)["deliveries"][0]["state"].string == "delivered")
                #expect(
                    sandbox.receiver.requests.contains { $0.body.text.contains(#""data":{"z":"\u0000","a":1.50}}"#) }
                )
                #expect(
                    try await sandbox.run("events", "show", "u-1", "--data").out == #"{"z":"\u0000","a":1.50}"# + "\n"
                )
                let events = try await sandbox.run("events", "list", "--json", "--tenant", "s")
                #expect(try JSONText(events.out)["deliveryCount"].raw == "2")
                let deliveries = try await sandbox.run("deliveries", "list", "--subscription", "crm", "--json")
                let id = try #require(try JSONText(deliveries.out)["id"].string)
                let shown = try await sandbox.run("deliveries", "show", id, "--json")
                #expect(try JSONText(shown.out)["log"][0]["status"].raw == "204")
                let again = try await sandbox.run("retrigger", id, "--json")
                #expect(again.status == 0)
                #expect(try JSONText(again.out)["retriggerOf"].string == id)
                #expect(sandbox.receiver.requestCount == 3)
                let stats = try await sandbox.run("stats", "--json")
                #expect(try JSONText(stats.lines[0])["delivered"].raw == "2")
                let exported = try await sandbox.run("export", "--format", "jsonl")
                #expect(exported.lines.count == 3)
                #expect(try await sandbox.run("check").status == 0)
                let status = try await sandbox.run("status")
                #expect(status.out.contains("no dispatcher runs"), "\(status.out)\(status.err)")
                let doctor = try await sandbox.run("doctor", "--json")
                #expect(!doctor.out.contains(#""severity":"error""#), "\(doctor.out)")
                let backup = try await sandbox.run("backup", "copy.sqlite")
                #expect(backup.status == 1 && backup.err.contains("pg_dump"), "\(backup.err)")
                let erased = try await sandbox.run("expunge", "u-1", "--yes")
                #expect(erased.status == 0, "\(erased.err)")
                #expect(try await sandbox.run("events", "show", "u-1", "--data").out.hasPrefix(#"{"expunged":"#))
                #expect(try await sandbox.run("prune", "--older-than", "1ms", "--yes").status == 0)
                #expect(try await sandbox.run("deliveries", "list", "--json").out == "")
            }
        }

        @Test func `a dispatcher delivers what SQL emits, and what is committed alone`() async throws {
            try await PostgresSandbox.run { sandbox, database in
                // Makes the tables.
                _ = try await sandbox.run("emit", "x.y", "--data", "0", "--detach")
                let run = try Background(["run"], in: sandbox)
                // The line about what it serves may come before the one that it delivers.
                #expect(await run.line(containing: "serving", on: .error)?.contains("of=2 subscriptions=2") == true)
                try await sandbox.receiver.waitForRequests(count: 1)
                let emit = "SELECT \(database.schema).emit('x.y', '{\"n\":1}', id => 'committed')"
                try await database.sql("BEGIN", emit.replacing("committed", with: "rolled-back"), "ROLLBACK")
                try await database.sql("BEGIN", emit, "COMMIT")
                try await sandbox.receiver.waitForRequests(count: 2)
                #expect(sandbox.receiver.requests.last?.header("webhook-id") == "committed")
                let emitted = try await sandbox.run("emit", "x.y", "--data", "1", "--json")
                #expect(try JSONText(emitted.out)["deliveries"][0]["state"].string == "delivered")
                let status = try await sandbox.run("status", "--json")
                #expect(try JSONText(status.out)["dispatcher"]["pid"].raw == "\(run.processID)", "\(status.out)")
                run.signal(SIGTERM)
                #expect(await run.end() == 0)
                #expect(try await sandbox.run("events", "show", "rolled-back").status == 1)
            }
        }

        @Test func `several dispatchers share the subscriptions, and one that ends leaves its share at once`()
            async throws
        {
            try await PostgresSandbox.run { sandbox, database in
                let first = try Background(["run"], in: sandbox)
                #expect(await first.line(containing: "serving", on: .error)?.contains("subscriptions=2") == true)
                let second = try Background(["run"], in: sandbox)
                #expect(await second.line(containing: "delivering", on: .error) != nil)
                // Whoever emits leaves it to those that run, whichever serves it.
                for id in ["a", "b", "c"] {
                    let emitted = try await sandbox.run("emit", "x.y", "--data", "1", "--id", id, "--json")
                    #expect(try JSONText(emitted.out)["deliveries"][0]["state"].string == "delivered", "\(emitted.err)")
                }
                let nodes = try await sandbox.run("nodes", "--json")
                let keys = [
                    "node", "host", "pid", "startedAt", "heartbeatAt", "subscriptions", "configuration", "lagMs",
                ]
                #expect(try nodes.lines.map { try JSONText($0).keys } == [keys, keys], "\(nodes.out)\(nodes.err)")
                #expect(Set(try nodes.lines.map { try JSONText($0)["configuration"].string }).count == 1)
                #expect(
                    Set(try nodes.lines.map { try JSONText($0)["pid"].raw }) == [
                        "\(first.processID)", "\(second.processID)",
                    ]
                )
                let table = try await sandbox.run("nodes")
                #expect(
                    table.status == 0 && table.lines.count == 3 && table.out.contains("\(first.processID)"),
                    "\(table.out)"
                )
                let status = try await sandbox.run("status")
                #expect(status.lines.count { $0.hasPrefix("dispatcher") } == 2, "\(status.out)")
                first.signal(SIGTERM)
                #expect(await first.end() == 0)
                let last = try await sandbox.run("emit", "x.y", "--data", "1", "--json")
                #expect(try JSONText(last.out)["deliveries"][0]["state"].string == "delivered", "\(last.err)")
                second.signal(SIGTERM)
                #expect(await second.end() == 0)
                // Nobody is left, and nobody has to be waited for.
                let alone = try await sandbox.run("emit", "x.y", "--data", "1", "--json")
                #expect(try JSONText(alone.out)["deliveries"][0]["state"].string == "delivered", "\(alone.err)")
                #expect(try await database.sql("SELECT count(*) FROM \(database.schema).nodes") == "0\n")
            }
        }

        @Test func `takes what waited before, settles retries, and cancels in SQL`() async throws {
            try await PostgresSandbox.run {
                $0.number < 3 ? .status(500) : .noContent
            } body: { sandbox, database in
                try sandbox.write(
                    "w.yaml",
                    try database.configuration(sandbox, "{ schedule: [10ms, 10ms], jitter: 0% }")
                )
                for id in ["a", "b"] { _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", id, "--detach") }
                #expect(try await database.sql("SELECT \(database.schema).cancel('b')") == "t\n")
                let done = try await sandbox.run("run", "--until-settled")
                #expect(done.status == 0 && done.out == "1 delivered\n", "\(done.out)\(done.err)")
                #expect(sandbox.receiver.requestCount == 3)
            }
        }

        @Test func `a server that can't be reached, or refuses the login, is told with the reason and no password`()
            async throws
        {
            try await PostgresSandbox.run { sandbox, database in
                for (url, reason) in [
                    ("postgres://me:hunter2@127.0.0.1:1/db", "127.0.0.1"),
                    (database.url.replacing("/webhooks?", with: "/nowhere?"), "does not exist"),
                ] {
                    let done = try await sandbox.run("emit", "x.y", "--data", "1", "--detach", "--store", url)
                    #expect(done.status == 69, "\(done.err)")
                    #expect(done.err.contains(reason) && !(done.out + done.err).contains("hunter2"), "\(done.err)")
                }
                let warned = try await sandbox.run("status", "--store", "postgres://me:hunter2@127.0.0.1:1/db")
                #expect(warned.err.contains("process list"))
                #expect(try await sandbox.run("validate", "--store", "postgres://h:x/d").status == 65)
            }
        }
    }

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
