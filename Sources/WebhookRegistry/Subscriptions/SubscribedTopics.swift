internal import WebhookCore

/// The topics of a subscription, as far as the catalogue knows them.
struct SubscribedTopics {
    /// The topics that it names, and the ones of its profile that its patterns match; under a profile for any topic the
    /// ones of the canonical event. Sorted.
    let names: [String]
    /// True when topics may come that nobody has described.
    let isOpen: Bool
    private let profile: Profile
    private let canonical: CanonicalEvents

    init(_ subscription: Subscription, _ canonical: CanonicalEvents) {
        profile = subscription.profile
        self.canonical = canonical
        isOpen = profile.anyTopic && subscription.topics.contains(where: \.hasWildcard)
        let listed = profile.topics.map(\.topic).filter { $0 != ProfileTopic.anyName }
        let known = isOpen ? listed + canonical.names() : listed
        let literals = subscription.topics.filter { !$0.hasWildcard }.map(\.description)
        names = Set(literals + known.filter { name in subscription.topics.contains { $0.matches(name) } }).sorted()
    }

    /// The fields that a topic's data may have: the canonical event's and the platform's own.
    func fields(of name: String) -> [[ProfileField]] {
        [canonical.topic(name), profile.topic(name)].compactMap { $0 }.filter(\.hasSchema).map(\.fields)
    }

    /// Tells whether the body or the data of a topic can be compared with something.
    func isDescribed(_ name: String) -> Bool { !fields(of: name).isEmpty }

    /// The values that may stand at a path of the data; none where one of the topics may have anything there.
    func values(at path: [String]) -> [ExpectedValue] {
        var values: [ExpectedValue] = []
        for name in names {
            let fields = fields(of: name)
            if fields.isEmpty, !isOpen { return [] }
            for value in fields.flatMap({ FieldPath.values(at: path, in: $0) }) where !values.contains(value) {
                values.append(value)
            }
        }
        return values
    }
}

/// Finds what was meant by mistyped patterns. Confined to one load, whose subscriptions share most of theirs.
final class TopicSlips {
    private let canonical: CanonicalEvents
    private lazy var known = canonical.names()
    private var found: [TopicPattern: String?] = [:]

    init(_ canonical: CanonicalEvents) {
        self.canonical = canonical
    }

    /// The pattern that may have been meant by one that no topic of the catalogue matches; `nil` where one does, or where
    /// nothing is near.
    func meant(by pattern: TopicPattern) -> String? {
        if let meant = found[pattern] { return meant }
        let meant = search(pattern)
        found[pattern] = .some(meant)
        return meant
    }

    private func search(_ pattern: TopicPattern) -> String? {
        guard !known.contains(where: { pattern.matches($0) }) else { return nil }
        guard pattern.hasWildcard else { return Suggestion.nearest(to: pattern.description, in: known) }
        let parts = pattern.description.split(separator: ".")
        // A topic's own segments in place of the pattern's: what is left to compare are the words.
        let candidates = known.compactMap { name -> String? in
            let segments = name.split(separator: ".")
            guard segments.count == parts.count || parts.last == "**" && segments.count > parts.count else {
                return nil
            }
            return zip(parts, segments).map { $0.hasPrefix("*") ? $0 : $1 }.joined(separator: ".")
        }
        return Suggestion.nearest(to: pattern.description, in: candidates)
    }
}
