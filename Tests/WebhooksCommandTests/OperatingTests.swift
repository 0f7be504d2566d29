import Glibc
import Logging
import Testing
import WebhookCore
import WebhookReceiver

@testable import WebhooksCommand

/// `--log-format json`, `listen --forward-to`, `subscriptions`, `events list --where`.
@Suite struct OperatingTests {
    @Test func `log lines are objects with stable keys`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(500) }
        _ = try await sandbox.run("emit", "user.created", "--data", "1", "--id", "a", "--detach")
        let done = try await sandbox.run("run", "--until-idle", "--log-format", "json", "--log-level", "info")
        let lines = try done.err.split(separator: "\n").map { try JSONText(String($0)) }
        #expect(lines.count >= 3)
        for line in lines { #expect(line.keys.prefix(3) == ["time", "level", "message"]) }
        // A single-shot delivery has failed for good, the other is retried.
        let failed = try #require(try lines.first { try $0["level"].string == "warning" })
        #expect(try failed["message"].string == "delivery failed")
        #expect(try failed["event"].string == "a" && failed["subscription"].string == "lms")
        #expect(try failed["attempt"].raw == "1" && failed["status"].raw == "500")
        #expect(try failed["delivery"].string?.hasPrefix("dlv_") == true)
        let retried = try #require(try lines.first { try $0["message"].string == "attempt failed" })
        #expect(try retried["level"].string == "info" && retried["next"].string != nil)
        #expect(try await sandbox.run("stats", "--log-format", "xml").status == 64)
    }

    @Test func `a key of the line's own is not lost`() {
        let metadata: Logger.Metadata = ["level": "x\u{1B}", "attempt": "two", "status": "204"]
        let line = StandardErrorLogHandler.json(.info, "m", metadata, at: Timestamp(milliseconds: 0)).line
        #expect(
            line
                == #"{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"m","attempt":"two","level_":"x\u001b","#
                + #""status":204}"#
        )
    }

    @Test func `listen passes on, and ends after --count`() async throws {
        let sandbox = try CommandEnvironment { request in
            .status(
                request.body.count > 5 ? 201 : 418,
                headers: [HTTPHeader("Content-Type", "text/plain")],
                body: "short"
            )
        }
        let forward = ["--forward-to", sandbox.receiver.url + "/app"]
        let listen = try Background(["listen", "--port", "0", "--exit-after", "2", "--json"] + forward, in: sandbox)
        let first = try JSONText(try #require(await listen.line(containing: "listening")))
        let url = try #require(try first["listening"].string)
        try sandbox.write("w.yaml", sandbox.configuration().replacing(sandbox.receiver.url, with: url))
        #expect(try await sandbox.run("emit", "x.y", "--data", "\"long enough\"", "--id", "a").status == 0)
        #expect(try await sandbox.run("emit", "x.y", "--data", "\"long enough\"", "--id", "b").status == 0)
        #expect(try JSONText(try #require(await listen.line(containing: "\"status\"")))["status"].raw == "201")
        #expect(await listen.end() == 0)
        let passed = sandbox.receiver.requests
        #expect(passed.map(\.target) == ["/app", "/app"])
        #expect(passed[0].headers.contains { $0.name.lowercased() == "webhook-signature" })
        let shown = try JSONText(try await sandbox.run("deliveries", "show", "dlv_1", "--json").out)["log"][0]
        #expect(try shown["status"].raw == "201" && shown["responseBody"].string == "short")
        #expect(try await sandbox.run("listen", "--forward-to", "ftp://x").status == 65)
    }

    @Test func `listen takes TLS by a certificate that can be trusted`() async throws {
        let sandbox = try CommandEnvironment()
        let listen = try Background(["listen", "--port", "0", "--tls", "--json"], in: sandbox)
        let first = try JSONText(try #require(await listen.line(containing: "listening")))
        let url = try #require(try first["listening"].string)
        let file = try #require(try first["certificate"].string)
        #expect(url.hasPrefix("https://127.0.0.1:"))
        let plain = sandbox.configuration().replacing(sandbox.receiver.url, with: url)
        try sandbox.write("w.yaml", plain.replacing("    delivery: {}", with: "    tls: { ca: \(file) }"))
        for id in ["a", "b"] {
            let done = try await sandbox.run(
                "emit",
                "x.y",
                "--data",
                "\"\(String(repeating: "x", count: 40_000))\"",
                "--id",
                id
            )
            #expect(done.status == 0, "\(done.out)")
            #expect(await listen.line(containing: "\"number\"") != nil)
        }
        // Nobody trusts it without.
        try sandbox.write("w.yaml", plain)
        let untrusted = try await sandbox.run("emit", "x.y", "--data", "1", "--json")
        #expect(untrusted.status == 1 && untrusted.out.contains("\"lastError\":\"tls\""))
        listen.signal(SIGINT)
        #expect(await listen.end() == 0)
        #expect(access(file, F_OK) != 0)
    }

    @Test func `where nobody takes what is passed on, the answer is 502`() async throws {
        let sandbox = try CommandEnvironment()
        let dead = sandbox.receiver.url
        sandbox.receiver.stop()
        let listen = try Background(
            ["listen", "--port", "0", "--exit-after", "1", "--json", "--forward-to", dead],
            in: sandbox
        )
        let first = try JSONText(try #require(await listen.line(containing: "listening")))
        let url = try #require(try first["listening"].string)
        try sandbox.write("w.yaml", sandbox.configuration().replacing(dead, with: url))
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 1)
        let line = try JSONText(try #require(await listen.line(containing: "\"status\"")))
        #expect(try line["status"].raw == "502" && line["problem"].string?.hasPrefix("connect: ") == true)
        #expect(await listen.end() == 0)
    }

    @Test func `subscriptions are listed and shown`() async throws {
        let sandbox = try CommandEnvironment()
        let rows = try await sandbox.run("subscriptions", "list", "--json")
        #expect(rows.status == 0 && rows.lines.count == 2)
        let row = try JSONText(rows.lines[0])
        #expect(try row["subscription"].string == "crm" && row["enabled"].raw == "true")
        #expect(try row["topics"][0].string == "**" && row["delivery"]["mode"].string == "retry")
        #expect(!rows.out.contains(CommandEnvironment.secret))
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        _ = try await sandbox.run("disable", "crm", "--yes")
        let list = try await sandbox.run("subscriptions", "list")
        #expect(list.lines[1].contains("disabled (by hand, "))
        let shown = try await sandbox.run("subscriptions", "show", "crm")
        #expect(shown.status == 0 && shown.out.contains("url           \(sandbox.receiver.url)/crm"))
        #expect(!shown.out.contains(CommandEnvironment.secret))
        let slip = try await sandbox.run("subscriptions", "show", "crn")
        #expect(slip.status == 1 && slip.err.contains("did you mean crm?"))
    }

    @Test(arguments: ["subscriptions", "events", "deliveries", "topics"])
    func `a group of commands alone lists`(group: String) async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        let list = try await sandbox.run(group, "list", "--json")
        let alone = try await sandbox.run(group, "--json")
        #expect(alone.status == 0 && !alone.out.isEmpty && alone.out == list.out, "\(alone)")
        let option = try await sandbox.run(group, "--confg", "w.yaml")
        #expect(option.status == 64 && option.err.contains("Did you mean '--config'?"), "\(option.err)")
        let name = try await sandbox.run(group, "lst")
        #expect(name.status == 64 && name.err.contains("did you mean list?"), "\(name.err)")
    }

    @Test func `events are found by their content`() async throws {
        let sandbox = try CommandEnvironment()
        let data = [
            #"{"user":{"id":7}}"#, #"{"user":{"id":"7"}}"#, #"{"user":{"id":70},"ok":true}"#, "[1]", #"{"user":null}"#,
        ]
        for (index, data) in data.enumerated() {
            _ = try await sandbox.run("emit", "x.y", "--data", data, "--id", "e\(index)", "--detach")
        }
        func found(_ conditions: String..., limit: Int = 50) async throws -> [String?] {
            let options = conditions.flatMap { ["--where", $0] }
            let done = try await sandbox.run(["events", "list", "--json", "--limit", "\(limit)"] + options)
            #expect(done.status == 0)
            return try done.lines.map { try JSONText($0)["id"].string }
        }
        #expect(try await found("data.user.id=7") == ["e1", "e0"])
        #expect(try await found("data.user.id=7", limit: 1) == ["e1"])
        #expect(try await found("data.user.id=70", "data.ok=true") == ["e2"])
        #expect(try await found("data.0=1") == ["e3"])
        #expect(try await found("data.user=null") == ["e4"])
        #expect(try await found("topic=x.y", "id=e0") == ["e0"])
        #expect(try await found("data.user.id=8") == [])
        for bad in ["data.user.id", "=7", "user.id=7", "data..id=7"] {
            #expect(try await sandbox.run("events", "list", "--where", bad).status == 64)
        }
    }
}
