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

    @Test func `examples come from the subscription's profile`() async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run("render", "lms", "user.created", "--example", "--body-only")
        #expect(done.status == 0)
        #expect(try JSONText(done.out)["resource"].string == "user")
        #expect(try await sandbox.run("render", "lms", "no.such", "--data", "1").status == 65)
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
