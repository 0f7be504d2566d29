import Foundation
import Testing
import WebhookReceiver

/// What a command says to do next, where it can't do what it was asked for.
@Suite struct AdviceTests {
    @Test func `beside a missing secret there is a way on`() async throws {
        let sandbox = try CommandEnvironment()
        let broken = sandbox.configuration().replacing("\"\(CommandEnvironment.secret)\"", with: "{ file: crm.secret }")
        try sandbox.write("w.yaml", broken)
        let emit = try await sandbox.run("emit", "x.y", "--data", "1")
        #expect(emit.status == 65 && emit.err.contains("--detach stores the event"), "\(emit.err)")
        let run = try await sandbox.run("run", "--until-idle")
        #expect(run.status == 65 && run.err.contains("--skip-broken holds"), "\(run.err)")
        // Where that would not help it isn't advised.
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ timeout: 3x }"))
        let other = try await sandbox.run("run", "--until-idle")
        #expect(other.status == 65 && !other.err.contains("--skip-broken"), "\(other.err)")
        try sandbox.write("w.yaml", sandbox.configuration())
        let rotate = try await sandbox.run("secrets", "rotate", "ep_2abc")
        #expect(rotate.status == 1 && rotate.err.contains("endpoint/ep_2abc/secret/rotate"), "\(rotate.err)")
    }

    @Test func `what was erased says so, and not that it is another`() async throws {
        let sandbox = try CommandEnvironment()
        let emit = ["emit", "x.y", "--data", #"{"a":1}"#, "--id", "gone"]
        #expect(try await sandbox.run(emit).status == 0)
        #expect(try await sandbox.run("expunge", "gone").status == 0)
        let again = try await sandbox.run(emit)
        #expect(again.status == 65 && again.err.contains("gone was erased"), "\(again.err)")
        #expect(!again.err.contains("other content"))
        for id in ["gone", "dlv_1"] {
            let retry = try await sandbox.run("retry", id)
            #expect(retry.status == 1 && retry.err.contains("\(id) was erased"), "\(retry.err)")
        }
    }

    @Test func `what was cancelled and is emitted again is not sent, and there is a way on`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        let emit = ["emit", "x.y", "--data", "1", "--id", "off"]
        #expect(try await sandbox.run(emit).status == 1)
        #expect(try await sandbox.run("cancel", "off").status == 0)
        let again = try await sandbox.run(emit)
        #expect(again.out.contains("cancelled, and not sent: `webhooks retrigger off` sends it"), "\(again.out)")
        let retriggered = try await sandbox.run("retrigger", "off")
        #expect(sandbox.receiver.requestCount == 2, "\(retriggered.out)\(retriggered.err)")
    }

    @Test func `what is wrong with the store is told once`() async throws {
        let sandbox = try CommandEnvironment()
        let store = "store: { url: \"postgres://u@127.0.0.1:1/d\", password: { env: NOBODY_SETS_THIS } }"
        try sandbox.write("w.yaml", sandbox.configuration().replacing("store: sqlite:w.sqlite", with: store))
        let stats = try await sandbox.run("stats")
        #expect(stats.status == 65 && stats.err.split(separator: "NOBODY_SETS_THIS").count == 2, "\(stats.err)")
        #expect(stats.err.contains("`password`: the environment variable"), "\(stats.err)")
    }

    @Test func `a store that is missing is put back as the documents say`() async throws {
        let sandbox = try CommandEnvironment()
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        run.signal(SIGKILL)
        _ = await run.end()
        try FileManager.default.removeItem(atPath: "\(sandbox.folder)/w.sqlite")
        let list = try await sandbox.run("events", "list")
        #expect(list.status == 69 && list.err.contains("put it back (a copy of it: delete "), "\(list.err)")
        #expect(list.err.contains("-wal") && list.err.contains("-shm"))
    }

    @Test func `stats beside a broken include has a row each, and claims nothing that nobody knows`() async throws {
        let sandbox = try CommandEnvironment()
        let url = "\(sandbox.receiver.url)/extra"
        let extra =
            "subscriptions: [{ name: extra, url: \"\(url)\", topics: [x.y], secrets: [\(CommandEnvironment.secret)] }]\n"
        try sandbox.write("extra.yaml", extra)
        try sandbox.write("w.yaml", sandbox.configuration(more: "include: [extra.yaml]\n"))
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        // The same name once more, and a file that can't be read.
        try sandbox.write("crm.yaml", extra.replacing("extra,", with: "crm,"))
        try sandbox.write("extra.yaml", "subscriptions: [\n")
        try sandbox.write("w.yaml", sandbox.configuration(more: "include: [extra.yaml, crm.yaml]\n"))
        let stats = try await sandbox.run("stats", "--json")
        let names = try stats.lines.map { try JSONText($0)["subscription"].string }
        #expect(names == ["crm", "lms", "extra"], "\(stats.out)\(stats.err)")
        #expect(!stats.out.contains("not in the configuration"), "\(stats.out)")
    }
}
