import Glibc
import Testing
import WebhookCore
import WebhookReceiver

/// Configurations of several files, and of several machines.
@Suite struct GrowingFilesTests {
    private func entry(_ name: String, _ sandbox: CommandEnvironment, secret: String = CommandEnvironment.secret)
        -> String
    {
        "subscriptions:\n  - { name: \(name), url: \"\(sandbox.receiver.url)/\(name)\", topics: [\"**\"], secrets: [\(secret)] }\n"
    }

    private func main(_ sandbox: CommandEnvironment, _ more: String) -> String {
        "store: sqlite:w.sqlite\nprofile: standard\negress: { allow: [\"127.0.0.0/8\"] }\n\(more)"
    }

    @Test func `included files deliver, and a new one is taken up`() async throws {
        let sandbox = try CommandEnvironment()
        try #require(mkdir("\(sandbox.folder)/customers", 0o700) == 0)
        try sandbox.write("customers/a.yaml", entry("a", sandbox))
        try sandbox.write("w.yaml", main(sandbox, "include: customers/*.yaml\n"))
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error)?.contains("subscriptions=1") == true)
        try sandbox.write("customers/b.yaml", entry("b", sandbox))
        #expect(await run.line(containing: "configuration reloaded", on: .error)?.contains("added=b") == true)
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        #expect(Set(sandbox.receiver.requests.map(\.target)) == ["/a", "/b"])
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
        // A link within the folder counts, one that leads out of it doesn't.
        try #require(symlink("a.yaml", "\(sandbox.folder)/customers/c.yaml") == 0)
        let twice = try await sandbox.run("validate")
        #expect(
            twice.status == 65
                && twice.out.contains("customers/c.yaml:2:13: the name a is taken by the subscription at"),
            "\(twice.out)"
        )
        unlink("\(sandbox.folder)/customers/c.yaml")
        try #require(symlink("/etc/hosts", "\(sandbox.folder)/customers/d.yaml") == 0)
        let stray = try await sandbox.run("validate")
        #expect(stray.status == 65 && stray.out.contains("leads out of its folder") && !stray.out.contains("localhost"))
    }

    @Test func `a check without secrets, and a strict one`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write("w.yaml", main(sandbox, entry("a", sandbox, secret: "{ env: NONE }")))
        #expect(try await sandbox.run("validate").status == 65)
        let lenient = try await sandbox.run("validate", "--no-secrets", "--strict")
        #expect(lenient.status == 0, "\(lenient.out)")
        try sandbox.write("w.yaml", main(sandbox, entry("a", sandbox).replacing("[\"**\"]", with: "[x.y, x.y]")))
        #expect(try await sandbox.run("validate").status == 0)
        let strict = try await sandbox.run("validate", "--strict", "--json")
        #expect(strict.status == 65 && strict.out.contains(#""valid":false"#))
    }

    @Test func `diff says who is added, changed and dropped, and shows no value`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h] }"))
        let same = try await sandbox.run("diff", "w.yaml")
        #expect(same.status == 0 && same.out == "no difference\n", "\(same)")
        // The same store, named from another place.
        let absolute = try await sandbox.run("diff", "w.yaml", "--config", "\(sandbox.folder)/w.yaml")
        #expect(absolute.status == 0 && absolute.out == "no difference\n", "\(absolute)")
        _ = try await sandbox.run("emit", "user.created", "--data", "{}")
        let new = sandbox.configuration(delivery: "{ schedule: [2h], timeout: 3s }")
            .replacing("name: lms", with: "name: new").replacing(
                CommandEnvironment.secret,
                with: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
            )
        try sandbox.write("new.yaml", new + "dispatcher: { retention: 5d }\n")
        let text = try await sandbox.run("diff", "new.yaml")
        #expect(text.status == 1)
        #expect(
            text.lines == [
                "changed  crm: secrets, delivery.schedule, delivery.timeout; 1 open delivery would go by it, with the bodies they have",
                "added    new", "dropped  lms", "settings dispatcher.retention",
            ],
            "\(text)"
        )
        #expect(!text.out.contains("whsec_"))
        let json = try await sandbox.run("diff", "new.yaml", "--json").lines
        #expect(
            json[0]
                == #"{"subscription":"crm","change":"changed","keys":["secrets","delivery.schedule","delivery.timeout"],"openDeliveries":1}"#
        )
        try sandbox.write("bad.yaml", "subscriptions: [{ name: x }]\n")
        let server = "server: { tokens: [\(String(repeating: "t", count: 32))], maxBody: 64KiB }\n"
        try sandbox.write("server.yaml", sandbox.configuration(delivery: "{ schedule: [1h] }") + server)
        let served = try await sandbox.run("diff", "server.yaml")
        #expect(served.status == 1 && served.out == "settings server.tokens, server.maxBody\n", "\(served)")
        #expect(try await sandbox.run("diff", "bad.yaml").status == 65)
        #expect(try await sandbox.run("diff", "none.yaml").status == 65)
    }

    @Test func `one that can't be used is held, loudly, and loses nothing`() async throws {
        let sandbox = try CommandEnvironment()
        let broken = sandbox.configuration().replacing("\"\(CommandEnvironment.secret)\"", with: "{ file: crm.secret }")
        try sandbox.write("w.yaml", broken)
        let refused = try await sandbox.run("run", "--until-idle")
        #expect(refused.status == 65)
        let run = try Background(["run", "--skip-broken"], in: sandbox)
        let held = await run.line(containing: "subscription held", on: .error)
        #expect(held?.contains("error") == true && held?.contains("subscription=crm") == true, "\(held ?? "")")
        #expect(held?.contains("w.yaml:") == true && held?.contains("crm.secret does not exist") == true)
        #expect(try await sandbox.run("emit", "user.created", "--data", "{}", "--detach").status == 0)
        _ = try await sandbox.receiver.waitForRequests(count: 1)
        var status = try await sandbox.run("status", "--json")
        for _ in 0..<1_000 where try JSONText(status.out)["deliveries"]["waiting"].raw != "1" {
            status = try await sandbox.run("status", "--json")
        }
        #expect(status.status == 1)
        #expect(try JSONText(status.out)["broken"][0].raw == #"{"subscription":"crm","waiting":1}"#, "\(status.out)")
        let text = try await sandbox.run("status")
        #expect(text.out.contains("wrong  crm: its settings can't be used"), "\(text.out)")
        #expect(sandbox.receiver.requests.map(\.target) == ["/lms"])
        // Mended, it gets what it was owed.
        try sandbox.write("crm.secret", CommandEnvironment.secret)
        #expect(await run.line(containing: "configuration reloaded", on: .error)?.contains("changed=crm") == true)
        _ = try await sandbox.receiver.waitForRequests(count: 2)
        #expect(sandbox.receiver.requests.map(\.target) == ["/lms", "/crm"])
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
        #expect(try await sandbox.run("check").status == 0)
    }
    @Test func `a command on one subscription needs that one's secrets alone`() async throws {
        let sandbox = try CommandEnvironment()
        let text = sandbox.configuration(
            more: "  - { name: bill, url: \"\(sandbox.receiver.url)/bill\", topics: [x.y], secrets: [{ env: BILL }] }\n"
        )
        .replacing("\"\(CommandEnvironment.secret)\"", with: "{ file: crm.secret }")
        try sandbox.write("w.yaml", text)
        try sandbox.write("crm.secret", CommandEnvironment.secret)
        let emitted = try await sandbox.run(
            "emit",
            "x.y",
            "--data",
            "1",
            environment: ["BILL": CommandEnvironment.secret]
        )
        #expect(emitted.status == 0 && sandbox.receiver.requestCount == 2, "\(emitted)")
        let commands = [
            ["test", "crm", "--topic", "course.created"], ["render", "crm", "x.y", "--data", "1"],
            ["subscriptions", "show", "crm"],
            ["retrigger", "--state", "delivered", "--subscription", "crm"],
            ["secrets", "rotate", "crm", "--grace", "1h", "--yes"],
        ]
        for command in commands {
            let done = try await sandbox.run(command)
            #expect(done.status == 0, "\(command): \(done)")
        }
        for command in [["test", "bill"], ["render", "bill", "x.y", "--data", "1"], ["secrets", "rotate", "bill"]] {
            let refused = try await sandbox.run(command)
            #expect(refused.status == 65 && refused.err.contains("BILL is not set"), "\(command): \(refused)")
        }
        let list = try await sandbox.run("subscriptions")
        #expect(list.status == 0 && list.lines[3].hasPrefix("bill") && list.lines[3].contains("can't be used here"))
        // The others are sent, and who can't be is named.
        let both = try await sandbox.run("retrigger", "--state", "delivered")
        #expect(both.status == 1 && both.err.contains("of bill left out: its settings can't be used here"), "\(both)")
        #expect(sandbox.receiver.requests.last?.target == "/crm")
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 65)
    }
}
