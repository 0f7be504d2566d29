import GRDB
import Glibc
import Testing
import WebhookCore
import WebhookReceiver

/// `status`, and what other commands say where nobody delivers.
@Suite struct StatusTests {
    static let keys = [
        "ok", "at", "problems", "warnings", "dispatcher", "events", "deliveries", "breakers", "disabled", "paused",
        "parked",
        "broken", "refused", "behind", "store", "lastError",
    ]

    private func problems(_ status: JSONText) throws -> [String?] {
        try (status["problems"].value.array ?? []).map { try JSONText($0)["code"].string }
    }

    private func set(_ sql: String, _ sandbox: CommandEnvironment) async throws {
        let queue = try DatabaseQueue(path: "\(sandbox.folder)/w.sqlite")
        try await queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test func `a dead dispatcher is seen, with what waits for it`() async throws {
        let sandbox = try CommandEnvironment()
        #expect(try await sandbox.run("status").status == 69)
        for id in ["a", "b"] { _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", id, "--detach") }
        let done = try await sandbox.run("status", "--json")
        #expect(done.status == 1)
        let status = try JSONText(done.out)
        #expect(status.keys == Self.keys)
        #expect(try status["ok"].raw == "false" && status["dispatcher"].raw == "null")
        #expect(try status["events"]["waiting"].raw == "2")
        #expect(try status["events"]["oldestAt"].string != nil)
        #expect(try problems(status) == ["no_dispatcher"])
        let text = try await sandbox.run("status")
        #expect(text.status == 1)
        #expect(text.out.contains("wrong  no dispatcher runs; 2 events wait for it\n"))
        #expect(text.out.contains("start one: `webhooks run` or `serve`"))
        let stats = try await sandbox.run("stats")
        #expect(stats.lines.last == "2 events wait for a dispatcher; none runs: `webhooks run` or `serve`")
        let list = try await sandbox.run("deliveries", "list", "--state", "pending")
        #expect(list.err.contains("2 events wait for a dispatcher; none runs"))
    }

    @Test func `a dispatcher at work is named, and all is well`() async throws {
        let sandbox = try CommandEnvironment()
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        let done = try await sandbox.run("status", "--json")
        #expect(done.status == 0, "\(done.out)")
        let dispatcher = try JSONText(done.out)["dispatcher"]
        #expect(dispatcher.keys == ["pid", "host", "version", "since", "stopping", "trouble", "lastSignOfLifeMs"])
        #expect(try dispatcher["pid"].raw == "\(run.processID)")
        #expect(try dispatcher["version"].string == ProductVersion.current)
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #expect(try dispatcher["host"].string == host)
        let since = try #require(try dispatcher["since"].string.flatMap { Timestamp(rfc3339: $0) })
        #expect(since <= .now && since > .now - .seconds(600))
        let text = try await sandbox.run("status")
        #expect(text.status == 0 && text.out.hasSuffix("\nok\n"))
        #expect(text.out.contains("process \(run.processID) on \(host), version \(ProductVersion.current)"))
        // It goes on with what it has, and would not start again.
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ timeout: 3x }"))
        let broken = try await sandbox.run("status", "--json")
        #expect(try broken.status == 1 && problems(JSONText(broken.out)) == ["configuration"], "\(broken.out)")
        try sandbox.write("w.yaml", sandbox.configuration())
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
        #expect(try await sandbox.run("status").status == 1)
    }

    @Test func `a dispatcher that is stopped is not well, and everybody who waits for it is told`() async throws {
        let sandbox = try CommandEnvironment()
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        for id in ["a", "c"] {
            #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--id", id).status == 0)
        }
        #expect(try await sandbox.run("status").status == 0)
        run.signal(SIGSTOP)
        try sandbox.agePulse(of: run.processID, by: 40_000)
        func says(_ text: String) -> Bool { text.contains(#/its last sign of life is [0-9]{2,} s old/#) }
        let status = try await sandbox.run("status")
        #expect(status.status == 1 && says(status.out), "\(status.out)")
        #expect(status.out.contains("kill -CONT \(run.processID)"))
        let json = try JSONText(try await sandbox.run("status", "--json").out)
        #expect(try problems(json) == ["not_responding"])
        #expect(try json["dispatcher"]["lastSignOfLifeMs"].raw != "null")
        let doctor = try await sandbox.run("doctor")
        #expect(doctor.status == 1 && says(doctor.out), "\(doctor.out)")
        // Nobody waits for it: a wait for the time given would not end within the test's.
        let emitted = try await sandbox.run("emit", "x.y", "--data", "2", "--id", "b", "--wait", "1d")
        #expect(emitted.status == 1 && says(emitted.err), "\(emitted)")
        let again = try await sandbox.run("retrigger", "dlv_2", "--wait", "1d")
        #expect(again.status == 1 && says(again.err), "\(again)")
        let tested = try await sandbox.run("test", "crm", "--wait", "1d")
        #expect(tested.status == 1 && says(tested.err), "\(tested)")
        #expect(says(try await sandbox.run("emit", "x.y", "--data", "2", "--detach").out))
        #expect(says(try await sandbox.run("run").err))
        // It finds the request to empty the log once it goes on.
        let erased = try await sandbox.run("expunge", "a", "--wait", "1ms", "--yes")
        #expect(erased.status == 1 && says(erased.err) && !erased.err.contains("a program reads"), "\(erased)")
        run.signal(SIGCONT)
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
    }

    /// Commands that read the file would work on a store that nobody delivers from.
    @Test func `a dispatcher that runs refuses another store, and says so`() async throws {
        let sandbox = try CommandEnvironment()
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        let moved = sandbox.configuration().replacing("sqlite:w.sqlite", with: "sqlite:moved.sqlite")
        try sandbox.write("w.yaml", moved)
        #expect(await run.line(containing: "not reloaded", on: .error)?.contains("`store` is another one") == true)
        let refused = try await sandbox.run("status", "--store", "sqlite:w.sqlite", "--json")
        #expect(try refused.status == 1 && problems(JSONText(refused.out)) == ["configuration"], "\(refused)")
        try sandbox.write("w.yaml", sandbox.configuration())
        #expect(await run.line(containing: "configuration reloaded", on: .error) != nil)
        #expect(try await sandbox.run("status").status == 0)
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
    }

    @Test func `what is held is not late, and what nobody decided is wrong`() async throws {
        let sandbox = try CommandEnvironment { $0.target == "/lms" ? .status(410) : .status(503) }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h] }"))
        #expect(try await sandbox.run("emit", "user.created", "--data", "1").status == 1)
        // Due for two minutes.
        try await set(
            "UPDATE webhooks_deliveries SET due_at = \(Timestamp.now.milliseconds - 120_000) WHERE state = 1",
            sandbox
        )
        let late = try JSONText(try await sandbox.run("status", "--json").out)
        #expect(try late["deliveries"]["due"].raw == "1" && late["deliveries"]["late"].raw == "1")
        #expect(
            try late["disabled"][0]["subscription"].string == "lms" && late["disabled"][0]["cause"].string == "gone"
        )
        #expect(try problems(late) == ["no_dispatcher", "disabled"])
        #expect(try late["lastError"]["status"].raw == "410" || late["lastError"]["status"].raw == "503")
        let text = try await sandbox.run("status")
        #expect(text.out.contains("lms: disabled (410, "))
        #expect(try await sandbox.run("stats").out.contains("disabled (410, "))
        #expect(
            try await sandbox.run("stats").lines.last
                == "1 delivery is due and waits for a dispatcher; none runs: `webhooks run` or `serve`"
        )
        _ = try await sandbox.run("pause", "crm")
        _ = try await sandbox.run("enable", "lms")
        let held = try JSONText(try await sandbox.run("status", "--json").out)
        #expect(try held["deliveries"]["due"].raw == "0" && held["deliveries"]["waiting"].raw == "1")
        #expect(try held["paused"][0]["subscription"].string == "crm" && held["paused"][0]["waiting"].raw == "1")
        #expect(try problems(held) == ["no_dispatcher"])
    }

    @Test func `what has failed for good is told for an hour, unless it was sent again`() async throws {
        let sandbox = try CommandEnvironment { $0.number == 1 ? .status(400) : .noContent }
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        let single = "{ mode: single-shot }"
        try sandbox.write("w.yaml", sandbox.configuration(delivery: single))
        #expect(await run.line(containing: "configuration reloaded", on: .error) != nil)
        #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--id", "lost").status == 1)
        let lost = try await sandbox.run("status")
        #expect(lost.status == 0 && lost.out.contains("warning  1 delivery has failed for good within an hour"))
        let json = try await JSONText(sandbox.run("status", "--json").out)
        #expect(try json["deliveries"]["lost"].raw == "1" && json["warnings"][0]["code"].string == "lost")
        #expect(try await sandbox.run("retrigger", "lost").status == 0)
        #expect(try await !sandbox.run("status").out.contains("failed for good"))
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
    }

    @Test func `an outcome that nobody knows is told apart, and sent again with a word`() async throws {
        let sandbox = try CommandEnvironment { $0.number == 1 ? .neverAnswer : .noContent }
        let single = "{ mode: single-shot }"
        try sandbox.write("w.yaml", sandbox.configuration(delivery: single, more: "dispatcher: { shutdownGrace: 0s }"))
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--id", "cut", "--detach").status == 0)
        try await sandbox.receiver.waitForRequests(count: 1)
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
        let status = try await sandbox.run("status").out
        #expect(status.contains("may have arrived") && !status.contains("failed for good"), "\(status)")
        let json = try await JSONText(sandbox.run("status", "--json").out)
        #expect(try json["deliveries"]["unknown"].raw == "1" && json["warnings"][0]["code"].string == "unknown")
        let again = try await sandbox.run("retrigger", "cut")
        #expect(again.status == 0 && again.err.contains("may have arrived"), "\(again)")
        #expect(try await !sandbox.run("status").out.contains("may have arrived"))
    }

    @Test func `of a store that is gone nobody says that a command makes it`() async throws {
        let sandbox = try CommandEnvironment()
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        #expect(rename(sandbox.folder + "/w.sqlite", sandbox.folder + "/away") == 0)
        for command in ["status", "emit"] {
            let done = try await sandbox.run(command == "emit" ? ["emit", "x.y", "--data", "1"] : [command])
            #expect(done.status == 69 && done.err.contains("a store was here: put it back"), "\(done)")
            #expect(!done.err.contains("make it"), "\(done)")
        }
    }

    @Test func `watching goes on until it is interrupted`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--detach")
        let watch = try Background(["status", "--watch", "--interval", "100ms", "--json"], in: sandbox)
        for _ in 0..<3 { #expect(await watch.line(containing: #""ok":false"#) != nil) }
        watch.signal(SIGINT)
        #expect(await watch.end() == 1)
        #expect(try await sandbox.run("status", "--watch", "--interval", "1ms").status == 64)
    }
}

/// `tail`.
@Suite struct TailTests {
    @Test func `deliveries show as they move on, whoever delivers`() async throws {
        let sandbox = try CommandEnvironment { $0.target == "/crm" && $0.number == 2 ? .status(503) : .noContent }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h] }"))
        #expect(try await sandbox.run("tail").status == 69)
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "before")
        let tail = try Background(["tail", "--json"], in: sandbox)
        let failed = try Background(["tail", "--state", "cancelled", "--topic", "x.y"], in: sandbox)
        #expect(await tail.line(containing: "no dispatcher runs", on: .error) != nil)
        #expect(await failed.line(containing: "no dispatcher runs", on: .error) != nil)
        #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--id", "one").status == 1)
        let first = try JSONText(try #require(await tail.line(containing: "{")))
        #expect(first.keys == Keys.delivery)
        #expect(try first["event"].string == "one" && first["state"].string == "waiting")
        #expect(try await sandbox.run("emit", "x.z", "--data", "1", "--id", "two").status == 0)
        #expect(try JSONText(try #require(await tail.line(containing: "{")))["event"].string == "two")
        #expect(try await sandbox.run("cancel", "one").status == 0)
        let cancelled = try JSONText(try #require(await tail.line(containing: "{")))
        #expect(try cancelled["event"].string == "one" && cancelled["state"].string == "cancelled")
        let line = try #require(await failed.line(containing: "dlv_"))
        #expect(line.contains("cancelled  dlv_2  crm  x.y  attempt 1  503"))
        for command in [tail, failed] {
            command.signal(SIGINT)
            #expect(await command.end() == 0)
        }
        let slip = try await sandbox.run("tail", "--subscription", "crn")
        #expect(slip.status == 1 && slip.err.contains("did you mean crm?"))
    }
}

/// `match`.
@Suite struct MatchTests {
    private func sandbox() throws -> CommandEnvironment {
        let sandbox = try CommandEnvironment()
        let url = sandbox.receiver.url
        try sandbox.write(
            "w.yaml",
            """
            store: sqlite:w.sqlite
            profile: braincert
            egress: { allow: ["127.0.0.0/8"] }
            subscriptions:
              - { name: crm, url: "\(url)/crm", payload: { "**": $data }, schema: off, topics: [course.*], tenant: school-42 }
              - { name: lms, url: "\(url)/lms", payload: { "**": $data }, schema: off, topics: ["**"], filter: { data.total: { gte: 100 } } }
              - { name: off, url: "\(url)/off", payload: { "**": $data }, schema: off, topics: [sale.created], enabled: false }
              - { name: raw, url: "\(url)/raw", profile: fellow, topics: [course.enrollment] }

            """
        )
        return sandbox
    }

    private func row(_ name: String, _ done: Finished) throws -> JSONText {
        let rows = try done.lines.map { try JSONText($0) }
        return try #require(try rows.first { try $0["subscription"].string == name })
    }

    @Test func `a row a subscription says yes, or what says no`() async throws {
        let sandbox = try sandbox()
        let arguments = ["match", "course.created", "--data", #"{"total":5}"#]
        let nobody = try await sandbox.run(arguments + ["--json"])
        #expect(nobody.status == 1 && nobody.lines.count == 4)
        #expect(nobody.err.contains("no subscription would get course.created"))
        #expect(try row("crm", nobody)["reason"].string == "tenant")
        let filter = try row("lms", nobody)["reasons"][0]
        #expect(filter.keys == ["reason", "message", "path", "wanted", "found"])
        #expect(try filter["reason"].string == "filter" && filter["path"].string == "data.total")
        #expect(try filter["wanted"].string == "{ gte: 100 }" && filter["found"].raw == "5")
        #expect(try row("off", nobody)["reasons"].count == 2)
        #expect(try row("off", nobody)["reason"].string == "enabled")
        #expect(try row("raw", nobody)["reason"].string == "topic")
        let done = try await sandbox.run(arguments + ["--tenant", "school-42"])
        #expect(done.status == 0)
        #expect(done.lines[0] == "yes  crm")
        #expect(
            done.lines[1].hasPrefix("no   lms: filter: its filter wants data.total: { gte: 100 }; this event has 5")
        )
        #expect(done.lines[3].contains("topic: its topics are course.enrollment"))
        // It has made no store, and sent nothing.
        #expect(access("\(sandbox.folder)/w.sqlite", F_OK) != 0 && sandbox.receiver.requestCount == 0)
    }

    @Test func `of an any it says which entry wants what`() async throws {
        let sandbox = try sandbox()
        let yaml = try String(contentsOfFile: "\(sandbox.folder)/w.yaml", encoding: .utf8)
        let any = "{ any: [{ data.total: { gte: 100 } }, { data.kind: big }] }"
        try sandbox.write("w.yaml", yaml.replacing("{ data.total: { gte: 100 } }", with: any))
        let done = try await sandbox.run("match", "course.created", "--data", #"{"total":5}"#, "--tenant", "school-42")
        #expect(
            done.lines[1]
                == "no   lms: filter: none of the filters in its filter's `any` accepts the event: (1) wants data.total: "
                + "{ gte: 100 }; this event has 5, (2) wants data.kind: \"big\"; this event has no such value",
            "\(done.out)"
        )
    }

    @Test func `a body that can't be made says no, with the missing paths`() async throws {
        let sandbox = try sandbox()
        let done = try await sandbox.run("match", "course.enrollment", "--data", "{}", "--json")
        #expect(done.status == 1)
        let reason = try row("raw", done)["reasons"][0]
        #expect(try reason["reason"].string == "template")
        #expect(try reason["message"].string?.contains("data.") == true, "\(reason.raw)")
        // Without data, the example's.
        let example = try await sandbox.run("match", "course.enrollment")
        #expect(example.status == 0 && example.err.contains("judged with the example of course.enrollment"))
    }

    @Test func `who is disabled or paused does not get it now`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        _ = try await sandbox.run("disable", "crm", "--yes")
        let disabled = try await sandbox.run("match", "x.y", "--data", "1")
        #expect(disabled.status == 1 && disabled.lines[0].hasPrefix("no   crm: disabled: it is disabled since "))
        _ = try await sandbox.run("enable", "crm")
        _ = try await sandbox.run("pause", "crm")
        let paused = try await sandbox.run("match", "x.y", "--data", "1", "--json")
        #expect(paused.status == 1)
        #expect(try row("crm", paused)["reason"].string == "paused")
        #expect(paused.err.contains("it would wait for crm"))
        #expect(try await sandbox.run("match", "x.y", "--data", "1").lines[0].hasPrefix("held crm: paused: "))
        _ = try await sandbox.run("resume", "crm")
        #expect(try await sandbox.run("match", "x.y", "--data", "1").status == 0)
    }
}

/// Names that a shell completes.
@Suite struct CompletionTests {
    @Test func `names and ids are completed by what configuration and store know`() async throws {
        let sandbox = try CommandEnvironment()
        let script = try await sandbox.run("--generate-completion-script", "bash")
        #expect(script.status == 0 && script.out.contains("---completion"))
        func complete(_ command: [String], _ argument: String, _ word: String) async throws -> [String] {
            let words = ["webhooks"] + command + [word]
            let place = ["\(words.count - 1)", "\(word.count)"]
            let done = try await sandbox.run(["---completion"] + command + ["--", argument] + place + words)
            #expect(done.status == 0, "\(done.err)")
            return done.lines
        }
        #expect(try await complete(["pause"], "positional@0", "") == ["crm", "lms"])
        #expect(try await complete(["deliveries", "list"], "--subscription", "c") == ["crm"])
        #expect(try await complete(["emit"], "positional@0", "course.enr").contains("course.enrollment"))
        #expect(try await complete(["topics", "list"], "--profile", "fe") == ["fellow", "fermion"])
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "reminder-7", "--detach")
        #expect(try await complete(["events", "show"], "positional@0", "rem") == ["reminder-7"])
        #expect(try await complete(["expunge"], "positional@0", "") == ["reminder-7"])
        _ = try await sandbox.run("run", "--until-idle")
        #expect(try await complete(["deliveries", "show"], "positional@0", "") == ["dlv_1"])
        #expect(try await complete(["retrigger"], "positional@0", "") == ["dlv_1", "reminder-7"])
        // Whoever emits chooses ids, and a shell runs what it expands.
        for id in ["reminder-$(touch${IFS}x)", "reminder-`id`", "reminder-'", "-rf", "remind;er"] {
            #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--id=\(id)", "--detach").status == 0)
        }
        #expect(try await complete(["events", "show"], "positional@0", "") == ["reminder-7"])
        // One that has left the file has its deliveries still, and one of the store was never in it.
        try sandbox.write("w.yaml", sandbox.configuration().replacing("name: crm", with: "name: erp"))
        #expect(try await complete(["cancel"], "--subscription", "") == ["crm", "erp", "lms"])
        // What can't be read completes nothing, and says nothing.
        try sandbox.write("w.yaml", "- [")
        #expect(try await complete(["pause"], "positional@0", "") == [])
    }
}

extension CommandEnvironment {
    /// Makes the last sign of life of a stopped dispatcher older than it is.
    fileprivate func agePulse(of process: pid_t, by milliseconds: Int64) throws {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let then = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000 - milliseconds
        let descriptor = open("\(folder)/w.sqlite.lock", O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        let place: off_t = 1280
        var held = [UInt8](repeating: 0, count: 64)
        guard pread(descriptor, &held, held.count, place) == held.count,
            String(decoding: held, as: UTF8.self).hasPrefix("\(process) ")
        else { throw Failure("the dispatcher has given no sign of life") }
        let text = Array("\(process) \(then)\n".utf8)
        guard pwrite(descriptor, text, text.count, place) == text.count else { throw Failure("cannot write") }
    }
}
