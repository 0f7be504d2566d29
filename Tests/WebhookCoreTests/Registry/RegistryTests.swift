import Testing
import WebhookCore

@Suite("Who wants an event")
struct RegistryTests {
    @Test("the index finds whom asking everybody finds, in the same order", arguments: 0..<20 as Range<UInt64>)
    func sameAsAskingEverybody(seed: UInt64) throws {
        let example = JSONValue(kind: .null, document: "null", range: 0..<4)
        let any = ProfileTopic(
            topic: ProfileTopic.anyName,
            title: "",
            trigger: "",
            isDocumented: false,
            example: example
        )
        let profile = Profile(
            name: "any",
            title: "",
            contentTypes: [.json],
            anyTopic: true,
            body: .envelope([]),
            topics: [any]
        )
        var random = SplitMix64(seed: seed)
        // "é" in one code point and in two: different tenants.
        let tenants: [String?] = [nil, "north", "south", "\u{E9}", "e\u{301}"]
        let patterns = ["**", "a.*", "a.x", "a.y", "b", "*.x"].compactMap(TopicPattern.init)
        let subscriptions = (0..<60).map { number in
            var subscription = Subscription(
                name: "s\(number)",
                url: EndpointURL(scheme: .https, host: "a.example", port: 443, target: "/"),
                topics: (0..<Int.random(in: 1...3, using: &random)).map { _ in patterns.randomElement(using: &random)!
                },
                profile: profile
            )
            subscription.tenant = tenants.randomElement(using: &random)!
            subscription.isEnabled = Int.random(in: 0..<5, using: &random) > 0
            return subscription
        }
        let registry = Registry(subscriptions: subscriptions, profiles: [:], settings: DispatcherSettings())
        for topic in ["a.x", "a.y", "a.z", "b", "c.x", "c"] {
            for tenant in tenants {
                let event = try Event(topic: topic, data: "{}", tenant: tenant)
                let expected = subscriptions.filter { $0.wants(topic: topic, tenant: tenant) }.map(\.name)
                #expect(registry.subscriptions(for: event).map(\.name) == expected, "\(topic) for \(tenant ?? "all")")
            }
        }
    }
}
