import Foundation
import GRDB
import Glibc
import Testing
import WebhookCore
import WebhookReceiver

/// `backup`, `expunge` and `prune --dry-run`.
@Suite struct EraseTests {
    private static let canary = "ada.lovelace@example.com"

    /// The store's files that hold the canary.
    private func holding(_ sandbox: CommandEnvironment) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: sandbox.folder)
            .filter { $0.hasPrefix("w.sqlite") }
            .filter { name in
                let data = try Data(contentsOf: URL(fileURLWithPath: "\(sandbox.folder)/\(name)"))
                return data.range(of: Data(Self.canary.utf8)) != nil
            }
            .sorted()
    }

    @Test func `an event that is damaged is erased, and with it the damage`() async throws {
        let sandbox = try CommandEnvironment()
        for id in ["bad", "good"] {
            #expect(try await sandbox.run("emit", "x.y", "--data", #"{"n":1}"#, "--id", id).status == 0)
        }
        let host = try DatabaseQueue(path: sandbox.folder + "/w.sqlite")
        try await host.writeWithoutTransaction { db in
            try db.execute(sql: "UPDATE webhooks_events SET data = x'7b7d' WHERE event_id = 'bad'")
        }
        try host.close()
        let check = try await sandbox.run("check")
        #expect(check.status == 69 && check.err.contains("event bad is not as it was written"), "\(check)")
        let backup = try await sandbox.run("backup", "copy.sqlite")
        #expect(backup.status == 69 && backup.err.contains("`webhooks expunge ID`"), "\(backup)")
        #expect(!backup.err.contains(".partial"), "\(backup)")
        let copied = try await sandbox.run("store", "copy", "sqlite:w.sqlite", "sqlite:other.sqlite")
        #expect(copied.status == 1 && copied.err.contains("was damaged before"), "\(copied)")
        let erased = try await sandbox.run("expunge", "bad", "--yes")
        #expect(erased.status == 0, "\(erased)")
        #expect(try await sandbox.run("check").out == "ok\n")
        #expect(try await sandbox.run("backup", "copy.sqlite").status == 0)
    }

    /// Bodies that share pages, and one that needs pages of its own.
    private func fill(_ sandbox: CommandEnvironment) async throws {
        for id in ["small", "large", "other"] {
            let text = id == "large" ? String(repeating: Self.canary + " ", count: 2000) : Self.canary
            let data = #"{"user":"\#(id == "other" ? "nobody" : text)","pad":"\#(String(repeating: "x", count: 80))"}"#
            try sandbox.write("data.json", data)
            let done = try await sandbox.run(
                "emit",
                "user.created",
                "--data",
                "@data.json",
                "--id",
                id,
                "--tenant",
                "t-\(Self.canary)"
            )
            #expect(done.status == 0, "\(done.err)")
        }
    }

    private func sandbox() throws -> CommandEnvironment {
        try CommandEnvironment { request in
            .status(200, headers: [HTTPHeader("X-Echo", Self.canary)], body: request.body)
        }
    }

    @Test func `prune by a clock that may be ahead deletes nothing`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        // As seen by a clock that is ahead, all that there is settled longer ago than is kept.
        for age in ["1ms", "0s"] {
            let refused = try await sandbox.run("prune", "--older-than", age)
            #expect(refused.status == 1, "\(age)")
            #expect(refused.err.contains("all that has settled would be deleted"), "\(age)")
        }
        #expect(try await sandbox.run("deliveries", "list", "--json").lines.count == 1)
        #expect(try await sandbox.run("prune", "--older-than", "30d").status == 0)
        #expect(try await sandbox.run("prune", "--older-than", "1ms", "--yes").out.contains("1 delivery"))
    }

    @Test(arguments: [false, true])
    func `an erased event is in no file of the store`(besideDispatcher: Bool) async throws {
        let sandbox = try sandbox()
        let run = besideDispatcher ? try Background(["run"], in: sandbox) : nil
        if let run { #expect(await run.line(containing: "delivering", on: .error) != nil) }
        try await fill(sandbox)
        #expect(try holding(sandbox) != [])
        let done = try await sandbox.run("expunge", "small", "large", "other", "--json")
        #expect(done.status == 0, "\(done.err)")
        #expect(
            done.out == #"{"events":["small","large","other"],"deliveries":6,"attempts":6,"open":[],"unknown":[]}"#
                + "\n"
        )
        #expect(try holding(sandbox) == [])
        // The tombstones.
        let event = try JSONText(try await sandbox.run("events", "show", "small", "--json").out)
        #expect(try event["topic"].string == "user.created" && event["tenant"].raw == "null")
        #expect(try event["data"].keys == ["expunged"])
        let shown = try await sandbox.run("deliveries", "show", "dlv_1", "--json")
        let attempt = try JSONText(shown.out)["log"][0]
        #expect(try attempt["requestHeaders"].count == 0 && attempt["responseBody"].string == "")
        #expect(try await sandbox.run("check").status == 0)
        // Nothing brings them back.
        let again = try await sandbox.run("retrigger", "small")
        #expect(again.status == 1 && again.err.contains("its event was erased: there is nothing to send"))
        let emit = try await sandbox.run("emit", "user.created", "--data", "{}", "--id", "small")
        #expect(emit.status == 65)
        // Twice does no harm.
        #expect(try await sandbox.run("expunge", "small").status == 0)
        if let run {
            run.signal(SIGTERM)
            #expect(await run.end() == 0)
        }
        #expect(sandbox.receiver.requestCount == 6)
    }

    @Test func `what is open is cancelled first, or refused`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h] }"))
        _ = try await sandbox.run("emit", "x.y", "--data", "\"\(Self.canary)\"", "--id", "open")
        _ = try await sandbox.run("emit", "x.y", "--data", "\"\(Self.canary)\"", "--id", "later", "--in", "1h")
        let refused = try await sandbox.run("expunge", "open", "later")
        #expect(refused.status == 1)
        #expect(refused.out.contains("left     open: it is open; --cancel cancels it first"))
        #expect(try holding(sandbox) != [])
        let no = try await sandbox.runOnTerminal(
            ["expunge", "open", "later", "--cancel"],
            columns: 100,
            input: "n\n",
            environment: ["NO_COLOR": "1"]
        )
        #expect(no.status == 1 && no.out.contains("erase 2 events for good"))
        let done = try await sandbox.run("expunge", "open", "later", "--cancel")
        #expect(done.status == 0 && done.lines == ["erased   open", "erased   later"])
        #expect(try holding(sandbox) == [])
        let unknown = try await sandbox.run("expunge", "nobody")
        #expect(unknown.status == 1 && unknown.err.contains("there is no event nobody"))
        #expect(!unknown.err.contains("nothing was erased"))
        let both = try await sandbox.run("expunge", "nobody", "nobody-else", "--yes")
        #expect(both.status == 1 && both.err.contains("nothing was erased, nor of the others"), "\(both.err)")
    }

    @Test(arguments: [false, true])
    func `a reader that needs the old pages is told of`(besideDispatcher: Bool) async throws {
        let sandbox = try sandbox()
        let run = besideDispatcher ? try Background(["run"], in: sandbox) : nil
        if let run { #expect(await run.line(containing: "delivering", on: .error) != nil) }
        try await fill(sandbox)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: "\(sandbox.folder)/w.sqlite", configuration: configuration)
        try await reader.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN")
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM webhooks_events")
        }
        let done = try await sandbox.run("expunge", "small", "large", "other", "--wait", "3s")
        #expect(done.status == 1 && done.lines.count == 3)
        #expect(
            done.err.contains("the write-ahead log still holds older pages: a program reads the store; end it"),
            "\(done)"
        )
        if besideDispatcher {
            #expect(done.err.contains("waiting for the store, and for a dispatcher to empty"), "\(done)")
        }
        try await reader.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        try reader.close()
        #expect(try await sandbox.run("expunge", "small").status == 0)
        #expect(try holding(sandbox) == [])
        if let run {
            run.signal(SIGTERM)
            #expect(await run.end() == 0)
        }
    }

    @Test(arguments: [false, true])
    func `a backup is a whole store`(besideDispatcher: Bool) async throws {
        let sandbox = try sandbox()
        #expect(try await sandbox.run("backup", "b.sqlite").status == 69)
        let run = besideDispatcher ? try Background(["run"], in: sandbox) : nil
        if let run { #expect(await run.line(containing: "delivering", on: .error) != nil) }
        try await fill(sandbox)
        let done = try await sandbox.run("backup", "b.sqlite", "--json")
        #expect(done.status == 0, "\(done.err)")
        #expect(try JSONText(done.out).keys == ["file", "bytes", "verified"])
        var status = stat()
        #expect(stat("\(sandbox.folder)/b.sqlite", &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(status.st_nlink == 1)
        let files = try FileManager.default.contentsOfDirectory(atPath: sandbox.folder)
        #expect(!files.contains { $0.hasSuffix(".partial") || $0.hasPrefix("b.sqlite-") })
        // It overwrites nothing, and what it leaves alone stays as it was.
        try sandbox.write("mine", "mine")
        let taken = try await sandbox.run("backup", "mine")
        #expect(taken.status == 1 && taken.err.contains("a backup overwrites nothing"))
        #expect(try String(contentsOfFile: "\(sandbox.folder)/mine", encoding: .utf8) == "mine")
        #expect(try await sandbox.run("backup", "missing/b.sqlite").status == 69)
        if let run {
            run.signal(SIGTERM)
            #expect(await run.end() == 0)
        }
        // Read, and worked on, as any store.
        let copy = ["--store", "sqlite:b.sqlite"]
        #expect(try await sandbox.run(["check"] + copy).status == 0)
        let original = try await sandbox.run("export", "--format", "jsonl")
        #expect(try await sandbox.run(["export", "--format", "jsonl"] + copy).out == original.out)
        #expect(try await sandbox.run(["emit", "user.created", "--data", "1"] + copy).status == 0)
    }

    @Test func `pruning is tried first`() async throws {
        let sandbox = try CommandEnvironment { $0.target == "/lms" ? .status(500) : .noContent }
        _ = try await sandbox.run("emit", "user.created", "--data", "1", "--id", "a")
        _ = try await sandbox.run("emit", "user.created", "--data", "1", "--id", "b", "--in", "1h")
        let dry = try await sandbox.run("prune", "--older-than", "0s", "--dry-run", "--yes", "--json")
        #expect(dry.status == 0 && dry.out == #"{"events":1,"deliveries":2,"attempts":2}"# + "\n")
        let text = try await sandbox.run("prune", "--older-than", "0s", "--dry-run")
        #expect(text.status == 1)
        #expect(text.out == "would delete 1 event, 2 deliveries, 2 attempts\n")
        #expect(text.err.contains("without --yes that is refused"))
        let done = try await sandbox.run("prune", "--older-than", "0s", "--yes", "--json")
        #expect(done.out == dry.out)
        let none = try await sandbox.run("prune", "--older-than", "1d", "--dry-run", "--json")
        #expect(none.out == #"{"events":0,"deliveries":0,"attempts":0}"# + "\n")
    }
}
