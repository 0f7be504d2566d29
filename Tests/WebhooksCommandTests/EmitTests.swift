import Glibc
import Testing
import WebhookCore
import WebhookReceiver

@Suite struct EmitTests {
    @Test func `delivers at once and prints the interface's form`() async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run(
            "emit",
            "user.created",
            "--data",
            #"{"name":"Ada","user_id":1}"#,
            "--tenant",
            "school-42",
            "--json"
        )
        #expect(done.status == 0)
        // It says where it has made a store, the first time only.
        #expect(try JSONText(done.err)["note"]["code"].string == "new_store")
        #expect(try JSONText(done.err)["note"]["message"].string?.hasSuffix("/w.sqlite") == true)
        #expect(try await sandbox.run("emit", "user.created", "--example", "--json").err == "")
        #expect(done.lines.count == 1)
        let object = try JSONText(done.out)
        #expect(object.keys == ["event", "deliveries"])
        #expect(try object["event"].keys == Keys.event)
        #expect(try object["event"]["tenant"].string == "school-42")
        let deliveries = try object["deliveries"]
        #expect(deliveries.count == 2)
        #expect(try deliveries[0].keys == Keys.delivery)
        #expect(try [deliveries[0]["subscription"].string, deliveries[1]["subscription"].string] == ["crm", "lms"])
        #expect(try deliveries[0]["state"].string == "delivered")
        #expect(try deliveries[1]["mode"].string == "single-shot")
        #expect(try deliveries[0]["lastStatus"].raw == "204")
        #expect(Set(sandbox.receiver.requests.map(\.target)) == ["/crm", "/lms"])
    }

    @Test func `keeps the data byte for byte`() async throws {
        let sandbox = try CommandEnvironment()
        let data = #"{"z":1.0e+2,"a":"\u00e9","a":[1 , 2]}"#
        #expect(try await sandbox.run("emit", "a.b", "--data", "-", input: data + "\n").status == 0)
        try sandbox.write("in.json", data)
        #expect(try await sandbox.run("emit", "a.b", "--data", "@in.json", "--id", "second").status == 0)
        #expect(try await sandbox.run("events", "show", "second", "--data").out == data + "\n")
        for request in sandbox.receiver.requests { #expect(request.body.text.hasSuffix(#""data":"# + data + "}")) }
    }

    @Test func `no file for session keys is made`() async throws {
        let sandbox = try CommandEnvironment()
        let keys = "\(sandbox.folder)/keys"
        #expect(try await sandbox.run("emit", "a.b", "--data", "1", environment: ["SSLKEYLOGFILE": keys]).status == 0)
        #expect(access(keys, F_OK) != 0)
    }

    @Test func `exits 1 while a delivery waits for a retry`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(503) }
        let done = try await sandbox.run("emit", "a.b", "--data", "1", "--json")
        #expect(done.status == 1)
        let delivery = try JSONText(done.out)["deliveries"][0]
        #expect(try delivery["state"].string == "waiting")
        #expect(try delivery["lastStatus"].raw == "503")
        #expect(try delivery["lastError"].string == "status")
        #expect(try delivery["nextAttemptAt"].string != nil)
    }

    @Test func `an id with a dot is refused where it would be signed, and nothing is stored`() async throws {
        let sandbox = try CommandEnvironment()
        for form in [[], ["--detach"]] {
            let done = try await sandbox.run(["emit", "a.b", "--data", "1", "--id", "order.17"] + form)
            #expect(done.status == 65)
            #expect(done.err.contains("subscription crm can't get the event order.17"))
        }
        let lines = #"{"topic":"a.b","data":1}"# + "\n" + #"{"topic":"a.b","data":1,"id":"a.1"}"#
        let batch = try await sandbox.run("emit", "--batch", "-", input: lines)
        #expect(batch.status == 65)
        #expect(batch.err.contains("line 2: "))
        #expect(try await sandbox.run("events", "list", "--json").out == "")
        #expect(sandbox.receiver.requestCount == 0)
    }

    @Test func `says so where nobody subscribes`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write("w.yaml", "store: sqlite:w.sqlite\nsubscriptions: []\n")
        let done = try await sandbox.run("emit", "a.b", "--data", "1")
        #expect(done.status == 0)
        #expect(done.out.contains("nobody subscribes"))
    }

    @Test func `the same id is delivered once, and refused with other content`() async throws {
        let sandbox = try CommandEnvironment()
        let first = try await sandbox.run("emit", "a.b", "--data", "1", "--id", "once", "--json")
        let again = try await sandbox.run("emit", "a.b", "--data", "1", "--id", "once", "--json")
        #expect(first.status == 0 && again.status == 0)
        // The same, and that it is a repetition.
        let said = #","duplicate":true"#
        #expect(again.out.contains(said) && !first.out.contains(said))
        #expect(again.out.split(separator: said).joined() == first.out)
        #expect(sandbox.receiver.requestCount == 1)
        let other = try await sandbox.run("emit", "a.b", "--data", "2", "--id", "once")
        #expect(other.status == 65)
        #expect(other.err.hasPrefix("error: "))
    }

    @Test func `detached and later events are stored and not sent`() async throws {
        let sandbox = try CommandEnvironment()
        let detached = try await sandbox.run("emit", "a.b", "--data", "1", "--detach", "--json")
        #expect(detached.status == 0)
        #expect(try JSONText(detached.out)["deliveries"].count == 0)
        let later = try await sandbox.run("emit", "a.b", "--data", "1", "--in", "60m", "--id", "later")
        // The same command again means the same event.
        let again = try await sandbox.run("emit", "a.b", "--data", "1", "--in", "60m", "--id", "later")
        #expect(later.status == 0 && again.status == 0)
        #expect(sandbox.receiver.requestCount == 0)
        let cancelled = try await sandbox.run("cancel", "later", "nothing", "--json")
        #expect(cancelled.status == 1)
        #expect(
            cancelled.lines
                == [
                    #"{"events":["later"],"deliveries":[],"tooLate":[],"alreadyCancelled":[],"unknown":["nothing"],"underWay":[]}"#
                ]
        )
        #expect(try await sandbox.run("run", "--until-settled").status == 0)
        #expect(sandbox.receiver.requestCount == 1)
    }

    @Test func `an event for a disabled subscription is settled at once`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "a.b", "--data", "0")
        #expect(try await sandbox.run("disable", "crm", "--json").lines == [#"{"subscription":"crm","enabled":false}"#])
        let missed = try await sandbox.run("emit", "a.b", "--data", "1", "--json")
        #expect(missed.status == 1)
        let delivery = try JSONText(missed.out)["deliveries"][0]
        #expect(try delivery["state"].string == "cancelled")
        #expect(try delivery["lastError"].string == "disabled")
        let refused = try await sandbox.run("retrigger", "--state", "cancelled", "--subscription", "crm")
        #expect(refused.status == 1)
        #expect(refused.err.contains("webhooks enable crm"))
        #expect(try await sandbox.run("enable", "crm").status == 0)
        let back = try await sandbox.run("retrigger", "--state", "cancelled", "--subscription", "crm", "--json")
        #expect(back.status == 0)
        #expect(try JSONText(back.out).keys == Keys.delivery)
        #expect(try JSONText(back.out)["retriggerOf"].string == (try delivery["id"].string))
        #expect(sandbox.receiver.requestCount == 2)
    }

    @Test(arguments: [
        ["emit"], ["emit", "a.b"], ["emit", "a.b", "--data", "1", "--example"], ["emit", "a.b", "--batch", "-"],
        ["emit", "a.b", "--data", "1", "--in", "5"], ["emit", "a.b", "--data", "1", "--at", "yesterday"],
        ["emit", "a.b", "--data", "1", "--keep-going"], ["frobnicate"], ["stats", "--log-level", "loud"],
    ])
    func `mistakes in the arguments exit 64`(arguments: [String]) async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run(arguments)
        #expect(done.status == 64)
        #expect(done.out == "")
        #expect(done.err.hasPrefix("error: "))
    }

    @Test(arguments: [
        ["emit", "Course!", "--data", "1"], ["emit", "a.b", "--data", "{"], ["emit", "a.b", "--data", "@missing"],
        ["emit", "a.b", "--data", "1", "--id", "two words"],
        ["emit", "no.such", "--example", "--profile", "braincert"], ["stats", "--config", "missing.yaml"],
    ])
    func `bad events, names and configurations exit 65`(arguments: [String]) async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run(arguments + ["--json"])
        #expect(done.status == 65)
        #expect(done.out == "")
        #expect(try JSONText(done.err).keys == ["error"])
        #expect(try JSONText(done.err)["error"].keys.prefix(2) == ["code", "message"])
    }
}
