#if PostgreSQL
    import Foundation
    import Glibc
    import Testing
    import WebhookCore
    import WebhookReceiver
    import Webhooks

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

        @Test func `what the library keeps in the store is in force for the next event of another dispatcher`()
            async throws
        {
            try await PostgresSandbox.run { sandbox, _ in
                let configuration = WebhookConfiguration.file(sandbox.folder + "/w.yaml")
                    .withEncryptionKeys([StoredSubscriptions.generateKey()])
                let one = try await WebhookDispatcher(configuration: configuration)
                let other = try await WebhookDispatcher(configuration: configuration)
                var draft = SubscriptionDraft(name: "mine", url: "\(sandbox.receiver.url)/mine", topics: ["a.b"])
                (draft.tenant, draft.profile, draft.schema) = ("t", "standard", "off")
                let entry = try await other.storedSubscriptions.create(draft)
                try await one.emit(Event(topic: "a.b", data: "1", tenant: "t"))
                try await one.run(until: .settled)
                func requests() -> [ReceivedRequest] { sandbox.receiver.requests.filter { $0.target == "/mine" } }
                let request = try #require(requests().first)
                #expect(
                    try await Signatures.verify(
                        id: request.header("webhook-id") ?? "",
                        timestamp: request.header("webhook-timestamp").flatMap { Int64($0) } ?? 0,
                        body: request.body,
                        signatures: request.header("webhook-signature") ?? "",
                        key: #require(one.storedSubscriptions.secret(of: entry.id))
                    )
                )
                await #expect(throws: WebhooksError.self) { try await one.storedSubscriptions.create(draft) }
                #expect(try await one.storedSubscriptions.get(named: "mine", ofTenant: "t")?.id == entry.id)
                try await other.storedSubscriptions.delete(entry.id)
                try await one.emit(Event(topic: "a.b", data: "2", tenant: "t"))
                try await one.run(until: .settled)
                #expect(requests().count == 1 && sandbox.receiver.requestCount > 1)
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

        @Test func `what can't be used is told with its cause and what to do, and stores nothing`() async throws {
            try await PostgresSandbox.run { sandbox, database in
                #expect(try await sandbox.run("emit", "x.y", "--data", "0", "--detach").status == 0)
                let role = "\(database.schema)_role"
                try await database.sql("CREATE ROLE \(role) LOGIN")
                let other = "\(database.schema)_none"
                let asRole = database.url.replacing("user=webhooks", with: "user=\(role)")
                let cases: [(url: String, schema: String, causes: [String])] = [
                    (asRole, database.schema, ["permission denied for schema", "GRANT"]),
                    (asRole, other, ["permission denied for database", "GRANT"]),
                    ("\(database.url)_nobody", database.schema, ["the login is refused", "check user"]),
                    (
                        database.url.replacing("/webhooks?", with: "/\(other)?"), database.schema,
                        ["does not exist", "create the database"]
                    ),
                    (
                        "postgres://me@127.0.0.1:1/db", database.schema,
                        ["can't be reached", "check that the server runs"]
                    ),
                ]
                for (url, schema, causes) in cases {
                    let changed = PostgresSandbox(url: url, schema: schema)
                    try sandbox.write("other.yaml", try changed.configuration(sandbox))
                    for command in [["emit", "x.y", "--data", "1", "--detach"], ["run", "--until-idle"], ["status"]] {
                        let done = try await sandbox.run(command + ["--config", "other.yaml"])
                        #expect(done.status == 69, "\(command) \(url): \(done.err)")
                        let isTold = causes.allSatisfy { done.err.contains($0) }
                        // Who only reads has no tables to make.
                        #expect(isTold || command == ["status"], "\(command) \(url): \(done.err)")
                    }
                    let doctor = try await sandbox.run("doctor", "--config", "other.yaml", "--json")
                    #expect(doctor.status == 1 && doctor.out.contains(#""severity":"error""#), "\(url): \(doctor.out)")
                }
                try await database.sql("UPDATE \(database.schema).meta SET version = version + 1")
                let newer = try await sandbox.run("emit", "x.y", "--data", "1", "--detach")
                #expect(newer.status == 69 && newer.err.contains("use the newer"), "\(newer.err)")
                try await database.sql("UPDATE \(database.schema).meta SET version = version - 1", "DROP ROLE \(role)")
                #expect(try await database.sql("SELECT count(*) FROM \(database.schema).events") == "1\n")
            }
        }

        @Test func `a database that vanishes under a dispatcher is told, and one that is back goes on`() async throws {
            try await PostgresSandbox.run { sandbox, database in
                let name = "\(database.schema)_db"
                try await database.sql("CREATE DATABASE \(name)")
                let own = PostgresSandbox(
                    url: database.url.replacing("/webhooks?", with: "/\(name)?"),
                    schema: database.schema
                )
                try sandbox.write("w.yaml", try own.configuration(sandbox))
                let run = try Background(["run"], in: sandbox)
                #expect(await run.line(containing: "delivering", on: .error) != nil)
                try await database.sql(
                    "ALTER DATABASE \(name) ALLOW_CONNECTIONS false",
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name)'"
                )
                let gone = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "gone", "--detach")
                #expect(gone.status == 69 && gone.err.contains("not currently accepting connections"), "\(gone.err)")
                try await database.sql("ALTER DATABASE \(name) ALLOW_CONNECTIONS true")
                let back = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "back", "--json")
                #expect(try JSONText(back.out)["deliveries"][0]["state"].string == "delivered", "\(back.err)")
                run.signal(SIGTERM)
                #expect(await run.end() == 0)
                try await database.sql("DROP DATABASE \(name) WITH (FORCE)")
                let dropped = try await sandbox.run("emit", "x.y", "--data", "1", "--detach")
                #expect(dropped.status == 69 && dropped.err.contains("create the database"), "\(dropped.err)")
            }
        }

        @Test func `status and doctor tell what a dispatcher holds, and what the server's settings risk`() async throws
        {
            try await PostgresSandbox.run { sandbox, database in
                let good = try database.configuration(sandbox)
                let missing = good.replacing("\"\(CommandEnvironment.secret)\"", with: "{ file: crm.secret }")
                try sandbox.write("w.yaml", missing)
                let run = try Background(["run", "--skip-broken"], in: sandbox)
                #expect(await run.line(containing: "subscription held", on: .error) != nil)
                #expect(await run.line(containing: "serving", on: .error) != nil)
                #expect(try await sandbox.run("emit", "user.created", "--data", "{}", "--detach").status == 0)
                try await sandbox.receiver.waitForRequests(count: 1)
                var status = try await sandbox.run("status", "--json")
                let broken = #""broken":[{"subscription":"crm","#
                for _ in 0..<1_000 where !status.out.contains(broken) {
                    status = try await sandbox.run("status", "--json")
                }
                #expect(status.status == 1 && status.out.contains(broken), "\(status.out)")
                // A file that it refuses: whoever goes by another is told as well.
                try sandbox.write("w.yaml", "subscriptions: 7\n")
                #expect(await run.line(containing: "not reloaded", on: .error) != nil)
                try sandbox.write("other.yaml", good)
                let other = ["status", "--config", "other.yaml", "--json"]
                let refused = "process \(run.processID) on "
                for _ in 0..<1_000 where !status.out.contains(refused) { status = try await sandbox.run(other) }
                #expect(status.out.contains("has refused the configuration"), "\(status.out)")
                run.signal(SIGTERM)
                #expect(await run.end() == 0)
                let slot = database.schema
                try await database.sql("SELECT pg_create_physical_replication_slot('\(slot)', true)")
                let role = "\(database.schema)_lax"
                try await database.sql(
                    "CREATE ROLE \(role) LOGIN SUPERUSER",
                    "ALTER ROLE \(role) SET synchronous_commit = off"
                )
                let lax = PostgresSandbox(
                    url: database.url.replacing("user=webhooks", with: "user=\(role)"),
                    schema: database.schema
                )
                try sandbox.write("w.yaml", try lax.configuration(sandbox))
                let warned = try await sandbox.run("status", "--json")
                #expect(try JSONText(warned.out)["warnings"].raw.contains("replication slot \(slot)"), "\(warned.out)")
                #expect(try await sandbox.run("status").out.contains("warning  nobody reads from the replication slot"))
                let doctor = try await sandbox.run("doctor", "--json")
                try await database.sql("SELECT pg_drop_replication_slot('\(slot)')", "DROP ROLE \(role)")
                for code in ["server", "vacuum_held", "synchronous_commit", "fsync"] {
                    #expect(doctor.out.contains(#""code":"\#(code)""#), "\(code): \(doctor.out)")
                }
            }
        }

        @Test func `a copy that is killed and interrupted goes on, and everything is delivered from it once`()
            async throws
        {
            try await PostgresSandbox.run { sandbox, database in
                let single = "{ mode: single-shot }"
                let onDatabase = try database.configuration(sandbox, single)
                try sandbox.write("new.yaml", onDatabase)
                try sandbox.write("w.yaml", sandbox.configuration(delivery: single))
                let count = 48_000
                let lines = (0..<count).map { #"{"topic":"x.y","id":"e\#($0)","data":{"n":\#($0)}}"# }
                let done = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "done", "--json")
                #expect(try JSONText(done.out)["deliveries"][0]["state"].string == "delivered", "\(done.err)")
                let before = sandbox.receiver.requestCount
                let emitted = try await sandbox.run(
                    ["emit", "--batch", "-", "--detach"],
                    input: lines.joined(separator: "\n")
                )
                #expect(emitted.status == 0, "\(emitted.err)")
                let copy = ["store", "copy", "sqlite:w.sqlite", database.url, "--schema", database.schema]
                for signal in [SIGKILL, SIGINT] {
                    let copying = try Background(copy, in: sandbox)
                    let table = "SELECT to_regclass('\(database.schema).copying') IS NOT NULL"
                    var looks = 0
                    while looks < 500, try await database.sql(table) == "f\n" { looks += 1 }
                    try #require(looks < 500, "the copy was over before it was seen")
                    copying.signal(signal)
                    #expect(await copying.end() != 0)
                    // Nobody works on half of a store.
                    let early = try await sandbox.run("emit", "x.y", "--data", "1", "--detach", "--config", "new.yaml")
                    #expect(early.status == 69 && early.err.contains("is an unfinished copy of"), "\(early.err)")
                }
                var copied = try await sandbox.run(copy + ["--json"])
                // The server may not have found the killed one's session dead yet.
                for _ in 0..<100 where copied.status == 69 && copied.err.contains("in use by") {
                    copied = try await sandbox.run(copy + ["--json"])
                }
                #expect(copied.status == 0, "\(copied.err)")
                let json = try JSONText(copied.out)
                #expect(try json["verified"].raw == "true", "\(copied.out)")
                #expect(try json["tables"][0]["rows"].raw == "\(count + 1)", "\(copied.out)")
                let again = try await sandbox.run(copy)
                #expect(again.status == 1 && again.err.contains("is a finished copy of "), "\(again.err)")
                try sandbox.write("w.yaml", onDatabase)
                let run = try await sandbox.run("run", "--until-settled")
                #expect(run.status == 0, "\(run.err)")
                #expect(sandbox.receiver.requestCount == before + count)
                let ids = sandbox.receiver.requests.map { "\($0.target) \($0.header("webhook-id") ?? "")" }
                #expect(Set(ids).count == ids.count, "single-shot came twice")
                #expect(try await sandbox.run("check").status == 0)
            }
        }

        @Test func `what a server says beside its answers is not printed`() async throws {
            try await PostgresSandbox.run { sandbox, database in
                // The server tells of each step, as soon as a connection is let in.
                let separator = database.url.contains("?") ? "&" : "?"
                let url = database.url + separator + "options=-c%20client_min_messages%3Ddebug5"
                let told = PostgresSandbox(url: url, schema: database.schema)
                try sandbox.write("w.yaml", try told.configuration(sandbox))
                let done = try await sandbox.run("emit", "x.y", "--data", "1", "--detach")
                #expect(done.status == 0 && !done.err.contains("DEBUG"), "\(done.err.prefix(500))")
            }
        }
    }

    /// A store's URL that cuts a password in two, as it is where a character in it is not escaped. No server is asked.
    @Suite struct BrokenStoreURLTests {
        @Test(arguments: ["postgres://u:hunter2/x@127.0.0.1:1/lms", "postgres://u:x@hunter2@127.0.0.1:1/lms"])
        func `no command uses it, and none shows it`(url: String) async throws {
            let sandbox = try CommandEnvironment()
            try sandbox.write("w.yaml", "store: \"\(url)\"\nsubscriptions: []\n")
            for command in [
                ["validate"], ["status"], ["stats"], ["events", "list"], ["deliveries", "list"],
                ["backup", "x.sqlite"], ["cancel", "x"], ["prune", "--older-than", "1d"],
                ["emit", "a.b", "--data", "1", "--detach"], ["emit", "a.b", "--data", "1"], ["run", "--until-settled"],
                ["doctor"],
            ] {
                let done = try await sandbox.run(command)
                #expect(done.status == (command == ["doctor"] ? 1 : 65), "\(command): \(done.err)")
                #expect(!(done.out + done.err).contains("hunter2"), "\(command)")
            }
        }
    }
#endif
