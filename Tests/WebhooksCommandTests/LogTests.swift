import Glibc
import Testing
import WebhookCore
import WebhookReceiver

@Suite struct LogTests {
    @Test func `lists and shows have the interface's forms, newest first`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(200, body: "thanks") }
        _ = try await sandbox.run("emit", "user.created", "--data", "{}", "--id", "first")
        _ = try await sandbox.run("emit", "a.b", "--data", #"[1 , 2]"#, "--id", "second")

        let deliveries = try await sandbox.run("deliveries", "list", "--json")
        #expect(deliveries.status == 0)
        let rows = try deliveries.lines.map { try JSONText($0) }
        #expect(try rows.map { try $0["id"].string } == ["dlv_3", "dlv_2", "dlv_1"])
        for row in rows { #expect(row.keys == Keys.delivery) }

        let events = try await sandbox.run("events", "list", "--json", "--limit", "1")
        let keys = ["id", "topic", "tenant", "occurredAt", "createdAt", "test", "deliveryCount"]
        #expect(events.lines.count == 1)
        #expect(try JSONText(events.out).keys == keys)
        #expect(try JSONText(events.out)["id"].string == "second")
        let next = try await sandbox.run("events", "list", "--json", "--after", "second")
        #expect(try JSONText(next.out)["id"].string == "first")

        let event = try JSONText(try await sandbox.run("events", "show", "second", "--json").out)
        #expect(event.keys == keys + ["data", "deliveries"])
        #expect(try event["data"].raw == "[1,2]")
        #expect(try event["deliveries"][0].keys == Keys.delivery)

        let delivery = try JSONText(try await sandbox.run("deliveries", "show", "dlv_3", "--json").out)
        #expect(delivery.keys == Keys.delivery + ["log"])
        let attempt = try delivery["log"][0]
        #expect(attempt.keys == Keys.attempt)
        #expect(try attempt["phasesMs"].keys == Keys.phases)
        #expect(try attempt["outcome"].string == "succeeded")
        #expect(try attempt["responseBody"].string == "thanks")
        #expect(try attempt["requestHeaders"][0].raw == #"["Host","127.0.0.1:\#(sandbox.receiver.port)"]"#)
    }

    @Test func `filters narrow the lists`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "user.created", "--data", "1", "--tenant", "t")
        _ = try await sandbox.run("emit", "a.b", "--data", "1", "--test")
        func count(_ arguments: String...) async throws -> Int {
            try await sandbox.run(arguments + ["--json"]).lines.count
        }
        #expect(try await count("deliveries", "list", "--subscription", "lms") == 1)
        #expect(try await count("deliveries", "list", "--topic", "a.b", "--topic", "c.d") == 1)
        #expect(try await count("deliveries", "list", "--state", "failed") == 0)
        #expect(try await count("deliveries", "list", "--test") == 1)
        #expect(try await count("deliveries", "list", "--no-test") == 2)
        #expect(try await count("events", "list", "--tenant", "t") == 1)
        #expect(try await count("events", "list", "--since", "1h") == 2)
        #expect(try await count("events", "list", "--until", "2020-01-01") == 0)
    }

    @Test func `retrigger by filters leaves out tests, unless it is to send only those`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(400) }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ mode: single-shot }"))
        for (id, more) in [("real", []), ("trial", ["--test"])] {
            _ = try await sandbox.run(["emit", "a.b", "--data", "1", "--id", id] + more)
        }
        func events(_ arguments: String...) async throws -> [String?] {
            let sent = try await sandbox.run(["retrigger"] + arguments + ["--detach", "--json"])
            return try sent.lines.map { try JSONText($0)["event"].string }
        }
        #expect(try await events("--state", "failed") == ["real"])
        #expect(try await events("--state", "failed", "--test") == ["trial"])
        #expect(try await sandbox.run("retrigger", "dlv_1", "--test").status == 64)
    }

    @Test(arguments: [
        ["events", "show", "nothing"], ["deliveries", "show", "dlv_99"], ["deliveries", "show", "nothing"],
        ["retrigger", "nothing"], ["cancel", "nothing"], ["deliveries", "list", "--after", "dlv_99"],
    ])
    func `an unknown id exits 1`(arguments: [String]) async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "a.b", "--data", "1")
        #expect(try await sandbox.run(arguments).status == 1)
    }

    @Test(arguments: [
        ["events", "list"], ["deliveries", "list"], ["stats"], ["check"], ["prune"], ["cancel", "x"],
        ["enable", "crm"],
        ["retrigger", "x"], ["export", "--format", "jsonl"], ["export", "--format", "csv"], ["events", "show", "x"],
        ["deliveries", "show", "x"], ["deliveries", "list", "--after", "x"],
    ])
    func `what only reads makes no store`(arguments: [String]) async throws {
        let sandbox = try CommandEnvironment()
        let first = try await sandbox.run(arguments)
        let second = try await sandbox.run(arguments)
        #expect(first.status == 69 && second.status == 69)
        #expect(first.out.isEmpty)
        #expect(first.err.contains("no store"))
        #expect(first.err.contains("hint: "))
    }

    @Test func `what a receiver responses can't act on a terminal`() async throws {
        let evil = "\u{1B}[2J\u{9B}31m\u{202E}x\u{7}"
        let sandbox = try CommandEnvironment { _ in
            .status(200, headers: [.init("X-Evil", "a\u{9B}b")], body: .init(evil))
        }
        _ = try await sandbox.run("emit", "a.b", "--data", #"{"name":"\#u{9B}0m\#u{202E}"}"#, "--id", "one")
        let unsafe: Set<Unicode.Scalar> = ["\u{1B}", "\u{9B}", "\u{202E}", "\u{7}"]
        for arguments in [
            ["deliveries", "show", "dlv_1"], ["deliveries", "show", "dlv_1", "--json"], ["events", "show", "one"],
            ["events", "show", "one", "--json"],
        ] {
            let done = try await sandbox.run(arguments)
            #expect(done.status == 0)
            #expect(unsafe.isDisjoint(with: done.out.unicodeScalars))
        }
        let log = try JSONText(try await sandbox.run("deliveries", "show", "dlv_1", "--json").out)
        #expect(try log["log"][0]["responseBody"].string == evil)
    }

    @Test func `colour is for terminals, and not under NO_COLOR`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "user.created", "--data", "{}")
        let list = ["deliveries", "list"]
        let colourful = try await sandbox.runOnTerminal(list, columns: 200, environment: ["TERM": "xterm"])
        #expect(colourful.out.contains("\u{1B}[32mdelivered"))
        let plain = try await sandbox.runOnTerminal(
            list,
            columns: 200,
            environment: ["TERM": "xterm", "NO_COLOR": "1"]
        )
        #expect(plain.out.contains("delivered"))
        #expect(!plain.out.contains("\u{1B}"))
        #expect(!(try await sandbox.run(list).out.contains("\u{1B}")))
        for columns in [50, 60, 80, 100] {
            let narrow = try await sandbox.runOnTerminal(list, columns: columns, environment: ["NO_COLOR": "1"])
            #expect(narrow.lines.count == 3)
            for line in narrow.lines { #expect(line.count <= columns) }
        }
    }

    @Test func `export writes every delivery with its event`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "a.b", "--data", #"{"x":"1,2"}"#, "--id", "=cmd", "--tenant", "+t")
        let csv = try await sandbox.run("export", "--format", "csv")
        let records = csv.out.replacing("\r\n", with: "\n").split(separator: "\n")
        #expect(records.count == 2)
        #expect(
            records[0]
                == "event_id,topic,tenant,occurred_at,test,delivery_id,subscription,state,mode,attempts,last_status,"
                + "last_error,created_at,settled_at,retrigger_of,data"
        )
        #expect(records[1].hasPrefix("'=cmd,a.b,'+t,"))
        #expect(records[1].hasSuffix(#","{""x"":""1,2""}""#))
        let lines = try await sandbox.run("export", "--format", "jsonl").lines
        #expect(try JSONText(lines[0]).keys == Keys.delivery + ["occurredAt", "data"])
        #expect(try JSONText(lines[0])["data"].raw == #"{"x":"1,2"}"#)
    }

    @Test func `events that wait to be matched, or are cancelled, say so everywhere`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "open", "--detach")
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "late", "--in", "1h")
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "gone", "--detach")
        _ = try await sandbox.run("cancel", "gone")
        let stats = try await sandbox.run("stats")
        #expect(
            stats.lines.last
                == "1 event waits for a dispatcher; none runs: `webhooks run` or `serve`. 1 event is due later"
        )
        let list = try await sandbox.run("events", "list", "--json").lines.map { try JSONText($0) }
        #expect(try list.map { try $0["id"].string } == ["gone", "late", "open"])
        #expect(try list[0]["cancelled"].raw == "true")
        #expect(try list[1]["waiting"]["for"].string == "time")
        #expect(try list[2]["waiting"].raw == #"{"for":"dispatcher","processID":null}"#)
        #expect(try await sandbox.run("events", "list").out.contains("waits for a dispatcher; none runs"))
        let shown = try JSONText(try await sandbox.run("events", "show", "open", "--json").out)
        #expect(try shown["waiting"]["for"].string == "dispatcher")
        let again = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "gone", "--detach", "--json")
        #expect(try JSONText(again.out)["cancelled"].raw == "true")
        // A wrong span, an id that is taken.
        let span = try await sandbox.run("export", "--format", "csv", "--since", "1h", "--until", "2h")
        #expect(span.status == 64 && span.out.isEmpty && span.err.contains("--until is before --since"))
        let taken = try await sandbox.run("emit", "x.z", "--data", "1", "--id", "open", "--detach")
        #expect(taken.status == 65 && taken.err.contains("(its topic differs)"))
    }

    @Test func `errors under --json carry their hint`() async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run("stats", "--store", "sqlite:none.sqlite", "--json")
        #expect(done.status == 69)
        #expect(try JSONText(done.err)["error"].keys == ["code", "message", "hint"])
    }

    @Test func `stats, prune and check`() async throws {
        let sandbox = try CommandEnvironment { $0.target == "/lms" ? .status(500) : .noContent }
        _ = try await sandbox.run("emit", "user.created", "--data", "{}")
        let stats = try await sandbox.run("stats", "--json").lines.map { try JSONText($0) }
        let keys = [
            "subscription", "enabled", "disabledReason", "delivered", "failed", "unknown", "waiting", "pending",
            "p50Ms",
            "p95Ms", "p99Ms", "lastError", "lastDeliveredAt",
        ]
        #expect(stats.map(\.keys) == [keys, keys])
        #expect(try stats[0]["delivered"].raw == "1")
        #expect(try stats[1]["failed"].raw == "1")
        #expect(try stats[1]["lastError"].string == "status")
        #expect(try await sandbox.run("check", "--json").lines == [#"{"ok":true,"problems":[]}"#])
        #expect(try await sandbox.run("prune", "--json").lines == [#"{"events":0,"deliveries":0,"attempts":0}"#])
        let pruned = try await sandbox.run("prune", "--older-than", "0s", "--yes", "--json")
        #expect(pruned.lines == [#"{"events":1,"deliveries":2,"attempts":2}"#])
    }

    @Test func `a damaged store exits 69 and is named`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write("w.sqlite", String(repeating: "not a database ", count: 100))
        for arguments in [["check"], ["deliveries", "list"], ["emit", "a.b", "--data", "1"]] {
            let done = try await sandbox.run(arguments)
            #expect(done.status == 69)
            #expect(done.err.contains("w.sqlite") && done.err.contains("without the `-wal` and `-shm`"), "\(done.err)")
        }
        #expect(sandbox.receiver.requestCount == 0)
    }

    @Test func `output that can't be written is an error, a reader that has had enough is none`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "a.b", "--data", "1")
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nothing) }
        func status(of arguments: [String], output: Int32) async throws -> Int32 {
            let process = try Program.start(
                arguments,
                folder: sandbox.folder,
                environment: sandbox.environment,
                input: nothing,
                output: output,
                error: nothing
            )
            close(output)
            return await Program.blocking { Program.wait(process) }
        }
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        #expect(try await status(of: ["export", "--format", "csv"], output: full) == 1)
        let gone = try Program.makePipe()
        close(gone.read)
        #expect(try await status(of: ["export", "--format", "csv"], output: gone.write) == 0)
    }
}
