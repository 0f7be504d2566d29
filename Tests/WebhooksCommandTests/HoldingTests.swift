import Glibc
import Testing
import WebhookCore
import WebhookReceiver

/// Pausing, retrying by hand, disabling.
@Suite struct HoldingTests {
    @Test func `a pause holds first attempts, and resume sends them`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "a")
        let paused = try await sandbox.run("pause", "crm", "--for", "2h")
        #expect(paused.status == 0)
        #expect(paused.out.hasPrefix("crm is paused until 2"))
        let started = ContinuousClock.now
        let emitted = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "b", "--wait", "60s")
        #expect(emitted.status == 1)
        #expect(emitted.err.contains("1 delivery waits: crm is paused until 2"))
        #expect(ContinuousClock.now - started < .seconds(50), "nobody waits for what is held")
        #expect(try await sandbox.run("test", "crm").status == 0)
        let done = try await sandbox.run("run", "--until-settled", "--json")
        #expect(done.lines == [#"{"delivered":0,"failed":0,"unknown":0,"waiting":0,"pending":1}"#])
        #expect(sandbox.receiver.requestCount == 2)

        let stats = try await sandbox.run("stats", "--json").lines.map { try JSONText($0) }
        #expect(stats[0].keys.suffix(2) == ["paused", "pausedUntil"])
        #expect(try stats[0]["enabled"].raw == "true")
        #expect(stats[1].keys.last == "lastDeliveredAt")
        #expect(try await sandbox.run("stats").out.contains("paused until 2"))

        let resumed = try await sandbox.run("resume", "crm")
        #expect(resumed.out == "crm is resumed; 1 delivery goes on once a dispatcher runs: `webhooks run` or `serve`\n")
        #expect(try await sandbox.run("resume", "crm", "--json").lines.first?.contains(#""paused":false"#) == true)
        #expect(try await sandbox.run("run", "--until-settled").status == 0)
        #expect(sandbox.receiver.requestCount == 3)
        #expect(try await sandbox.run("check").status == 0)
    }

    @Test func `an event and a subscription are cancelled where both are meant`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h], jitter: 0% }"))
        for id in ["a", "b"] { _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", id) }
        let other = try await sandbox.run("cancel", "a", "--subscription", "lms")
        #expect(other.status == 1)
        #expect(other.out == "unknown    a\n")
        let done = try await sandbox.run("cancel", "a", "--subscription", "crm")
        #expect(done.status == 0)
        #expect(done.lines == ["cancelled  a (dlv_1)"])
        let waiting = try await sandbox.run("deliveries", "list", "--state", "waiting", "--json").lines
        #expect(try waiting.map { try JSONText($0)["event"].string } == ["b"])
    }

    @Test func `cancelling all of a subscription asks on a terminal`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h], jitter: 0% }"))
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        let all = ["cancel", "--subscription", "crm"]
        let plain = ["NO_COLOR": "1"]
        let no = try await sandbox.runOnTerminal(all, columns: 100, input: "\n", environment: plain)
        #expect(no.status == 1)
        #expect(no.out.contains("cancel 1 open delivery of crm? [y/N]") && no.out.contains("nothing was done"))
        #expect(try await sandbox.run("deliveries", "list", "--state", "waiting", "--json").lines.count == 1)
        let yes = try await sandbox.runOnTerminal(all + ["--yes"], columns: 100, environment: plain)
        #expect(yes.status == 0 && !yes.out.contains("[y/N]"))
        #expect(try await sandbox.run("deliveries", "list", "--state", "waiting", "--json").lines.isEmpty)
    }

    @Test func `what was cancelled by hand comes back by its id alone`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h], jitter: 0% }"))
        for id in ["a", "b"] { _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", id) }
        _ = try await sandbox.run("disable", "crm", "--yes")
        _ = try await sandbox.run("run", "--until-settled")
        #expect(try await sandbox.run("cancel", "a").out == "cancelled  a (dlv_1)\n")
        #expect(try await sandbox.run("cancel", "a").out == "before     a (dlv_1): was cancelled already\n")
        let enabled = try await sandbox.run("enable", "crm")
        #expect(enabled.lines.last?.hasPrefix("1 delivery was cancelled meanwhile") == true)
        let some = try await sandbox.run("retrigger", "--state", "cancelled", "--subscription", "crm", "--dry-run")
        #expect(some.status == 0 && some.out == "1 delivery would be sent again\n")
        #expect(some.err.contains("1 delivery left out that was cancelled by hand: `webhooks retrigger ID`"))
        #expect(try await sandbox.run("cancel", "--subscription", "crm").lines.last == "1 delivery cancelled")
        for filter in [["--error", "disabled"], ["--state", "cancelled"]] {
            let none = try await sandbox.run(["retrigger", "--subscription", "crm"] + filter)
            #expect(none.status == 0 && none.out == "nothing to send again\n", "\(none.err)")
        }
        #expect(try await sandbox.run("retrigger", "b", "--dry-run").out == "1 delivery would be sent again\n")
    }

    @Test func `enabling names what was missed, and brings back exactly that`() async throws {
        let sandbox = try CommandEnvironment { $0.number == 1 ? .status(410) : .noContent }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h], jitter: 0% }"))
        #expect(try await sandbox.run("enable", "crm").status == 69)
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "by-hand", "--in", "1h")
        #expect(try await sandbox.run("enable", "crm").out == "crm was not disabled\n")
        _ = try await sandbox.run("cancel", "by-hand")
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "first")
        let line = await run.line(containing: "subscription disabled", on: .error)
        for part in ["delivery=dlv_1", "event=first", "status=410", "cause=gone"] {
            #expect(line?.contains(part) == true, "\(line ?? "")")
        }
        for id in ["second", "third"] { _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", id) }
        let enabled = try await sandbox.run("enable", "crm")
        #expect(
            enabled.lines == [
                "crm is enabled",
                "2 deliveries were cancelled meanwhile: `webhooks retrigger --error disabled --subscription crm` sends "
                    + "them again",
                "1 delivery was answered with 410: `webhooks retrigger dlv_1` sends it again",
            ]
        )
        // Who has closed the terminal asks once more.
        let again = try await sandbox.run("enable", "crm")
        #expect(again.lines.first == "crm was not disabled" && again.out.contains("retrigger dlv_1"), "\(again)")
        #expect(again.out.contains("2 deliveries were cancelled while it was disabled: `webhooks retrigger --error"))
        for command in [["--error", "disabled", "--subscription", "crm"], ["dlv_1"]] {
            #expect(try await sandbox.run(["retrigger"] + command).status == 0)
        }
        let ids = sandbox.receiver.requests.dropFirst().compactMap { $0.header("webhook-id") }
        #expect(ids.sorted() == ["first", "second", "third"])
        _ = try await sandbox.run("disable", "crm")
        #expect(try await sandbox.run("enable", "crm").out == "crm is enabled\n")
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
        #expect(try await sandbox.run("deliveries", "list", "--error", "nothing").status == 64)
    }

    @Test func `what the configuration lacks is parked, and everybody says so`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        let delivery = "{ schedule: [1h], jitter: 0% }"
        let url = "\(sandbox.receiver.url)/loop"
        let more =
            "  - { name: loop, url: \(url), topics: [x.y], secrets: [\(CommandEnvironment.secret)], delivery: \(delivery) }\n"
        try sandbox.write("w.yaml", sandbox.configuration(delivery: delivery, more: more))
        let run = try Background(["run"], in: sandbox)
        let start = await run.line(containing: "delivering", on: .error)
        for part in ["pid=\(run.processID)", "configuration=w.yaml", "subscriptions=3"] {
            #expect(start?.contains(part) == true, "\(start ?? "")")
        }
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        try sandbox.write("w.yaml", sandbox.configuration(delivery: delivery))
        run.signal(SIGHUP)
        #expect(await run.line(containing: "removed=loop", on: .error) != nil)
        let parked = await run.line(containing: "are parked", on: .error)
        #expect(parked?.contains("deliveries=1") == true && parked?.contains("subscription=loop") == true)
        run.signal(SIGTERM)
        #expect(await run.line(containing: "stopped open=2", on: .error) != nil)
        #expect(await run.end() == 0)
        let retry = try await sandbox.run("retry", "--subscription", "loop")
        #expect(retry.err.contains("1 is parked: the configuration has no loop"))
        let enable = try await sandbox.run("enable", "loop")
        #expect(enable.status == 0, "\(enable)")
        #expect(
            enable.out.contains("loop was not disabled; nothing is sent to it until it is back in the configuration")
        )
        #expect(enable.out.contains("webhooks cancel --subscription loop"))
        _ = try await sandbox.run("cancel", "--subscription", "crm")
        let settled = try await sandbox.run("run", "--until-settled")
        #expect(settled.err.contains("1 delivery is parked"))
    }

    @Test func `a batch beside a pause says how many wait`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        _ = try await sandbox.run("pause", "crm")
        let lines = (0..<3).map { "{\"topic\":\"x.y\",\"data\":\($0)}" }.joined(separator: "\n")
        let done = try await sandbox.run("emit", "--batch", "-", "--wait", "60s", input: lines)
        #expect(done.status == 1)
        #expect(done.err.contains("3 deliveries wait: their subscriptions are paused"))
    }

    @Test(arguments: [["pause"], ["resume"], ["enable"], ["disable"]])
    func `unknown names are refused with a suggestion`(_ command: [String]) async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        let done = try await sandbox.run(command + ["crmm"])
        #expect(done.status == 1)
        #expect(done.err.contains("did you mean crm?"))
    }

    @Test(arguments: ["0s", "366d", "soon"])
    func `a pause has bounds`(_ length: String) async throws {
        let sandbox = try CommandEnvironment()
        #expect(try await sandbox.run("pause", "crm", "--for", length).status == 64)
    }

    @Test func `cancelling what is under way brings no retry, and says what was too late`() async throws {
        let sandbox = try CommandEnvironment { $0.header("webhook-id") == "done" ? .noContent : .neverAnswer }
        // The attempt must outlast whatever else keeps the machine busy.
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ timeout: 10m, schedule: [1s] }"))
        #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--id", "done").status == 0)
        let run = try Background(["run"], in: sandbox)
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "open", "--detach")
        _ = try await sandbox.receiver.waitForRequests(count: 2)
        let cancelled = try await sandbox.run("cancel", "done", "open")
        #expect(cancelled.status == 1)
        #expect(cancelled.lines.contains("under way  open (dlv_2) crm: no retry will follow"))
        #expect(cancelled.lines.contains { $0.hasPrefix("too late   done (dlv_1) crm: delivered ") })
        let again = try await sandbox.run("cancel", "open", "--json")
        #expect(try JSONText(again.out)["underWay"].raw == #"["dlv_2"]"#)
        run.signal(SIGKILL)
        _ = await run.end()
        #expect(try await sandbox.run("run", "--until-settled").status == 0)
        let delivery = try JSONText(try await sandbox.run("deliveries", "list", "--json").lines[0])
        #expect(try delivery["state"].string == "cancelled")
        #expect(try delivery["lastError"].string == "interrupted")
        #expect(sandbox.receiver.requestCount == 2)
        #expect(try await sandbox.run("check").status == 0)
    }

    @Test func `retry makes the same delivery due, and says who delivers it`() async throws {
        let sandbox = try CommandEnvironment { $0.number == 1 ? .status(503) : .noContent }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h], jitter: 0% }"))
        #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--id", "a").status == 1)
        let dry = try await sandbox.run("retry", "--state", "waiting", "--dry-run", "--json")
        #expect(dry.lines == [#"{"matched":1}"#])
        let done = try await sandbox.run("retry", "a")
        #expect(done.status == 0)
        #expect(
            done.out.contains("dlv_1")
                && done.out.contains("1 delivery is due now; breaker, limits and order stay in force")
        )
        #expect(done.err.contains("waits for a dispatcher; none runs"))
        #expect(sandbox.receiver.requestCount == 1)
        #expect(try await sandbox.run("run", "--until-settled").out == "1 delivered\n")
        let delivery = try JSONText(try await sandbox.run("deliveries", "list", "--json").lines[0])
        #expect(try delivery["attempts"].raw == "2")
        #expect(sandbox.receiver.requestCount == 2)

        let settled = try await sandbox.run("retry", "dlv_1", "b")
        #expect(settled.status == 1)
        #expect(settled.err.contains("dlv_1 has settled: `webhooks retrigger dlv_1` sends it again"))
        #expect(settled.err.contains("there is no event or delivery b"))
        #expect(try await sandbox.run("retry", "--state", "failed").status == 64)
        #expect(try await sandbox.run("retry", "--subscription", "crm").out == "nothing to retry\n")
        #expect(try await sandbox.run("retry").status == 64)
    }

    @Test func `a running dispatcher takes a retry and a pause up`() async throws {
        let sandbox = try CommandEnvironment { $0.number == 1 ? .status(503) : .noContent }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h], jitter: 0% }"))
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        _ = try await sandbox.run("pause", "crm")
        #expect(await run.line(containing: "subscription paused", on: .error) != nil)
        let retry = try await sandbox.run("retry", "--state", "waiting", "--json")
        #expect(retry.lines.count == 1)
        #expect(retry.err.contains("crm is paused") && !retry.err.contains("none runs"))
        #expect(try await sandbox.run("emit", "x.y", "--data", "2").err.contains("1 delivery waits: crm is paused"))
        #expect(sandbox.receiver.requestCount == 1)
        _ = try await sandbox.run("resume", "crm")
        #expect(await run.line(containing: "subscription resumed", on: .error) != nil)
        _ = try await sandbox.receiver.waitForRequests(count: 3)
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
        #expect(try await sandbox.run("retry", "--state", "waiting").out == "nothing to retry\n")
    }

    @Test func `an open breaker is seen by stats, retry and emit, and in the log`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        let delivery = "{ schedule: [1s, 1h], jitter: 0%, breaker: { failures: 1, pause: 1h } }"
        try sandbox.write("w.yaml", sandbox.configuration(delivery: delivery))
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--id", "a").status == 1)
        let opened = await run.line(containing: "attempts pause after failures in a row", on: .error)
        #expect(opened?.contains("failures=1") == true && opened?.contains("status=503") == true)
        // Once the dispatcher has matched it.
        var waits = try await sandbox.run("emit", "x.y", "--data", "2", "--id", "b", "--wait", "1ms")
        for _ in 0..<1_000 where !waits.err.contains("1 delivery waits") {
            waits = try await sandbox.run("emit", "x.y", "--data", "2", "--id", "b", "--wait", "1ms")
        }
        #expect(waits.status == 1)
        #expect(waits.err.contains("1 delivery waits: crm had 1 failure in a row, the next attempt is in "), "\(waits)")
        let stats = try await sandbox.run("stats", "--json").lines.map { try JSONText($0) }
        #expect(try stats[0]["breaker"]["failures"].raw == "1")
        #expect(try await sandbox.run("stats").out.contains("1 failure in a row, next attempt in "))
        let retried = try await sandbox.run("retry", "a")
        #expect(retried.status == 0 && retried.err.contains("crm had 1 failure in a row"))
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
        #expect(try JSONText(try await sandbox.run("stats", "--json").lines[0]).keys.last == "lastDeliveredAt")
    }

    @Test func `emit says what an ordered delivery is behind`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h], ordered: true }"))
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 1)
        let behind = try await sandbox.run("emit", "x.y", "--data", "2", "--wait", "1ms")
        #expect(behind.status == 1)
        #expect(
            behind.err.contains("1 delivery waits: crm is ordered, and dlv_1, which waits for a retry, in "),
            "\(behind.err)"
        )
    }

    @Test func `retrigger refuses what is still open, filters too`() async throws {
        let sandbox = try CommandEnvironment { $0.number == 1 ? .status(503) : .noContent }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h] }"))
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", "a")
        for arguments in [["a"], ["dlv_1"], ["--state", "waiting"], ["--since", "1h"]] {
            let refused = try await sandbox.run(["retrigger"] + arguments)
            #expect(refused.status == 1)
            #expect(refused.err.contains("1 delivery of crm left out: still open; `webhooks retry`"))
        }
        #expect(sandbox.receiver.requestCount == 1)
        let dry = try await sandbox.run("retrigger", "--state", "waiting", "--dry-run", "--duplicate", "--json")
        #expect(dry.lines == [#"{"matched":1}"#])
        let again = try await sandbox.run("retrigger", "a", "--duplicate")
        #expect(again.status == 0)
        #expect(sandbox.receiver.requestCount == 2)
    }

    @Test func `disable says how many deliveries it cancels, and asks on a terminal`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h] }"))
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        let asked = try await sandbox.runOnTerminal(
            ["disable", "crm"],
            columns: 100,
            input: "n\n",
            environment: ["NO_COLOR": "1"]
        )
        #expect(asked.status == 1)
        #expect(asked.out.contains("disable crm and cancel its 1 open delivery? [y/N]"))
        #expect(try await sandbox.run("stats", "--json").lines[0].contains(#""enabled":true"#))
        let done = try await sandbox.run("disable", "crm")
        #expect(done.status == 0)
        #expect(
            done.out
                == "crm is disabled; 1 open delivery is cancelled when a dispatcher runs next; "
                + "`webhooks enable crm` lifts it\n"
        )
        #expect(try await sandbox.run("disable", "crm", "--json").lines[0].hasSuffix(#""enabled":false,"cancels":1}"#))
        _ = try await sandbox.run("run", "--until-settled")
        #expect(try await sandbox.run("deliveries", "list", "--state", "cancelled", "--json").lines.count == 1)
    }

    @Test func `a retrigger beside a dispatcher waits for its own deliveries, and names what holds them`() async throws
    {
        let sandbox = try CommandEnvironment { $0.target == "/crm" ? .status(503) : .noContent }
        let delivery = "{ schedule: [1h], jitter: 0%, breaker: { failures: 1, pause: 1h } }"
        try sandbox.write("w.yaml", sandbox.configuration(delivery: delivery))
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--id", "a").status == 1)
        #expect(await run.line(containing: "attempts pause after failures in a row", on: .error) != nil)
        // One delivery leaves, the other is held: nobody waits for that one.
        let started = ContinuousClock.now
        let held = "1 delivery waits: crm had 1 failure in a row, the next attempt is in "
        let emitted = try await sandbox.run("emit", "user.created", "--data", "{}", "--id", "b", "--wait", "120s")
        #expect(emitted.status == 1 && emitted.err.contains(held), "\(emitted)")
        let list = ["deliveries", "list", "--subscription", "lms", "--json"]
        let delivered = try JSONText(try await sandbox.run(list).lines[0])
        let id = try #require(try delivered["id"].string)
        let own = try await sandbox.run("retrigger", id, "--wait", "120s")
        #expect(own.status == 0 && own.err.isEmpty, "\(own)")
        let copy = try await sandbox.run("retrigger", "dlv_1", "--duplicate", "--wait", "120s")
        #expect(copy.status == 1 && copy.err.contains(held), "\(copy)")
        _ = try await sandbox.run("pause", "lms")
        let paused = try await sandbox.run("retrigger", id, "--wait", "120s")
        #expect(paused.status == 1 && paused.err.contains("1 delivery waits: lms is paused"), "\(paused)")
        #expect(ContinuousClock.now - started < .seconds(100), "nobody waits for what is held")
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
    }

    @Test func `the list tells what holds a delivery, and of events that have none yet`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h] }"))
        _ = try await sandbox.run("emit", "a.b", "--data", "1", "--wait", "0s")
        _ = try await sandbox.run("emit", "a.b", "--data", "1", "--in", "60m")
        let open = try await sandbox.run("deliveries", "list", "--json")
        #expect(try JSONText(open.out).keys == Keys.delivery)
        let pending = try await sandbox.run("deliveries", "list", "--state", "pending")
        #expect(pending.err.contains("1 event is due later"), "\(pending.err)")
        _ = try await sandbox.run("pause", "crm")
        #expect(try await sandbox.run("deliveries", "list").out.contains("paused"))
        let held = try await sandbox.run("deliveries", "list", "--json")
        #expect(try JSONText(held.out)["held"].string == "paused")
        _ = try await sandbox.run("resume", "crm")
        try sandbox.write("w.yaml", sandbox.configuration().replacing("name: crm", with: "name: other"))
        #expect(try await sandbox.run("deliveries", "list").out.contains("parked"))
        let id = try #require(JSONText(held.out)["id"].string)
        #expect(try await JSONText(sandbox.run("deliveries", "show", id, "--json").out)["held"].string == "parked")
    }
}
