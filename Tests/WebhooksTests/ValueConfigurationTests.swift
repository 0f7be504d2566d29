import Testing
import WebhookCore
import Webhooks

/// Subscriptions that a host gives as values pass the checks of a file's.
@Suite struct ValueConfigurationTests {
    private static let whsec = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

    private func subscription(_ profile: String = "braincert", _ change: (inout Subscription) -> Void = { _ in }) throws
        -> Subscription
    {
        var subscription = Subscription(
            name: "crm",
            url: EndpointURL(scheme: .https, host: "crm.example.com", port: 443, target: "/hooks"),
            topics: [try? TopicPattern("**")].compactMap { $0 },
            profile: try TopicCatalog().profile(profile)
        )
        change(&subscription)
        return subscription
    }

    private func problems(_ subscriptions: [Subscription], _ settings: DispatcherSettings = .init()) -> [String] {
        let report = WebhookConfiguration.values(subscriptions, settings: settings).load()
        #expect(report.isValid == !report.diagnostics.contains { $0.severity == .error })
        return report.diagnostics.map(\.description)
    }

    @Test func whatIsRight() throws {
        #expect(problems([try subscription()]) == [])
        let signed = try subscription("standard") { $0.secrets = [Secret(Self.whsec)] }
        #expect(problems([signed]) == [])
    }

    @Test func whatIsWrong() throws {
        let changes: [(String, (inout Subscription) -> Void)] = [
            ("`name` must be", { $0.name = "a b" }),
            ("`title` must not", { $0.title = "a\u{85}" }),
            ("`tenant` must be", { $0.tenant = "" }),
            ("`topics` needs", { $0.topics = [] }),
            ("has no topic", { $0.topics = [try? TopicPattern("course.craeted")].compactMap { $0 } }),
            ("out of reach", { $0.url.host = "10.0.0.1" }),
            ("holds a space", { $0.url.target = "/a HTTP/1.1\r\nX: y" }),
            ("in its usual spelling", { $0.url.host = "CRM.example.com" }),
            ("in its usual spelling", { $0.url.host = "0x7f.1" }),
            ("user name or password", { $0.url.host = "a@b.example.com" }),
            ("needs an https: URL", { ($0.url.scheme, $0.url.port, $0.httpVersion) = (.http, 80, .http2) }),
            ("needs an https: URL", { ($0.url.scheme, $0.url.port, $0.tls) = (.http, 80, TLSOptions()) }),
            ("`secrets` has no use", { $0.secrets = [Secret("a")] }),
            ("not a header's name", { $0.headers = [ConfiguredHeader(name: "a b", value: .plain("x"))] }),
            ("set by HTTP itself", { $0.headers = [ConfiguredHeader(name: "Host", value: .plain("x"))] }),
            ("another control character", { $0.headers = [ConfiguredHeader(name: "X", value: .plain("a\r\nb"))] }),
            (
                "longer than 16 KiB",
                { $0.headers = [.init(name: "X", value: .plain(String(repeating: "a", count: 20_000)))] }
            ),
            ("stands here twice", { $0.headers = ["X", "x"].map { ConfiguredHeader(name: $0, value: .plain("a")) } }),
            ("must be the token alone", { $0.authentication = .bearer(Secret("a b")) }),
            ("must not hold a colon", { $0.authentication = .basic(username: "a:b", password: Secret("c")) }),
            ("does not offer", { $0.contentType = .form }),
            ("`jitter` must be", { $0.policy.jitter = 2 }),
            ("`timeout` must be", { $0.policy.timeout = .zero }),
            ("`maxInFlight` must be", { $0.policy.maxInFlight = 0 }),
            ("`rateLimit` must be", { $0.policy.rateLimit = RateLimit(count: 0, per: .seconds(1)) }),
            ("a wait in `schedule`", { $0.policy.schedule = [.seconds(-1)] }),
        ]
        for (message, change) in changes {
            let found = problems([try subscription("braincert", change)])
            #expect(found.contains { $0.hasPrefix("subscription") && $0.contains(message) }, "\(message): \(found)")
        }
        #expect(problems([try subscription("standard")]).first?.contains("needs `secrets`") == true)
        let plain = try subscription("thinkific") { ($0.url.scheme, $0.url.port) = (.http, 80) }
        #expect(problems([plain]).first?.contains("must be https:") == true)
        let twice = [try subscription(), try subscription()]
        #expect(problems(twice) == ["subscription crm: the name is taken by an earlier subscription"])
    }

    @Test func settings() throws {
        var settings = DispatcherSettings()
        (settings.maxInFlight, settings.maxBody, settings.retention) = (0, 1, .zero)
        settings.lease = .seconds(1)
        settings.store = .postgres(Secret("postgres://u:canary@h/d"), password: Secret("canary"))
        settings.egress = EgressPolicy(allow: [try? EgressRule("0.0.0.0/0")].compactMap { $0 })
        let found = problems([], settings)
        #expect(found.count == 6)
        #expect(found.allSatisfy { $0.hasPrefix("settings: ") && !$0.contains("canary") })
    }

    /// Both have the same topics and content type, so that their templates are checked once.
    @Test func everySubscriptionsSecretsAreChecked() throws {
        let good = try subscription("standard") { $0.secrets = [Secret(Self.whsec)] }
        let halves = "whsk_" + String(repeating: "A", count: 86) + "=="
        let bad = try subscription("standard") { ($0.name, $0.secrets) = ("erp", [Secret(halves)]) }
        #expect(problems([good, bad]) == ["subscription erp: the halves of an Ed25519 key don't belong together"])
    }
}
