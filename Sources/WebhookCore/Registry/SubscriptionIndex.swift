/// Narrows down who may want an event, so that an event for one of ten thousand tenants looks at one subscription.
struct SubscriptionIndex: Sendable {
    /// `nil`: every tenant's, or topics by a pattern.
    private struct Key: Hashable {
        var tenant: String?
        var topic: String?
    }

    private var positions: [Key: [Int]] = [:]

    init(_ subscriptions: [Subscription]) {
        for (position, subscription) in subscriptions.enumerated() where subscription.isEnabled {
            if subscription.topics.contains(where: \.hasWildcard) {
                add(position, Key(tenant: subscription.tenant, topic: nil))
            } else {
                for topic in subscription.topics {
                    add(position, Key(tenant: subscription.tenant, topic: topic.description))
                }
            }
        }
    }

    private mutating func add(_ position: Int, _ key: Key) {
        // A topic that is named twice.
        if positions[key]?.last != position { positions[key, default: []].append(position) }
    }

    /// The positions of all that may want an event, and of few others, in order.
    func candidates(topic: String, tenant: String?) -> [Int] {
        var keys = [Key(tenant: nil, topic: nil), Key(tenant: nil, topic: topic)]
        if let tenant { keys += [Key(tenant: tenant, topic: nil), Key(tenant: tenant, topic: topic)] }
        let found = keys.compactMap { positions[$0] }
        return found.count > 1 ? found.joined().sorted() : found.first ?? []
    }
}
