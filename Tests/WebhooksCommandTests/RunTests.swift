import Dispatch
import Glibc
import Testing
import WebhookCore
import WebhookReceiver

@Suite struct RunTests {
    @Test func `delivers what is due and ends when idle`() async throws {
        let sandbox = try CommandEnvironment()
        for id in ["a", "b", "c"] { _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", id, "--detach") }
        let done = try await sandbox.run("run", "--until-idle", "--json")
        #expect(done.status == 0)
        #expect(done.lines == [#"{"delivered":3,"failed":0,"unknown":0,"waiting":0,"pending":0}"#])
        #expect(Set(sandbox.receiver.requests.compactMap { $0.header("webhook-id") }) == ["a", "b", "c"])
        #expect(try await sandbox.run("run", "--until-idle").out == "nothing to deliver\n")
        let due = "2999-01-01T00:00:00.000Z"
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--deliver-at", due)
        let later = try await sandbox.run("run", "--until-settled", "--json")
        #expect(later.status == 0)
        #expect(
            later.lines == [
                #"{"delivered":0,"failed":0,"unknown":0,"waiting":0,"pending":0,"later":{"events":1,"next":"\#(due)"}}"#
            ]
        )
    }

    @Test func `exits 1 where a delivery is left to a retry`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(500) }
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--detach")
        let done = try await sandbox.run("run", "--until-idle")
        #expect(done.status == 1)
        #expect(done.out == "1 waiting for a retry\n")
    }

    @Test func `settles retries`() async throws {
        let sandbox = try CommandEnvironment { $0.number < 3 ? .status(500) : .noContent }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [10ms, 10ms], jitter: 0% }"))
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--detach")
        let done = try await sandbox.run("run", "--until-settled")
        #expect(done.status == 0)
        #expect(done.out == "1 delivered\n")
        #expect(sandbox.receiver.requestCount == 3)
    }

    @Test func `cancelling a subscription holds for events that were not matched yet`() async throws {
        let sandbox = try CommandEnvironment()
        for id in ["a", "b"] {
            _ = try await sandbox.run("emit", "user.created", "--data", "{}", "--id", id, "--detach")
        }
        let done = try await sandbox.run("cancel", "--subscription", "crm")
        #expect(done.status == 0)
        #expect(done.lines == ["2 events are not matched yet; crm gets nothing of them"])
        _ = try await sandbox.run("emit", "user.created", "--data", "{}", "--id", "c", "--detach")
        #expect(try await sandbox.run("run", "--until-settled").status == 0)
        #expect(sandbox.receiver.requests.map(\.target).sorted() == ["/crm", "/lms", "/lms", "/lms"])
        let cancelled = try await sandbox.run("deliveries", "list", "--state", "cancelled", "--json").lines
        #expect(try cancelled.map { try JSONText($0)["event"].string } == ["b", "a"])
    }

    @Test func `a second one exits 69 and names the first; others are followed`() async throws {
        let sandbox = try CommandEnvironment()
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        let second = try await sandbox.run("run")
        #expect(second.status == 69)
        #expect(second.err.contains("\(run.processID)"))

        let emitted = try await sandbox.run("emit", "x.y", "--data", "1", "--json")
        #expect(emitted.status == 0)
        #expect(try JSONText(emitted.out)["deliveries"][0]["state"].string == "delivered")
        #expect(try await sandbox.run("test", "crm").status == 0)
        #expect(try await sandbox.run("retrigger", "dlv_1").status == 0)
        #expect(sandbox.receiver.requestCount == 3)

        run.signal(SIGTERM)
        #expect(await run.line(containing: "stopped", on: .error) != nil)
        #expect(await run.end() == 0)
        #expect(try await sandbox.run("check").status == 0)
    }

    @Test func `beside a dispatcher that drains, what waits says that it is stopping`() async throws {
        let sandbox = try CommandEnvironment { _ in .neverAnswer }
        // The attempt must outlast whatever else keeps the machine busy.
        let configuration = sandbox.configuration(delivery: "{ timeout: 10m }")
        try sandbox.write("w.yaml", "dispatcher: { shutdownGrace: 10m }\n" + configuration)
        let run = try Background(["run"], in: sandbox)
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--detach")
        try await sandbox.receiver.waitForRequests(count: 1)
        run.signal(SIGTERM)
        #expect(await run.line(containing: "draining", on: .error) != nil)
        let emitted = try await sandbox.run("emit", "x.y", "--data", "2", "--id", "b", "--detach")
        #expect(emitted.out.contains("process \(run.processID), which is stopping; the next one delivers it"))
        let shown = try JSONText(try await sandbox.run("events", "show", "b", "--json").out)
        #expect(try shown["waiting"]["stopping"].raw == "true")
        #expect(try await sandbox.run("stats").out.contains("is the dispatcher, and is stopping"))
        run.signal(SIGTERM)
        #expect(await run.end() == 128 + SIGTERM)
    }

    @Test func `a second signal stops at once, and the next start knows`() async throws {
        let sandbox = try CommandEnvironment { _ in .neverAnswer }
        // The attempt must outlast whatever else keeps the machine busy.
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ timeout: 10m }"))
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        _ = try await sandbox.run("emit", "user.created", "--data", "{}", "--detach")
        try await sandbox.receiver.waitForRequests(count: 2)
        run.signal(SIGTERM)
        #expect(await run.line(containing: "draining", on: .error) != nil)
        run.signal(SIGTERM)
        #expect(await run.end() == 128 + SIGTERM)
        let list = try await sandbox.run("deliveries", "list", "--state", "in_flight", "--json")
        #expect(list.lines.count == 2)
    }

    @Test func `Ctrl-C during emit leaves the event safe`() async throws {
        let sandbox = try CommandEnvironment { _ in .neverAnswer }
        // The attempt must outlast whatever else keeps the machine busy.
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ timeout: 10m }"))
        let emit = try Background(["emit", "x.y", "--data", "1", "--id", "safe", "--wait", "10m"], in: sandbox)
        try await sandbox.receiver.waitForRequests(count: 1)
        emit.signal(SIGINT)
        #expect(await emit.line(containing: "the event is on disk", on: .error) != nil)
        emit.signal(SIGINT)
        #expect(await emit.end() == 128 + SIGINT)
        #expect(try await sandbox.run("events", "show", "safe").status == 0)
    }

    /// What was on its way is brought to an end, and is shown as it ended.
    @Test(arguments: [
        ["emit", "x.y", "--data", "2"], ["emit", "--batch", "b.jsonl"], ["retrigger", "dlv_1"],
    ])
    func `Ctrl-C: what is delivered by the end is said to be`(_ command: [String]) async throws {
        let (asked, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let sandbox = try CommandEnvironment { request in
            guard request.number > 1 else { return .noContent }
            asked.signal()
            gate.wait()
            return .noContent
        }
        defer { gate.signal() }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ timeout: 10m }"))
        try sandbox.write("b.jsonl", #"{"topic":"x.y","data":2}"# + "\n")
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        let sending = try Background(command + ["--wait", "10m"], in: sandbox)
        await Program.blocking { asked.wait() }
        sending.signal(SIGINT)
        #expect(await sending.line(containing: "on disk", on: .error) != nil)
        gate.signal()
        #expect(await sending.line(containing: "delivered") != nil)
        #expect(await sending.end() == 0)
    }

    @Test func `an emit beside another emit is delivered when that one ends`() async throws {
        let sandbox = try CommandEnvironment { $0.header("webhook-id") == "slow" ? .neverAnswer : .noContent }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ timeout: 1s }"))
        let slow = try Background(["emit", "x.y", "--data", "1", "--id", "slow"], in: sandbox)
        try await sandbox.receiver.waitForRequests(count: 1)
        let other = try await sandbox.run("emit", "x.y", "--data", "2", "--id", "other")
        #expect(other.status == 0)
        #expect(await slow.end() == 1)
    }

    @Test func `reloads on SIGHUP, and a broken file leaves the old one working`() async throws {
        let sandbox = try CommandEnvironment()
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        try sandbox.write("w.yaml", "subscriptions: 5\n")
        run.signal(SIGHUP)
        #expect(await run.line(containing: "not reloaded", on: .error)?.contains("w.yaml:1:") == true)
        try sandbox.write("w.yaml", sandbox.configuration().replacing("/crm", with: "/new"))
        run.signal(SIGHUP)
        #expect(await run.line(containing: "configuration reloaded", on: .error) != nil)
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        #expect(sandbox.receiver.requests.last?.target == "/new")
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
    }
}
