package import WebhookCore

/// Events made of examples.
extension WebhookPreview {
    /// A topic's example for a subscription, which is what ``TopicCatalog/exampleData(of:profile:)`` has for everybody: the
    /// canonical event's. Of a topic that the canonical event lacks it is the subscription's own platform's.
    ///
    /// - Parameter profile: whose example to take instead.
    package func exampleData(
        of topic: String,
        for subscription: Subscription,
        profile: String? = nil
    ) throws(WebhooksError) -> ByteString {
        if profile == nil, let canonical = topics.canonicalExample(of: topic) { return canonical }
        return try topics.exampleData(of: topic, profile: profile ?? subscription.profile.name)
    }

    /// The example of a topic that a profile lists.
    ///
    /// - Throws: ``WebhooksError`` with `unknown` where none does: what the profile `standard` has for any topic is about another.
    package func knownExample(of topic: String, for name: String) throws(WebhooksError) -> ByteString {
        let subscription = try find(name)
        let isOwn = subscription.profile.topics.contains { $0.topic == topic }
        return isOwn ? try exampleData(of: topic, for: subscription) : try topics.exampleData(of: topic)
    }

    /// The topic that a send test of a subscription uses: the first that it names, or the first that it wants of its profile's,
    /// of the canonical event's where its profile takes any topic.
    ///
    /// - Parameter profile: whose topics to look among instead.
    package func testTopic(of name: String, profile: String? = nil) throws(WebhooksError) -> String {
        let subscription = try find(name)
        func wanted(_ topics: [ProfileTopic]) -> String? {
            topics.map(\.topic).first { topic in
                topic != ProfileTopic.anyName && subscription.topics.contains { $0.matches(topic) }
            }
        }
        if let profile {
            let profile = try topics.profile(profile)
            if let topic = wanted(profile.topics) { return topic }
        }
        if let literal = subscription.topics.first(where: { !$0.hasWildcard }) { return literal.description }
        let own = subscription.profile.topics
        if let topic = wanted(own) { return topic }
        if own.contains(where: { $0.topic == ProfileTopic.anyName }), let topic = wanted(topics.canonicalTopics) {
            return topic
        }
        let pattern = subscription.topics.first?.description ?? "**"
        return pattern.split(separator: ".").map { $0 == "*" || $0 == "**" ? "example" : String($0) }.joined(
            separator: "."
        )
    }

    /// The event of a send test: a topic's example for the subscription's tenant, under an id of its own.
    package func testEvent(
        for name: String,
        topic: String? = nil,
        profile: String? = nil
    ) throws(WebhooksError) -> Event {
        let subscription = try find(name)
        let topic = if let topic { topic } else { try testTopic(of: name, profile: profile) }
        let data = try exampleData(of: topic, for: subscription, profile: profile)
        return try Event(topic: topic, data: data, tenant: subscription.allTenants.first, isTest: true)
    }
}
