import WebhookCore
import WebhookSimulation

/// A subscription to everything, without jitter.
func subscription(_ name: String = "crm", _ change: (inout DeliveryPolicy) -> Void = { _ in }) -> Subscription {
    var subscription = Subscription(
        name: name,
        url: EndpointURL(scheme: .https, host: "\(name).example", port: 443, target: "/"),
        topics: [try? TopicPattern("**")].compactMap(\.self),
        profile: .anything
    )
    subscription.policy.jitter = 0
    change(&subscription.policy)
    return subscription
}
