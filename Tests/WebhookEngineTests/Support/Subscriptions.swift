import WebhookCore

private let profile = Profile(
    name: "test",
    title: "Test",
    contentTypes: [.json],
    anyTopic: true,
    body: .envelope([]),
    topics: [
        ProfileTopic(
            topic: ProfileTopic.anyName,
            title: "",
            trigger: "",
            isDocumented: false,
            example: JSONValue(kind: .null, document: "null", range: 0..<4)
        )
    ]
)

/// A subscription to everything, without jitter.
func subscription(_ name: String = "crm", _ change: (inout DeliveryPolicy) -> Void = { _ in }) -> Subscription {
    var subscription = Subscription(
        name: name,
        url: EndpointURL(scheme: .https, host: "\(name).example", port: 443, target: "/"),
        topics: [try? TopicPattern("**")].compactMap(\.self),
        profile: profile
    )
    subscription.policy.jitter = 0
    change(&subscription.policy)
    return subscription
}
