import Foundation
import Glibc
import Testing
import WebhookCore
import WebhookReceiver

/// What an operator meets beside the main road: hints that lead somewhere, and words that are true.
@Suite struct OperatorTests {
    @Test func `disabling asks on a terminal, also where nothing is open`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        let plain = ["NO_COLOR": "1"]
        let no = try await sandbox.runOnTerminal(["disable", "crm"], columns: 120, input: "n\n", environment: plain)
        #expect(no.status == 1 && no.out.contains("disable crm (it has nothing open; "), "\(no.out)")
        #expect(try await sandbox.run("stats", "--json").lines[0].contains(#""enabled":true"#))
        #expect(try await sandbox.run("disable", "crm").status == 0)
    }

    @Test func `a dry run promises nothing that is refused`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        let dry = try await sandbox.run("prune", "--older-than", "1ms", "--dry-run")
        #expect(dry.status == 1 && dry.out.hasPrefix("would delete 1 event, 1 delivery"))
        #expect(dry.err.contains("without --yes that is refused"))
        let sure = try await sandbox.run("prune", "--older-than", "1ms", "--dry-run", "--yes")
        #expect(sure.status == 0 && sure.err.isEmpty)
    }

    @Test func `under --log-format json every line of stderr is an object`() async throws {
        let sandbox = try CommandEnvironment()
        let json = ["--log-format", "json"]
        func objects(_ done: Finished) throws -> [JSONText] {
            let lines = try done.err.split(separator: "\n").map { try JSONText(String($0)) }
            for line in lines { #expect(line.keys.prefix(3) == ["time", "level", "message"], "\(line.raw)") }
            return lines
        }
        let run = try Background(["run"] + json, in: sandbox)
        let start = try JSONText(try #require(await run.line(containing: "delivering", on: .error)))
        #expect(try start["pid"].raw == "\(run.processID)" && start["subscriptions"].raw == "2")
        let second = try objects(try await sandbox.run(["run"] + json))
        #expect(try second.last?["level"].string == "error" && second.last?["code"].string == "store")
        run.signal(SIGTERM)
        let drain = try JSONText(try #require(await run.line(containing: "draining", on: .error)))
        #expect(try drain["graceMs"].raw == "20000")
        #expect(await run.end() == 0)

        let detached = try await sandbox.run(
            ["emit", "x.y", "--data", "1", "--detach", "--store", "sqlite:n.sqlite"] + json
        )
        #expect(try objects(detached).contains { try $0["code"].string == "new_store" })
        try sandbox.write("w.yaml", sandbox.configuration() + "  - { name: }\n")
        let broken = try await sandbox.run(["run"] + json)
        #expect(broken.status == 65)
        let problem = try #require(try objects(broken).first)
        #expect(try problem["file"].string == "w.yaml" && problem["line"].raw != "null")
        #expect(try objects(try await sandbox.run(["run", "--until-idle", "--until-settled"] + json)).count == 1)
        // The results' own form comes first.
        #expect(try await sandbox.run(["run", "--json"] + json).err.hasPrefix(#"{"error":{"code""#))
    }

    @Test func `start and reload count the same subscriptions`() async throws {
        let sandbox = try CommandEnvironment()
        let url = sandbox.receiver.url
        let off =
            "  - { name: off, url: \(url), topics: [x.y], secrets: [\(CommandEnvironment.secret)], enabled: false }\n"
        try sandbox.write("w.yaml", sandbox.configuration(more: off))
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error)?.contains("subscriptions=2") == true)
        run.signal(SIGHUP)
        #expect(await run.line(containing: "reloaded", on: .error)?.contains("subscriptions=2") == true)
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
    }

    @Test func `listen passes on paths and answers, and says what it doesn't do`() async throws {
        let sandbox = try CommandEnvironment { _ in
            .status(503, headers: [HTTPHeader("Retry-After", "7"), HTTPHeader("X-A", "b")])
        }
        let forward = ["--forward-to", sandbox.receiver.url, "--exit-after", "1"]
        let listen = try Background(["listen", "--port", "0", "--json"] + forward, in: sandbox)
        let started = try #require(await listen.line(containing: "listening"))
        let url = try #require(try JSONText(started)["listening"].string)
        try sandbox.write(
            "w.yaml",
            sandbox.configuration().replacing(sandbox.receiver.url + "/crm", with: url + "/a/b?c=d")
        )
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 1)
        #expect(await listen.end() == 0)
        #expect(sandbox.receiver.requests.map(\.target) == ["/a/b?c=d"])
        let shown = try JSONText(try await sandbox.run("deliveries", "show", "dlv_1", "--json").out)["log"][0]
        #expect(try shown["responseHeaders"].raw.contains(#"["Retry-After","7"]"#))
        #expect(try shown["responseHeaders"].raw.contains(#"["X-A","b"]"#))
        let both = try await sandbox.run(["listen", "--status", "200"] + forward)
        #expect(both.status == 64 && both.err.contains("--status excludes --forward-to"))
    }

    @Test func `match suggests no topic in place of one that exists`() async throws {
        let sandbox = try CommandEnvironment()
        let url = sandbox.receiver.url
        let more =
            "  - { name: other, url: \(url), profile: lms, topics: [user.created], secrets: [\(CommandEnvironment.secret)] }\n"
        try sandbox.write("w.yaml", sandbox.configuration(more: more))
        let exists = try await sandbox.run("match", "user.updated", "--data", "{}")
        #expect(exists.out.contains("no   other: topic: its topics are user.created"), "\(exists.out)")
        #expect(!exists.out.contains("did you mean"))
        #expect(
            try await sandbox.run("match", "user.creatd", "--data", "{}").out.contains("did you mean user.created?")
        )
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        _ = try await sandbox.run("pause", "crm")
        _ = try await sandbox.run("disable", "crm")
        let held = try await sandbox.run("match", "x.y", "--data", "1")
        #expect(held.lines[0].hasPrefix("no   crm: disabled: ") && !held.lines[0].contains("would wait"), "\(held.out)")
    }

    // MARK: init

    private let none = ["WEBHOOKS_CONFIG": "", "NO_COLOR": "1"]

    @Test func `init asks again after a slip, and names no file that isn't there`() async throws {
        let sandbox = try CommandEnvironment()
        let asked = try await sandbox.runOnTerminal(
            ["init"],
            columns: 200,
            input: "fermoin\nfermion\nftp://x\nhttps://crm.example.com/hooks\n\n",
            environment: none
        )
        #expect(asked.status == 0, "\(asked.out)")
        #expect(asked.out.contains("did you mean fermion?") && asked.out.contains("wrote  config/webhooks.yaml"))
        let wrong = try await sandbox.run(["init", "x", "--url", "ftp://x", "--yes"], environment: none)
        #expect(wrong.status == 65 && !wrong.err.contains("webhooks.yaml:"), "\(wrong.err)")
    }

    @Test func `init keeps the secret that receivers know, and quotes what is to be copied`() async throws {
        let sandbox = try CommandEnvironment()
        let first = try await sandbox.run(["init", "my hooks", "--yes"], environment: none)
        #expect(first.out.contains("next   webhooks validate --config 'my hooks/webhooks.yaml'"), "\(first.out)")
        #expect(first.out.contains("--data '@my hooks/example.json'"))
        let secret = "\(sandbox.folder)/my hooks/secrets/standard.secret"
        let before = try String(contentsOfFile: secret, encoding: .utf8)
        let again = try await sandbox.run(["init", "my hooks", "--yes", "--force"], environment: none)
        #expect(again.status == 0 && again.out.contains("kept   my hooks/secrets/standard.secret"), "\(again.out)")
        #expect(try String(contentsOfFile: secret, encoding: .utf8) == before)
    }

    // MARK: hints

    @Test func `hints don't lead back to where they come from`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        let delivery = "{ schedule: [1h] }"
        try sandbox.write("w.yaml", sandbox.configuration(delivery: delivery))
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        let slip = try await sandbox.run("events", "list", "--where", "user.id=1")
        #expect(slip.status == 64 && slip.err.contains("did you mean data.user.id=1?"), "\(slip.err)")
        try sandbox.write("w.yaml", sandbox.configuration().replacing("name: crm", with: "name: other"))
        let parked = try await sandbox.run("retry", "--subscription", "crm")
        #expect(parked.err.contains("1 is parked: the configuration has no crm"))
        #expect(!parked.out.contains("due now") && !parked.err.contains("none runs"), "\(parked)")
        let descriptor = open("\(sandbox.folder)/w.sqlite", O_WRONLY | O_CLOEXEC)
        _ = pwrite(descriptor, [UInt8](repeating: 0xA5, count: 4096), 4096, 4096)
        close(descriptor)
        let damaged = try await sandbox.run("check")
        #expect(damaged.status == 69 && !damaged.err.contains("`webhooks check`"), "\(damaged.err)")
    }

    @Test func `a pause shows although the subscription is off, and show leaves nothing out`() async throws {
        let sandbox = try CommandEnvironment()
        let more = """
                headers: { X-Env: prod, X-Key: { env: OPS_KEY } }
                filter: { data.total: { gte: 100 } }

            """
        let off = sandbox.configuration().replacing("    delivery: {}\n", with: more + "    enabled: false\n")
        try sandbox.write("w.yaml", sandbox.configuration())
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        _ = try await sandbox.run("pause", "crm")
        try sandbox.write("w.yaml", off)
        let key = ["OPS_KEY": "canary-secret-value"]
        let status = try JSONText(try await sandbox.run(["status", "--json"], environment: key).out)
        #expect(try status["paused"][0]["subscription"].string == "crm")
        #expect(try status["parked"][0]["subscription"].string == "crm")
        let shown = try await sandbox.run(["subscriptions", "show", "crm", "--json"], environment: key)
        let subscription = try JSONText(shown.out)
        #expect(try subscription["filter"][0].raw == #"{"path":"data.total","condition":"{ gte: 100 }"}"#)
        #expect(try subscription["headers"].raw == #"[["X-Env","prod"],["X-Key","***"]]"#)
        #expect(try subscription["delivery"]["breaker"]["failures"].raw == "10")
        let text = try await sandbox.run(["subscriptions", "show", "crm"], environment: key)
        #expect(text.out.contains("X-Key: ***") && text.out.contains("opens after 10 failures in a row, for 30s"))
        #expect(!(shown.out + text.out).contains("canary"))
    }

    // MARK: the dispatcher's own topics

    @Test(arguments: OperationalTopic.allCases)
    func `the catalogue knows the dispatcher's own events`(_ topic: OperationalTopic) async throws {
        let sandbox = try CommandEnvironment()
        let shown = try await sandbox.run("topics", "show", topic.rawValue, "--json")
        #expect(shown.status == 0, "\(shown.err)")
        #expect(try JSONText(shown.out)["profile"].string == "webhooks")
    }
}
