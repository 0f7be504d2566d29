import Glibc
import Testing
import WebhookCore
import WebhookReceiver

/// The dispatcher's own events.
@Suite struct OperationalEventTests {
    /// The topics that the operators' receiver got, with their data.
    private func told(_ sandbox: CommandEnvironment) throws -> [(topic: String, data: JSONText)] {
        try sandbox.receiver.requests.filter { $0.target == "/ops" }.map { request in
            let body = try JSONText(String(decoding: request.body.bytes, as: UTF8.self))
            return (try body["type"].string ?? "", try body["data"])
        }
    }

    private func subscription(_ sandbox: CommandEnvironment) -> String {
        """
          - name: ops
            url: \(sandbox.receiver.url)/ops
            topics: [webhooks.subscription.*, webhooks.delivery.exhausted, webhooks.breaker.opened, webhooks.configuration.refused]
            secrets: ["\(CommandEnvironment.secret)"]
            delivery: { schedule: [] }

        """
    }

    @Test func `who asks by name is told, once, and nobody else`() async throws {
        // What is told of fails as well: that is no reason to tell more.
        let sandbox = try CommandEnvironment {
            $0.target == "/lms" ? .status(410) : $0.target == "/ops" ? .status(500) : .noContent
        }
        let configuration = sandbox.configuration(more: subscription(sandbox))
        try sandbox.write("w.yaml", configuration)
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        #expect(try await sandbox.run("emit", "user.created", "--data", "1", "--id", "one").status == 1)
        // To crm and lms, and how the latter ended.
        try await sandbox.receiver.waitForRequests(count: 4)
        let first = try told(sandbox).sorted { $0.topic < $1.topic }
        #expect(first.map(\.topic) == ["webhooks.delivery.exhausted", "webhooks.subscription.disabled"])
        #expect(try first[0].data["subscription"].string == "lms" && first[0].data["event"].string == "one")
        #expect(try first[0].data["status"].raw == "410" && first[0].data["attempts"].raw == "1")
        #expect(try first[1].data["cause"].string == "gone")
        // A configuration that is refused, as the dispatcher notices by itself.
        try sandbox.write("w.yaml", configuration + "    colour: red\n")
        try await sandbox.receiver.waitForRequests(count: 5)
        let refused = try #require(try told(sandbox).last)
        #expect(refused.topic == "webhooks.configuration.refused")
        #expect(try refused.data["problems"][0].string?.contains("unknown key") == true)
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
        let events = try await sandbox.run("events", "list", "--json").lines
        #expect(events.count == 4)
        #expect(
            !sandbox.receiver.requests.contains {
                $0.target == "/crm" && !String(decoding: $0.body.bytes, as: UTF8.self).contains("user.created")
            }
        )
    }

    @Test func `without a listener nothing is stored`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(410) }
        _ = try await sandbox.run("emit", "user.created", "--data", "1", "--detach")
        _ = try await sandbox.run("run", "--until-settled")
        #expect(try await sandbox.run("events", "list", "--json").lines.count == 1)
        let match = try await sandbox.run("match", "webhooks.subscription.disabled", "--data", "{}", "--json")
        #expect(match.status == 1 && match.lines[0].contains("\"reason\":\"topic\""))
    }

    @Test func `nobody else makes one`() async throws {
        let sandbox = try CommandEnvironment()
        let line = #"{"topic":"webhooks.subscription.disabled","data":1}"#
        try sandbox.write("b.jsonl", line + "\n")
        let emit = ["emit", "webhooks.subscription.disabled", "--data", "1"]
        let batch = ["emit", "--batch", "b.jsonl"]
        for command in [emit, emit + ["--detach"], emit + ["--test"], emit + ["--check"], batch, batch + ["--detach"]] {
            let done = try await sandbox.run(command)
            #expect(done.status == 65 && done.err.contains("must not begin with webhooks."), "\(command): \(done.err)")
        }
        #expect(try await sandbox.run("emit", "webhooks", "--data", "1", "--detach").status == 0)
        #expect(try await sandbox.run("events", "list", "--json").lines.count == 1)
    }
}
