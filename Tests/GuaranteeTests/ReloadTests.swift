import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// Rows 34 and 35: the configuration changes while deliveries wait for a retry.
@Suite struct ReloadTests {
    private static let retries = "schedule: [20ms, 20ms, 20ms, 20ms, 20ms, 20ms, 20ms, 20ms, 20ms, 20ms], jitter: 0%"

    /// Waits until a dispatcher has taken over what the file says now.
    ///
    /// - Parameter signals: by SIGHUP; otherwise by noticing that the file has changed.
    private func reload(
        _ stage: TestEnvironment,
        _ store: TestStore,
        _ dispatcher: Command,
        _ endpoints: [Endpoint],
        signals: Bool = true
    ) async throws {
        let before = dispatcher.errors.components("configuration reloaded")
        try stage.configure(endpoints, on: store)
        if signals { dispatcher.send(SIGHUP) }
        try await eventually("the configuration is reloaded: \(dispatcher.errors)") {
            dispatcher.errors.components("configuration reloaded") > before
        }
    }

    /// During a rotation both secrets sign.
    @Test(arguments: TestStore.here)
    func rotation(on store: TestStore) async throws {
        let receiver = try Receiver { $0.target == "/crm" && $0.number == 1 ? .status(500) : .noContent }
        let stage = try TestEnvironment()
        var crm = Endpoint.retry("crm", receiver.url, "schedule: [400ms], jitter: 0%")
        try stage.configure([crm], on: store)
        let dispatcher = try await stage.startDispatcher()
        _ = try await stage.run(["emit", "a.b", "--data", #"{"n":1}"#, "--id", "evt", "--detach"])
        try await receiver.waitForRequests(count: 1)
        crm.secrets = [Endpoint.nextSecret, Endpoint.secret]
        try await reload(stage, store, dispatcher, [crm])
        // A later one at the latest.
        #expect(try await stage.run(["emit", "a.b", "--data", #"{"n":2}"#, "--id", "evt-2"]).exit == .code(0))
        let requests = try await receiver.waitForRequests(count: 3)
        dispatcher.send(SIGTERM)
        await dispatcher.exit()
        let rotated = try #require(requests.first { $0.header("webhook-id") == "evt-2" })
        for secret in [Endpoint.secret, Endpoint.nextSecret] { #expect(verifies(rotated, secret)) }
        #expect((rotated.header("webhook-signature") ?? "").split(separator: " ").count == 2)
        for request in requests { #expect(verifies(request, Endpoint.secret)) }
        #expect(Set(requests.filter { $0.header("webhook-id") == "evt" }.map(\.body)).count == 1)
    }

    private func verifies(_ request: ReceivedRequest, _ secret: String) -> Bool {
        Signatures.verify(
            id: request.header("webhook-id") ?? "",
            timestamp: Int64(request.header("webhook-timestamp") ?? "") ?? 0,
            body: request.body,
            signatures: request.header("webhook-signature") ?? "",
            key: Secret(secret)
        )
    }

    /// What is removed during its retries is kept and not sent, and goes on when it is back.
    @Test(arguments: TestStore.here)
    func removedAndBack(on store: TestStore) async throws {
        let isMended = Flag()
        let receiver = try Receiver { $0.target == "/crm" && !isMended.isSet ? .status(500) : .noContent }
        let stage = try TestEnvironment()
        let seconds = Array(repeating: "1s", count: 30).joined(separator: ", ")
        let crm = Endpoint.retry("crm", receiver.url, "schedule: [\(seconds)], jitter: 0%")
        let other = Endpoint.retry("other", receiver.url).topics("c.d")
        try stage.configure([crm, other], on: store)
        let dispatcher = try await stage.startDispatcher()
        _ = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt", "--detach"])
        try await receiver.waitForRequests(count: 1)
        try await reload(stage, store, dispatcher, [other])
        try await eventually("nothing of it is in flight") {
            try await stage.deliveries(subscription: "crm").allSatisfy { $0.state == .waiting }
        }
        let before = receiver.requests.filter { $0.target == "/crm" }.count
        let due = try #require(try await stage.deliveries(subscription: "crm").first?.nextAttemptAt)
        try await eventually("it would be due") { Timestamp.now > due + .milliseconds(50) }
        #expect(try await stage.run(["emit", "c.d", "--data", "{}"]).exit == .code(0))
        #expect(receiver.requests.filter { $0.target == "/crm" }.count == before)
        #expect(try await stage.deliveries(subscription: "crm").map(\.state) == [.waiting])
        let (_, stats) = try await stage.run(["stats", "--json"])
        #expect(stats.output.contains(#""subscription":"crm""#))

        isMended.set()
        try await reload(stage, store, dispatcher, [crm, other])
        try await eventually("it goes on") {
            try await stage.deliveries(subscription: "crm").first?.state == .delivered
        }
        dispatcher.send(SIGTERM)
        await dispatcher.exit()
        try await Audit(stage, [receiver]).checkSafety()
    }

    /// Disabled by hand during retries: no later send.
    @Test(arguments: TestStore.here)
    func disabledDuringRetries(on store: TestStore) async throws {
        let receiver = try Receiver { $0.target == "/crm" ? .status(500) : .noContent }
        let stage = try TestEnvironment()
        let crm = Endpoint.retry("crm", receiver.url, Self.retries.replacing("20ms]", with: "1h]")).topics("a.b")
        try stage.configure([crm, .retry("other", receiver.url).topics("c.d")], on: store)
        let dispatcher = try await stage.startDispatcher()
        for number in 0..<20 { try await stage.library().emit(Event(topic: "a.b", data: "{}", id: "evt-\(number)")) }
        try await receiver.waitForRequests(count: 5)
        #expect(try await stage.run(["disable", "crm"]).exit == .code(0))
        try await eventually("all of it is cancelled") {
            let deliveries = try await stage.deliveries(subscription: "crm")
            return deliveries.count == 20 && deliveries.allSatisfy { $0.state == .cancelled }
        }
        let before = receiver.requests.filter { $0.target == "/crm" }.count
        _ = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "missed"])
        #expect(try await stage.run(["emit", "c.d", "--data", "{}"]).exit == .code(0))
        #expect(receiver.requests.filter { $0.target == "/crm" }.count == before)
        dispatcher.send(SIGTERM)
        await dispatcher.exit()
        let deliveries = try await stage.deliveries(subscription: "crm")
        #expect(deliveries.count == 21)
        #expect(deliveries.allSatisfy { $0.lastError == .disabled })
        try await Audit(stage, [receiver]).checkSafety()
    }

    /// Row 35.
    @Test(arguments: ["garbage: [", "subscriptions:\n  - name: crm\n    nonsense: 1\n"])
    func brokenFile(_ text: String) async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        let crm = Endpoint.retry("crm", receiver.url)
        try stage.configure([crm])
        let dispatcher = try await stage.startDispatcher()
        try stage.write(text, to: "webhooks.yaml")
        dispatcher.send(SIGHUP)
        try await eventually("the error is logged with its line") {
            dispatcher.errors.firstMatch(of: #/not reloaded: .*webhooks\.yaml:[0-9]+:[0-9]+: /#) != nil
        }
        // What emits brings its own configuration; the dispatcher's is the old one.
        let other = try TestEnvironment()
        try other.configure([crm], store: stage.storePath)
        #expect(try await other.run(["emit", "a.b", "--data", "{}"]).exit == .code(0))
        #expect(receiver.requests.map(\.target) == ["/crm"])

        try await reload(stage, .sqlite, dispatcher, [crm, .retry("new", receiver.url)], signals: false)
        #expect(try await stage.run(["emit", "a.b", "--data", "{}"]).exit == .code(0))
        #expect(Set(receiver.requests.map(\.target)) == ["/crm", "/new"])
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(0))
    }
}

extension String {
    /// The number of times that a text is in this one.
    func components(_ text: String) -> Int { split(separator: text, omittingEmptySubsequences: false).count - 1 }
}
