internal import WebhookCore

/// Reads what a subscription sends by topic, and judges paths by the topics that it takes.
struct SubscriptionContentLoader {
    let problems: Problems
    let catalog: ProfileCatalog

    /// `payload:` → mappings.
    func payloads(_ entry: SubscriptionEntry, _ subscription: Subscription) -> [TopicPayload] {
        guard !entry.payloads.isEmpty else { return [] }
        if case .envelope(let members) = subscription.profile.body, entry.bodyPlace == nil,
            !members.flatMap(\.value.references).contains(where: \.isPayload)
        {
            let message =
                "`payload` does nothing here: the `body` of profile \(subscription.profile.name) does not ask for $payload"
            problems.error(entry.payloads[0].pattern.place, message)
        }
        let canonical = CanonicalEvents(catalog)
        return entry.payloads.compactMap { pattern, node in
            let topics = subscription.profile.topics.filter {
                $0.topic == ProfileTopic.anyName || pattern.value.matches($0.topic)
            }
            let names = knownTopics(canonical, pattern.value, subscription)
            var loader = PayloadLoader(
                problems: problems,
                wire: Self.commonNames(topics),
                variables: subscription.variables
            )
            loader.unknownPath = .warning
            loader.pathProblem = { path in
                let found = names.map { name in
                    canonical.problem(path, of: name, own: subscription.profile.topic(name)?.fields ?? [])
                }
                // One that knows the path is enough, and so is one about which nothing is known.
                return found.contains { $0 == nil } ? nil : found.first ?? nil
            }
            return loader.load(node).map { TopicPayload(pattern: pattern.value, value: $0) }
        }
    }

    /// Warns of a pattern of `body` or `payload` that no topic of the subscription can match.
    func warnOfUnusedPatterns(_ entry: SubscriptionEntry, _ subscription: Subscription) {
        for pattern in entry.topicBodies.map(\.pattern) + entry.payloads.map(\.pattern) {
            let known = subscription.profile.topics.map(\.topic).filter { topic in
                subscription.topics.contains { $0.matches(topic) }
            }
            let literals = subscription.topics.filter { !$0.hasWildcard }.map(\.description)
            let isOpen = subscription.profile.anyTopic && subscription.topics.contains(where: \.hasWildcard)
            guard !isOpen, !(known + literals).contains(where: { pattern.value.matches($0) }) else { continue }
            problems.warning(pattern.place, "no topic of this subscription matches `\(pattern.value)`")
        }
    }

    /// Warns of a filter's path that no topic of the subscription has, as far as the catalogue knows them.
    func warnOfUnknownPaths(_ filter: ConfigNode?, _ subscription: Subscription) {
        guard let filter, case .mapping(let members) = filter.value else { return }
        let paths = Self.paths(members).filter { $0.path.first == "data" && $0.path.count > 1 }
        guard !paths.isEmpty else { return }
        // Of a topic that no profile lists nobody knows the data.
        let isOpen = subscription.profile.anyTopic && subscription.topics.contains(where: \.hasWildcard)
        guard !isOpen else { return }
        let listed = subscription.profile.topics.map(\.topic).filter { $0 != ProfileTopic.anyName }
        let literals = subscription.topics.filter { !$0.hasWildcard }.map(\.description)
        let names = Set(literals + listed.filter { name in subscription.topics.contains { $0.matches(name) } })
        let own = names.map { subscription.profile.topic($0) }
        for (path, place) in paths where !isKnown(path, own) {
            // The event may be in any platform's dialect.
            let others = names.map { name in catalog.all().compactMap { $0.topics.first { $0.topic == name } } }
            guard others.allSatisfy({ !$0.isEmpty }), !others.contains(where: { isKnown(path, $0) }) else { continue }
            let fields = others.flatMap { $0 }.map(\.fields)
            let near = fields.lazy.compactMap { FieldPath.suggestion(for: Array(path.dropFirst()), in: $0) }.first
            let hint = near.map { "; did you mean `data.\($0)`?" } ?? "; see `webhooks topics show`"
            let shown = path.allSatisfy(KeyText.isPlain) ? "`\(path.joined(separator: "."))`" : "this path"
            problems.warning(place, "no topic of this subscription is known to have \(shown)\(hint)")
        }
    }

    private func isKnown(_ path: [String], _ topics: [ProfileTopic?]) -> Bool {
        let path = Array(path.dropFirst())
        return topics.contains { topic in
            guard let topic, topic.topic != ProfileTopic.anyName else { return false }
            let isListed = !topic.fields.isEmpty && FieldPath.isKnown(path, in: topic.fields)
            return isListed || topic.example.value(at: path) != nil
        }
    }

    private static func paths(_ members: [ConfigNode.Member]) -> [(path: [String], place: SourcePlace)] {
        members.flatMap { member -> [(path: [String], place: SourcePlace)] in
            switch (member.key, member.value.value) {
            case ("any", .sequence(let items)):
                items.flatMap { item -> [(path: [String], place: SourcePlace)] in
                    if case .mapping(let inner) = item.value { paths(inner) } else { [] }
                }
            case ("not", .mapping(let inner)): paths(inner)
            default: [(member.key.split(separator: ".").map(String.init), member.place)]
            }
        }
    }

    /// The topics with a canonical event that a pattern could be asked for.
    private func knownTopics(
        _ canonical: CanonicalEvents,
        _ pattern: TopicPattern,
        _ subscription: Subscription
    ) -> [String] {
        let listed = subscription.profile.topics.map(\.topic) + (canonical.names())
        let literals = [pattern].filter { !$0.hasWildcard }.map(\.description)
        return Array(Set(listed.filter { pattern.matches($0) && $0 != ProfileTopic.anyName } + literals)).sorted()
    }

    /// The wire names that every topic has.
    private static func commonNames(_ topics: [ProfileTopic]) -> [WireName] {
        guard let first = topics.first else { return [] }
        return first.wire.filter { name in topics.allSatisfy { $0.wireName(name.key) != nil } }
    }
}
