import Testing
import WebhookCore
import WebhookReceiver

@Suite struct RenderTests {
    private static let at = ["--id", "evt_1", "--at", "2026-03-01T09:30:00Z"]

    @Test func `prints the exact request`() async throws {
        let sandbox = try CommandEnvironment()
        let command = ["render", "crm", "course.created", "--data", #"{"id": 101}"#] + Self.at
        let done = try await sandbox.run(command)
        #expect(done.status == 0)
        let body = #"{"type":"course.created","timestamp":"2026-03-01T09:30:00.000Z","data":{"id": 101}}"#
        let parts = done.out.split(separator: "\n\n", maxSplits: 1).map(String.init)
        #expect(parts[1] == body)
        let head = parts[0].split(separator: "\n").map(String.init)
        #expect(head[0] == "POST /crm HTTP/1.1")
        #expect(head[1] == "Host: 127.0.0.1:\(sandbox.receiver.port)")
        #expect(head.contains("webhook-timestamp: 1772357400"))
        #expect(head.contains("Content-Length: \(body.utf8.count)"))
        // With a fixed time and id it repeats; and it is what is sent.
        #expect(try await sandbox.run(command).out == done.out)
        #expect(try await sandbox.run(command + ["--body-only"]).out == body)
        let json = try JSONText(try await sandbox.run(command + ["--json"]).out)
        #expect(json.keys == ["method", "url", "headers", "body"])
        #expect(try json["body"].string == body)
        #expect(sandbox.receiver.requestCount == 0)
        #expect(try await sandbox.run("events", "list").status == 69)
    }

    @Test func `shows credentials only when asked to`() async throws {
        let sandbox = try CommandEnvironment()
        let more = [
            "- name: safe", "  url: { env: SECRET_URL }", "  topics: [a.b]",
            #"  secrets: ["\#(CommandEnvironment.secret)"]"#,
            "  bearer: canary-token",
        ]
        try sandbox.write("w.yaml", sandbox.configuration(more: more.map { "  " + $0 }.joined(separator: "\n")))
        let environment = ["SECRET_URL": "\(sandbox.receiver.url)/canary-path"]
        let command = ["render", "safe", "a.b", "--data", "1"] + Self.at
        for form in [[], ["--json"]] {
            let hidden = try await sandbox.run(command + form, environment: environment)
            #expect(hidden.status == 0)
            #expect(!hidden.out.contains("canary"))
            let shown = try await sandbox.run(command + form + ["--show-secrets"], environment: environment)
            #expect(shown.out.contains("/canary-path") && shown.out.contains("Bearer canary-token"))
        }
    }

    @Test func `an example is the canonical event's, for whatever is done with it`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write(
            "w.yaml",
            """
            store: sqlite:w.sqlite
            egress: { allow: ["127.0.0.0/8"] }
            subscriptions:
              - name: fermion
                url: \(sandbox.receiver.url)/fermion
                topics: [course.enrollment]
                profile: fermion
                secrets: [a-long-secret-of-a-school]

            """
        )
        let render = ["render", "fermion", "course.enrollment", "--example", "--body-only"] + Self.at
        let rendered = try await sandbox.run(render)
        #expect(rendered.status == 0)
        #expect(rendered.err == "")
        let shown = try await sandbox.run("topics", "show", "course.enrollment", "--json")
        let user = try JSONText(shown.out)["example"]["user"]["name"].string
        #expect(try JSONText(rendered.out)["payload"]["userFullname"].string == user)
        // The same goes out.
        let emit = ["emit", "course.enrollment", "--example"] + Self.at
        #expect(try await sandbox.run(emit).status == 0)
        #expect(sandbox.receiver.requests.last?.body.text == rendered.out)
        #expect(try await sandbox.run("test", "fermion").status == 0)
        let sent = try JSONText(sandbox.receiver.requests.last?.body.text ?? "")
        #expect(try sent["payload"]["userFullname"].string == user)
        // And the platform's own where it is asked for.
        let own = try await sandbox.run(render + ["--profile", "fermion"])
        let native = try JSONText(
            try await sandbox.run("topics", "show", "course.enrollment", "--profile", "fermion", "--json").out
        )
        let name = try native["example"]["userFullname"].string
        #expect(try JSONText(own.out)["payload"]["userFullname"].string == name)
        #expect(try await sandbox.run(emit + ["--profile", "fermion", "--id", "evt_2"]).status == 0)
        #expect(try await sandbox.run("test", "fermion", "--profile", "fermion").status == 0)
        let tested = try JSONText(sandbox.receiver.requests.last?.body.text ?? "")
        #expect(try tested["payload"]["userFullname"].string == name)
        #expect(try await sandbox.run("render", "fermion", "a.b", "--data", "1", "--profile", "lms").status == 64)
        #expect(try await sandbox.run("render", "fermion", "no.such", "--data", "1").status == 65)
    }

    @Test(arguments: [
        ["render", "fermoin", "course.enrollment", "--example"], ["render", "fermoin", "no.such", "--data", "1"],
        ["test", "fermoin"], ["pause", "fermoin"], ["resume", "fermoin"], ["enable", "fermoin"],
        ["disable", "fermoin", "--yes"], ["deliveries", "list", "--subscription", "fermoin"],
    ])
    func `an unknown subscription is the same everywhere`(arguments: [String]) async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write("w.yaml", sandbox.configuration().replacing("name: lms", with: "name: fermion"))
        _ = try await sandbox.run("emit", "a.b", "--data", "1", "--detach")
        let done = try await sandbox.run(arguments)
        #expect(done.status == 1)
        #expect(done.err.contains("did you mean fermion?"), "\(done.err)")
        let json = try await sandbox.run(arguments + ["--json"])
        #expect(json.status == 1)
        let last = try #require(json.err.split(separator: "\n").last)
        #expect(try JSONText(String(last))["error"]["code"].string == "not_found")
    }

    @Test func `the arguments in each other's place`() async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run("render", "user.created", "lms", "--data", "1")
        #expect(done.status == 1)
        #expect(done.err.contains("lms is a subscription: webhooks render lms user.created …"))
    }

    @Test func `test sends one attempt, also to a disabled subscription`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "a.b", "--data", "1")
        _ = try await sandbox.run("disable", "lms")
        let done = try await sandbox.run("test", "lms", "--topic", "user.created", "--json")
        #expect(done.status == 0)
        let delivery = try JSONText(done.out)
        #expect(delivery.keys == Keys.delivery + ["log"])
        #expect(try delivery["test"].raw == "true")
        #expect(try delivery["log"][0]["status"].raw == "204")
        #expect(sandbox.receiver.requests.last?.target == "/lms")
    }

    @Test func `a failed test exits 1`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(404) }
        let done = try await sandbox.run("test", "crm")
        #expect(done.status == 1)
        #expect(done.out.contains("failed") && done.out.contains("404"))
    }
}
