import GRDB
import Testing
import WebhookCore
import WebhookReceiver

/// The forms in which people and scripts get the log, word for word; only times and durations are blanked.
@Suite struct GoldenTests {
    /// Two events: one to a healthy and a failing subscription, and one whose every cell a spreadsheet might take for a
    /// formula.
    private func filled() async throws -> CommandEnvironment {
        let sandbox = try CommandEnvironment { $0.target == "/lms" ? .status(500) : .noContent }
        _ = try await sandbox.run(
            "emit",
            "user.created",
            "--data",
            #"{"a" : "x, \"y\"", "n" : 1.50}"#,
            "--id",
            "first",
            "--tenant",
            "t,1",
            "--at",
            "2026-03-01T09:30:00Z"
        )
        _ = try await sandbox.run(
            "emit",
            "a.b",
            "--data",
            "-5",
            "--id",
            "=second",
            "--tenant",
            "@t",
            "--at",
            "2026-03-01T09:30:01Z"
        )
        return sandbox
    }

    @Test func `what the store refuses while it does the rest`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ schedule: [1h], jitter: 0% }"))
        for id in ["a", "b"] { _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", id) }
        let host = try DatabaseQueue(path: "\(sandbox.folder)/w.sqlite")
        try await host.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER kept BEFORE UPDATE ON webhooks_deliveries WHEN new.id = 1
                    BEGIN SELECT raise(ABORT, 'on hold'); END;
                    CREATE TRIGGER held BEFORE DELETE ON webhooks_deliveries WHEN old.id = 1
                    BEGIN SELECT raise(ABORT, 'on hold'); END;
                    """
            )
        }
        let reason = #""reason":"on hold""#
        let retried = try await sandbox.run("retry", "a", "b", "--json")
        #expect(retried.status == 1 && retried.lines.count == 1)
        #expect(try JSONText(retried.lines[0])["id"].string == "dlv_2")
        #expect(
            try JSONText(retried.err.split(separator: "\n").last.map(String.init) ?? "")["error"].raw
                == #"{"code":"refused","message":"dlv_1: the store refuses it: on hold"}"#
        )
        let cancelled = try await sandbox.run("cancel", "a", "b", "--json")
        #expect(cancelled.status == 1)
        #expect(
            cancelled.out
                == #"{"events":[],"deliveries":["dlv_2"],"tooLate":[],"alreadyCancelled":[],"unknown":[],"underWay":[],"#
                + #""refused":[{"id":"dlv_1",\#(reason)}]}"# + "\n"
        )
        try await host.writeWithoutTransaction { try $0.execute(sql: "DROP TRIGGER kept") }
        #expect(try await sandbox.run("cancel", "a").status == 0)
        let pruned = try await sandbox.run("prune", "--older-than", "1ms", "--yes", "--json")
        #expect(pruned.status == 1)
        #expect(
            pruned.out == #"{"events":1,"deliveries":1,"attempts":1,"refused":[{"id":"dlv_1",\#(reason)}]}"# + "\n"
        )
        try host.close()
    }

    @Test(arguments: [[], ["--detach"]])
    func `what the store refuses to send again while it does the rest`(_ form: [String]) async throws {
        let sandbox = try CommandEnvironment()
        for id in ["a", "b"] { _ = try await sandbox.run("emit", "x.y", "--data", "1", "--id", id) }
        let host = try DatabaseQueue(path: "\(sandbox.folder)/w.sqlite")
        try await host.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER kept BEFORE INSERT ON webhooks_deliveries WHEN new.retrigger_of = 1
                    BEGIN SELECT raise(ABORT, 'on hold'); END;
                    """
            )
        }
        try host.close()
        let again = try await sandbox.run(["retrigger", "a", "b", "--json"] + form)
        #expect(again.status == 1)
        #expect(again.lines.count == 1)
        let sent = try JSONText(again.lines[0])
        #expect(try sent["event"].string == "b" && sent["retriggerOf"].string == "dlv_2")
        #expect(
            again.err == #"{"warning":{"code":"refused","message":"dlv_1: the store refuses it: on hold"}}"# + "\n"
        )
    }

    private func blanked(_ text: String) -> String {
        text.replacing(/\d{4}-\d\d-\d\dT[\d:.]+Z/, with: "TIME")
            .replacing(/\d+ (s|min|h|d) ago|\bnow\b/, with: "AGO")
            .replacing(/[\d.]+ (ms|s)\b/, with: "SPAN")
    }

    /// A table's cells, parted by bars.
    private func cells(_ text: String) -> [String] {
        blanked(text).split(separator: "\n").map { line in
            String(line.replacing(/\ {2,}/, with: " | "))
        }
    }

    @Test func `CSV`() async throws {
        let csv = try await filled().run("export", "--format", "csv")
        #expect(csv.status == 0)
        let data = ##""{""a"" : ""x, \""y\"""", ""n"" : 1.50}""##
        let expected = [
            "event_id,topic,tenant,occurred_at,test,delivery_id,subscription,state,mode,attempts,last_status,"
                + "last_error,created_at,settled_at,retrigger_of,data",
            "'=second,a.b,'@t,TIME,false,dlv_3,crm,delivered,retry,1,204,,TIME,TIME,,'-5",
            "first,user.created,\"t,1\",TIME,false,dlv_2,lms,failed,single-shot,1,500,status,TIME,TIME,,\(data)",
            "first,user.created,\"t,1\",TIME,false,dlv_1,crm,delivered,retry,1,204,,TIME,TIME,,\(data)",
        ]
        #expect(blanked(csv.out) == expected.map { $0 + "\r\n" }.joined())
        #expect(csv.out.contains("t,1\",2026-03-01T09:30:00.000Z,false"))
    }

    @Test func `JSON lines`() async throws {
        let sandbox = try await filled()
        let lines = try await sandbox.run("export", "--format", "jsonl", "--state", "failed", "--state", "unknown")
        let exported = [
            #""id":"dlv_2","event":"first","topic":"user.created","tenant":"t,1","subscription":"lms""#,
            #""state":"failed","mode":"single-shot","attempts":1,"nextAttemptAt":null,"lastStatus":500"#,
            #""lastError":"status","createdAt":"TIME","settledAt":"TIME","test":false,"retriggerOf":null"#,
            #""occurredAt":"TIME","data":{"a":"x, \"y\"","n":1.50}"#,
        ]
        #expect(blanked(lines.out) == "{" + exported.joined(separator: ",") + "}\n")
        let events = try await sandbox.run("events", "list", "--json", "--tenant", "t,1")
        let indexed = [
            #""id":"first","topic":"user.created","tenant":"t,1","occurredAt":"TIME","createdAt":"TIME""#,
            #""test":false,"deliveryCount":2"#,
        ]
        #expect(blanked(events.out) == "{" + indexed.joined(separator: ",") + "}\n")
    }

    @Test func `tables`() async throws {
        let sandbox = try await filled()
        #expect(
            cells(try await sandbox.run("deliveries", "list").out) == [
                "DELIVERY | EVENT | TOPIC | SUBSCRIPTION | STATE | ATTEMPTS | RESULT | CREATED | NEXT",
                "dlv_3 | =second | a.b | crm | delivered | 1 | 204 | AGO",
                "dlv_2 | first | user.created | lms | failed | 1 | 500 | AGO",
                "dlv_1 | first | user.created | crm | delivered | 1 | 204 | AGO",
            ]
        )
        #expect(
            cells(try await sandbox.run("events", "list").out) == [
                "EVENT | TOPIC | TENANT | OCCURRED | DELIVERIES | NOTES",
                "=second | a.b | @t | AGO | 1",
                "first | user.created | t,1 | AGO | 2",
            ]
        )
        #expect(
            cells(try await sandbox.run("stats").out) == [
                "SUBSCRIPTION | STATE | DELIVERED | FAILED | UNKNOWN | WAITING | PENDING | P50 | P95 | P99 | LAST ERROR"
                    + " | LAST DELIVERED",
                "crm | enabled | 2 | 0 | 0 | 0 | 0 | SPAN | SPAN | SPAN | - | AGO",
                "lms | enabled | 0 | 1 | 0 | 0 | 0 | SPAN | SPAN | SPAN | 500, AGO | -",
            ]
        )
        let again = try await sandbox.run("retrigger", "--state", "failed")
        #expect(again.status == 1)
        #expect(
            again.out == """
                DELIVERY  SUBSCRIPTION  STATE   ATTEMPTS  RESULT  NEXT
                dlv_4     lms           failed         1  500

                """
        )
    }

    @Test func `retrigger counts, sends once, and is refused for the disabled`() async throws {
        let sandbox = try await filled()
        let dry = try await sandbox.run("retrigger", "--state", "failed", "--subscription", "lms", "--dry-run")
        #expect(dry.status == 0 && dry.out == "1 delivery would be sent again\n")
        let json = try await sandbox.run("retrigger", "--topic", "user.created", "--dry-run", "--json")
        #expect(json.out == "{\"matched\":2}\n")
        let detached = try await sandbox.run("retrigger", "--state", "failed", "--detach", "--json")
        #expect(detached.status == 0)
        #expect(try JSONText(detached.out)["retriggerOf"].string == "dlv_2")
        let twice = try await sandbox.run("retrigger", "--state", "failed", "--dry-run", "--json")
        #expect(twice.out == "{\"matched\":0}\n")

        _ = try await sandbox.run("disable", "crm")
        let refused = try await sandbox.run("retrigger", "=second")
        #expect(refused.status == 1)
        #expect(refused.err.contains("1 delivery of crm left out: it is disabled (manual, since "))
        #expect(refused.err.contains("`webhooks enable crm` first"))
    }
}
