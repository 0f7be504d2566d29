import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// Line breaks and their kin never get from an event or a subscription into a request.
@Suite struct InjectionTests {
    private static let breaks = ["\r\n", "\n", "\r", "\0", "\u{7F}", "\u{1B}", "\t", "\u{85}"]

    @Test(arguments: breaks) func eventsRefuseThem(text: String) throws {
        let bad = "a\(text)X-Injected: 1"
        #expect(throws: WebhooksError.self) { try Event(topic: bad, data: "{}") }
        #expect(throws: WebhooksError.self) { try Event(topic: "a.b", data: "{}", id: bad) }
        #expect(throws: WebhooksError.self) { try Event(topic: "a.b", data: "{}", tenant: bad) }
    }

    /// What a subscription may say that would change the request around it.
    private static let changes: [@Sendable (inout Subscription, String) -> Void] = [
        { $0.headers = [ConfiguredHeader(name: "X-A", value: .plain($1))] },
        { $0.headers = [ConfiguredHeader(name: "X-A", value: .secret(Secret($1)))] },
        { $0.headers = [ConfiguredHeader(name: $1, value: .plain("a"))] },
        { $0.authentication = .raw(Secret($1)) },
        { $0.authentication = .bearer(Secret($1)) },
        { $0.url.target = "/" + $1 },
        { subscription, _ in subscription.headers = [ConfiguredHeader(name: "Content-Length", value: .plain("0"))] },
        { subscription, _ in subscription.headers = [ConfiguredHeader(name: "Transfer-Encoding", value: .plain("x"))] },
        { subscription, _ in subscription.headers = [ConfiguredHeader(name: "Host", value: .plain("internal"))] },
    ]

    /// Subscriptions given as values have not been through a file's checks: they are refused as a whole, or not sent.
    @Test(arguments: breaks, changes.indices) func nothingLeavesWithThem(text: String, change: Int) async throws {
        let receiver = try Receiver(responses: [.noContent])
        let workspace = try TestEnvironment()
        let url = EndpointURL(scheme: .http, host: "127.0.0.1", port: receiver.port, target: "/")
        var subscription = Subscription(
            name: "one",
            url: url,
            topics: [try? TopicPattern("**")].compactMap { $0 },
            profile: try TopicCatalog().profile("braincert")
        )
        subscription.policy.mode = .singleShot
        Self.changes[change](&subscription, "a\(text)X-Injected: 1")
        var settings = DispatcherSettings()
        settings.store = .sqlite(path: workspace.folder + "/webhooks.sqlite")
        settings.egress = EgressPolicy(allow: ["127.0.0.0/8"].compactMap { try? EgressRule($0) })
        do {
            let dispatcher = try await WebhookDispatcher(configuration: .values([subscription], settings: settings))
            let log = try await dispatcher.deliver(Event(topic: "user.created", data: "{}", tenant: "school"))
            #expect(log.map(\.delivery.state) == [.failed])
            #expect(log.first?.attempts.first?.error == .internal)
        } catch let error as WebhooksError {
            #expect(error.code == .configuration)
            #expect(!error.message.contains("Injected"))
        }
        #expect(receiver.requestCount == 0)
    }

    /// "é" in one code point and in two are two tenants, as they are to every other program.
    @Test func tenantsThatOnlyLookAlikeAreTwo() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let workspace = try TestEnvironment()
        let dispatcher = try await workspace.dispatcher(
            """
              - { name: one, url: "\(receiver.url)/", profile: braincert, payload: { "**": $data }, schema: off, topics: ["**"], tenant: "\u{E9}cole" }
            """
        )
        let foreign = try Event(topic: "user.created", data: "{}", tenant: "e\u{301}cole")
        #expect(try await dispatcher.deliver(foreign).isEmpty)
        let own = try Event(topic: "user.created", data: "{}", tenant: "\u{E9}cole")
        #expect(try await dispatcher.deliver(own).map(\.delivery.state) == [.delivered])
        #expect(receiver.requestCount == 1)
    }
}
