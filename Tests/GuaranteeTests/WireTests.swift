import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// What is on record for what was on the wire.
@Suite struct WireTests {
    /// Row 3, single-shot: always a fresh connection, and one request.
    @Test func singleShotIsClosedWithoutAnswer() async throws {
        let receiver = try Receiver { $0.number == 1 ? .noContent : .closeWithoutResponse }
        let stage = try TestEnvironment()
        try stage.configure([.singleShot("once", receiver.url)])
        let dispatcher = try await stage.startDispatcher()
        let (fine, _) = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt-1"])
        #expect(fine == .code(0))
        let (exit, _) = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt-2"])
        #expect(exit == .code(1))
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(0))

        let deliveries = try await stage.deliveries()
        #expect(deliveries.map(\.state) == [.delivered, .unknown])
        #expect(deliveries[1].lastError == .disconnected)
        #expect(deliveries[1].attempts == 1)
        #expect(receiver.requests.map(\.numberOnConnection) == [1, 1])
        try await Audit(stage, [receiver]).checkSafety()
    }

    /// Row 3, retry: a reused connection that dies unanswered is a request, and has its record.
    @Test func reusedConnectionIsClosedWithoutAnswer() async throws {
        let receiver = try Receiver { $0.numberOnConnection == 1 ? .noContent : .closeWithoutResponse }
        let stage = try TestEnvironment()
        try stage.configure([.retry("again", receiver.url)])
        let dispatcher = try await stage.startDispatcher()
        for id in ["evt-1", "evt-2"] {
            _ = try await stage.run(["emit", "a.b", "--data", "{}", "--id", id])
        }
        try await eventually("both are delivered") {
            try await stage.deliveries().filter { $0.state == .delivered }.count == 2
        }
        dispatcher.send(SIGTERM)
        await dispatcher.exit()

        let second = try await stage.deliveries()[1]
        let attempts = try await stage.attempts(of: second)
        #expect(attempts.map(\.outcome) == [.failed, .succeeded])
        #expect(attempts.map(\.error) == [.disconnected, nil])
        #expect(attempts.map(\.connectionReused) == [true, false])
        #expect(receiver.requestCount == 3, "one request for each attempt on record")
    }

    /// Row 4: nothing left, so it failed and is not unknown.
    @Test func singleShotThatNeverLeft() async throws {
        let gone = try Receiver(responses: [.noContent])
        let refused = gone.url
        gone.stop()
        let stage = try TestEnvironment()
        var name = Endpoint.singleShot("name", "https://nosuch.invalid")
        name.delivery += ", connectTimeout: 20s"
        let server = try NoTLSServer()
        let plain = Endpoint.singleShot("plain", "https://127.0.0.1:\(server.port)")
        try stage.configure([name, .singleShot("refused", refused), plain])
        let (exit, _) = try await stage.run(["emit", "a.b", "--data", "{}", "--wait", "60s"])
        #expect(exit == .code(1))

        let deliveries = try await stage.deliveries()
        #expect(deliveries.map(\.state) == [.failed, .failed, .failed])
        #expect(deliveries.map(\.attempts) == [1, 1, 1])
        let errors = Dictionary(uniqueKeysWithValues: deliveries.map { ($0.subscription, $0.lastError) })
        #expect(errors == ["name": .dns, "refused": .connect, "plain": .tls])
    }

    /// Row 12: bounded, and never earlier than scheduled.
    @Test func retryAfter() async throws {
        let values: [String: String] = [
            "seconds": "7200", "past": "Sun, 06 Nov 1994 08:49:37 GMT", "negative": "-5", "decade": "315360000",
            "garbage": "soon", "huge": "99999999999999999999999999",
        ]
        let receiver = try Receiver { request in
            let name = String(request.target.dropFirst())
            return .status(503, headers: [HTTPHeader("Retry-After", values[name] ?? "")])
        }
        let stage = try TestEnvironment()
        try stage.configure(
            values.keys.sorted().map { .retry($0, receiver.url, "schedule: [10m], jitter: 0%, timeout: 30s") }
        )
        let (exit, _) = try await stage.run(["emit", "a.b", "--data", "{}"])
        #expect(exit == .code(1))
        let expected: [String: Int64] = [
            "seconds": 7200, "past": 600, "negative": 600, "decade": 86_400, "garbage": 600, "huge": 86_400,
        ]
        for delivery in try await stage.deliveries() {
            #expect(delivery.state == .waiting)
            let attempt = try #require(try await stage.attempts(of: delivery).first)
            let (due, end) = (try #require(delivery.nextAttemptAt), try #require(attempt.finishedAt))
            // The two clocks that these are read from may be a few milliseconds apart.
            let wait = Double(due.milliseconds - end.milliseconds) / 1000
            #expect(abs(wait - Double(expected[delivery.subscription] ?? 0)) < 0.1, "\(delivery.subscription): \(wait)")
        }
    }

    /// Row 13: 410 stops it all, and what was missed comes back by hand.
    @Test func goneDisables() async throws {
        let receiver = try Receiver { $0.number == 1 ? .status(410) : .noContent }
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)])
        _ = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt-1"])
        let (exit, _) = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt-2"])
        #expect(exit == .code(1))
        #expect(receiver.requestCount == 1)
        var deliveries = try await stage.deliveries()
        #expect(deliveries.map(\.state) == [.failed, .cancelled])
        #expect(deliveries[1].lastError == .disabled)
        let (_, stats) = try await stage.run(["stats", "--json"])
        #expect(stats.output.contains(#""enabled":false"#))
        #expect(stats.output.contains(#""disabledReason":"#) && !stats.output.contains(#""disabledReason":null"#))

        let (refused, _) = try await stage.run(["retrigger", "--state", "cancelled", "--subscription", "crm"])
        #expect(refused == .code(1))
        #expect(receiver.requestCount == 1)
        #expect(try await stage.run(["enable", "crm"]).exit == .code(0))
        let (again, command) = try await stage.run(["retrigger", "--state", "cancelled", "--subscription", "crm"])
        #expect(again == .code(0), "\(command.output)\(command.errors)")
        deliveries = try await stage.deliveries()
        #expect(deliveries.last?.state == .delivered)
        #expect(deliveries.last?.retriggerOf == deliveries[1].id)
        #expect(receiver.requests.last?.header("webhook-id") == "evt-2")
    }

    /// Row 7: only the one that can't be rendered fails, with the reason.
    @Test func poisonFailsAlone() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        var poisoned = Endpoint.retry("poisoned", receiver.url)
        poisoned.settings = ["body: body.json.mustache"]
        try stage.write(#"{"list":[{{#data.rows}}{{{n}}}{{/data.rows}}]}"#, to: "body.json.mustache")
        try stage.configure([poisoned, .retry("fine", receiver.url)])
        _ = try await stage.run(["emit", "a.b", "--data", #"{"rows":[{"n":"a"}]}"#, "--id", "evt-1", "--detach"])
        // Two of them with nothing between: no JSON any more.
        _ = try await stage.run([
            "emit", "a.b", "--data", #"{"rows":[{"n":"a"},{"n":"b"}]}"#, "--id", "evt-2", "--detach",
        ])
        let (exit, command) = try await stage.run(["run", "--until-settled"])
        #expect(exit == .code(1), "\(command.errors)")
        let deliveries = try await stage.deliveries()
        let states = Dictionary(
            uniqueKeysWithValues: deliveries.map { ("\($0.subscription) \($0.event)", $0.state) }
        )
        #expect(states["fine evt-1"] == .delivered)
        #expect(states["fine evt-2"] == .delivered)
        #expect(states["poisoned evt-1"] == .delivered)
        #expect(states["poisoned evt-2"] == .failed)
        let poison = try #require(deliveries.first { $0.state == .failed })
        #expect(poison.lastError == .template)
        #expect(poison.detail?.isEmpty == false)
        #expect(receiver.requestCount == 3)
    }
}
