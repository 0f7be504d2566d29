import Glibc
import Testing
import WebhookCore
import WebhookReceiver

/// Commands that need the store alone, beside configurations that a dispatcher would refuse.
@Suite struct StoreAloneTests {
    static let commands: [[String]] = [
        ["deliveries", "list"], ["deliveries", "show", "dlv_1"], ["events", "list"], ["events", "show", "first"],
        ["stats"], ["check"], ["prune"], ["export", "--format", "csv"], ["export", "--format", "jsonl"],
        ["emit", "a.b", "--data", "1", "--detach"], ["emit", "--batch", "-", "--detach"],
        ["emit", "a.b", "--data", "1", "--in", "1h"],
        ["cancel", "--subscription", "crm"], ["retry", "--subscription", "crm"],
        ["pause", "crm"], ["resume", "crm"], ["disable", "crm", "--yes"], ["enable", "crm"],
    ]

    private func filled() async throws -> CommandEnvironment {
        let sandbox = try CommandEnvironment()
        #expect(try await sandbox.run("emit", "a.b", "--data", "1", "--id", "first").status == 0)
        return sandbox
    }

    @Test(arguments: [
        "    secrets: [{ env: WEBHOOKS_NOT_SET }]\n", "    secrets: [{ file: missing.secret }]\n", "    colour: red\n",
        "  broken\n", "  - [\n",
        "colour: red\n",
    ])
    func `a broken configuration is warned of once, and its store is used`(more: String) async throws {
        let sandbox = try await filled()
        try sandbox.write("w.yaml", sandbox.configuration(more: more))
        #expect(try await sandbox.run("validate").status == 65)
        for command in Self.commands where command != ["prune"] {
            let done = try await sandbox.run(command)
            #expect(done.status == 0, "\(command): \(done.err)")
            let warnings = done.err.split(separator: "\n").filter { $0.hasPrefix("warning: w.yaml:") }
            #expect(warnings.count == 1, "\(command): \(done.err)")
        }
        let json = try await sandbox.run("deliveries", "list", "--json")
        #expect(try JSONText(json.err)["warning"].keys == ["code", "message"])
        // What is stored is checked all the same.
        #expect(try await sandbox.run("emit", "Bad!", "--data", "1", "--detach").status == 65)
        #expect(try await sandbox.run("emit", "a.b", "--data", "{", "--detach").status == 65)
        #expect(try await sandbox.run("emit", "a.b", "--data", "2", "--id", "first", "--detach").status == 65)
    }

    @Test func `--store needs no configuration at all`() async throws {
        let sandbox = try await filled()
        let nowhere = ["WEBHOOKS_CONFIG": ""]
        for command in Self.commands where command != ["prune"] {
            let done = try await sandbox.run(command + ["--store", "sqlite:w.sqlite"], environment: nowhere)
            #expect(done.status == 0, "\(command): \(done.err)")
            #expect(!done.err.contains("warning"), "\(command): \(done.err)")
        }
        // Which retention holds is not known.
        let prune = try await sandbox.run("prune", "--store", "sqlite:w.sqlite", environment: nowhere)
        #expect(prune.status == 64)
        let old = try await sandbox.run(
            "prune",
            "--older-than",
            "1d",
            "--store",
            "sqlite:w.sqlite",
            environment: nowhere
        )
        #expect(old.status == 0)
        let bad = try await sandbox.run("stats", "--store", "mysql:x", environment: nowhere)
        #expect(bad.status == 65)
    }

    @Test func `--store names the tables' prefix, and two prefixes in one file are two stores`() async throws {
        let sandbox = try await filled()
        let nowhere = ["WEBHOOKS_CONFIG": ""]
        let other = ["--store", "sqlite:w.sqlite?prefix=lms_hooks_"]
        let emit = ["emit", "a.b", "--data", "1", "--id", "second"]
        #expect(try await sandbox.run(emit + other).status == 0)
        for command in Self.commands where command != ["prune"] && command != ["events", "show", "first"] {
            let done = try await sandbox.run(command + other, environment: nowhere)
            #expect([0, 1].contains(done.status), "\(command): \(done.err)")
        }
        let own = try await sandbox.run("events", "list", "--json")
        #expect(own.out.contains("\"first\"") && !own.out.contains("\"second\""))
        let theirs = try await sandbox.run(["events", "list", "--json"] + other, environment: nowhere)
        #expect(theirs.out.contains("\"second\"") && !theirs.out.contains("\"first\""))
        #expect(try await sandbox.run(["events", "show", "first"] + other, environment: nowhere).status == 1)
        #expect(try await sandbox.run("check").status == 0)
        let bad = try await sandbox.run("stats", "--store", "sqlite:w.sqlite?prefix=Hooks", environment: nowhere)
        #expect(bad.status == 65 && bad.err.contains("must be sqlite:PATH"))
    }

    @Test func `a broken file's outline says which subscriptions there are`() async throws {
        let sandbox = try await filled()
        try sandbox.write("w.yaml", sandbox.configuration(more: "    colour: red\n"))
        // Neither was sent to so far: the store doesn't know it.
        #expect(try await sandbox.run("pause", "lms").status == 0)
        let slip = try await sandbox.run("disable", "lmss", "--yes")
        #expect(slip.status == 1 && slip.err.contains("did you mean lms?"))
        let alone = try await sandbox.run(
            ["pause", "nobody", "--store", "sqlite:w.sqlite"],
            environment: ["WEBHOOKS_CONFIG": ""]
        )
        #expect(alone.status == 1)
    }

    @Test func `no secret is read`() async throws {
        let sandbox = try await filled()
        try sandbox.write("key.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        try sandbox.write(
            "w.yaml",
            sandbox.configuration().replacing("\"\(CommandEnvironment.secret)\"", with: "{ file: key.secret }")
        )
        var before = stat()
        #expect(stat("\(sandbox.folder)/key.secret", &before) == 0)
        // A pipe in its place would hold whoever reads it.
        unlink("\(sandbox.folder)/key.secret")
        #expect(mkfifo("\(sandbox.folder)/key.secret", 0o600) == 0)
        let done = try await sandbox.run("deliveries", "list", "--json")
        #expect(done.status == 0 && done.err.isEmpty)
        #expect(done.lines.count == 1)
    }

    @Test func `a store that can't be read from the file is an error`() async throws {
        let sandbox = try await filled()
        try sandbox.write("w.yaml", "store: { env: WEBHOOKS_NOT_SET }\nsubscriptions: []\n")
        let done = try await sandbox.run("stats")
        #expect(done.status == 65)
        #expect(done.err.contains("WEBHOOKS_NOT_SET") && done.err.contains("--store"))
        try sandbox.write("w.json", #"{"store":"sqlite:w.sqlite","subscriptions":[{"name":}"#)
        let json = try await sandbox.run("deliveries", "list", "--json", "--config", "w.json")
        #expect(json.status == 0 && json.lines.count == 1)
    }

    @Test(arguments: [
        (["deliveries", "list", "--subscription", "crmm"], "did you mean crm?"),
        (["export", "--format", "csv", "--subscription", "crmm"], "did you mean crm?"),
        (["retrigger", "--subscription", "crmm"], "did you mean crm?"),
        (["cancel", "--subscription", "crmm"], "did you mean crm?"),
        (["deliveries", "list", "--subscription", "parkd"], "did you mean parked?"),
        (["deliveries", "list", "--topic", "usr.created"], "did you mean user.created?"),
        (["events", "list", "--topic", "usr.created"], "did you mean user.created?"),
    ])
    func `a filter's name that nobody knows exits 1 with a suggestion`(command: [String], hint: String) async throws {
        let sandbox = try await filled()
        let more = "  - { name: parked, url: \"\(sandbox.receiver.url)/p\", topics: [p.q], profile: standard, "
        try sandbox.write("w.yaml", sandbox.configuration(more: more + "secrets: [\(CommandEnvironment.secret)] }\n"))
        #expect(try await sandbox.run("emit", "p.q", "--data", "1").status == 0)
        try sandbox.write("w.yaml", sandbox.configuration())
        #expect(try await sandbox.run("deliveries", "list", "--subscription", "parked").status == 0)
        #expect(try await sandbox.run("deliveries", "list", "--subscription", "lms").status == 0)
        #expect(try await sandbox.run("deliveries", "list", "--topic", "user.*").status == 1)
        let done = try await sandbox.run(command)
        #expect(done.status == 1)
        #expect(done.err.contains(hint), "\(done.err)")
    }

    @Test(arguments: [
        (["frobnicate"], "there is no command"), (["emt"], "did you mean emit?"),
        (["deliveries", "lst"], "did you mean list?"), (["help", "bogus"], "there is no command"),
        (["help", "evnts"], "did you mean events?"),
        (["deliveries", "list", "--state", "faild"], "did you mean failed?"),
    ])
    func `slips in commands and states exit 64 with a suggestion`(arguments: [String], hint: String) async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run(arguments)
        #expect(done.status == 64)
        #expect(done.out.isEmpty)
        #expect(done.err.contains(hint), "\(done.err)")
        #expect(try JSONText(try await sandbox.run(arguments + ["--json"]).err)["error"]["code"].string == "usage")
    }

    @Test func `a list that stops at its limit says how to go on`() async throws {
        let sandbox = try await filled()
        _ = try await sandbox.run("emit", "a.b", "--data", "1", "--id", "second")
        let cut = try await sandbox.run("deliveries", "list", "--limit", "1")
        #expect(cut.err == "note: 1 shown; more: --after dlv_2, or a higher --limit\n")
        let json = try await sandbox.run("events", "list", "--limit", "1", "--json")
        #expect(json.lines.count == 1)
        #expect(try JSONText(json.err)["note"]["message"].string?.contains("--after second") == true)
        #expect(try await sandbox.run("deliveries", "list", "--limit", "3").err.isEmpty)
    }
}
