import Testing
import WebhookCore

@testable import Webhooks

@Suite("What a reload changes")
struct RegistryChangeTests {
    private func registry(_ subscriptions: [Subscription]) throws -> Registry {
        try #require(WebhookConfiguration.values(subscriptions, settings: DispatcherSettings()).load().registry)
    }

    private func subscription(_ name: String, topics: String = "course.created", isEnabled: Bool = true) throws
        -> Subscription
    {
        var subscription = try Subscription(
            name: name,
            url: EndpointURL(scheme: .https, host: "example.com", port: 443, target: "/"),
            topics: [TopicPattern(topics)].compactMap { $0 },
            profile: TopicCatalog().profile("braincert")
        )
        subscription.isEnabled = isEnabled
        return subscription
    }

    @Test("Names what came, what went, and what is different; `enabled: false` is gone")
    func names() throws {
        let old = try registry([
            subscription("same"), subscription("erp"), subscription("loop"), subscription("off"),
            subscription("on", isEnabled: false),
        ])
        let new = try registry([
            subscription("newco"), subscription("same"), subscription("erp", topics: "user.created"),
            subscription("off", isEnabled: false), subscription("on"),
        ])
        let change = RegistryChange(from: old, to: new)
        #expect(change.added == ["newco", "on"])
        #expect(change.removed == ["loop", "off"])
        #expect(change.changed == ["erp"])
        #expect(change.metadata == ["added": "newco,on", "removed": "loop,off", "changed": "erp"])
        #expect(RegistryChange(from: new, to: new).metadata == [:])
    }

    @Test("A profile that makes another payload, or sends it as a list, changes its subscriptions")
    func profiles() throws {
        func change(to other: Profile) throws -> [String] {
            var subscription = try subscription("crm")
            subscription.profile = profile()
            let old = try registry([subscription])
            subscription.profile = other
            return RegistryChange(from: old, to: try registry([subscription])).changed
        }
        #expect(try change(to: profile()) == [])
        #expect(try change(to: profile(payload: .object([]))) == ["crm"])
        #expect(try change(to: profile(isListBody: true)) == ["crm"])
    }

    private func profile(payload: PayloadValue? = nil, isListBody: Bool = false) -> Profile {
        var topic = ProfileTopic(
            topic: "course.created",
            title: "t",
            trigger: "t",
            isDocumented: true,
            example: .made(.object([]))
        )
        topic.payload = payload
        return Profile(
            name: "mine",
            title: "Mine",
            contentTypes: [.json],
            body: .envelope([EnvelopeMember(name: "data", value: .reference(.payload(path: [])))]),
            isListBody: isListBody,
            topics: [topic]
        )
    }

    @Test("Of many only the first are named")
    func many() throws {
        let many = try registry((10..<35).map { try subscription("s\($0)") })
        let text = RegistryChange(from: try registry([]), to: many).metadata["added"].map { "\($0)" }
        #expect(text?.hasPrefix("s10,s11,") == true && text?.hasSuffix("s19,… (15 more)") == true)
    }
}
