package import WebhookCore

/// A subscription that an event almost was for, with what stood in the way.
package struct NearMiss: Sendable, Hashable {
    package var subscription: String
    /// The first condition that didn't hold: `topic`, `tenant`, `profile`, `filter` or `enabled`. Stable, for programs.
    package var reason: String
    /// Every condition that didn't hold, in words, with what may have been meant.
    package var message: String
}

/// A subscription that almost matched an event that nobody gets.
package struct NearMisses: Sendable, Hashable {
    /// The nearest, those that miss least first.
    package var nearest: [NearMiss] = []
    /// The number of further ones.
    package var others = 0
    /// The topic that may have been meant, where nobody is near.
    package var suggestion: String?

    private static let limit = 5

    /// None.
    package init() {}
}

extension WebhookPreview {
    /// The reason why a subscription would not get an event, in words; `nil` where it would, or where there is none of
    /// that name.
    ///
    /// - Parameter isTest: for a send test, which doesn't ask whether the subscription is enabled.
    package func mismatch(of event: Event, for name: String, isTest: Bool = false) -> String? {
        guard let subscription = registry.subscription(named: name),
            let explanation = explainMatches(of: event).first(where: { $0.subscription == name })
        else { return nil }
        let texts = explanation.mismatches.filter { !isTest || $0 != .notEnabled }.map { mismatch in
            MismatchText.text(mismatch, event, subscription).text
        }
        return texts.isEmpty ? nil : texts.joined(separator: "; ")
    }

    /// Returns the subscriptions that almost were to get an event: its topic is right or nearly so, and at most two
    /// conditions don't hold.
    package func nearMisses(of event: Event) -> NearMisses {
        NearMisses(event, registry.explainMatches(of: event), registry, topics)
    }
}

extension NearMisses {
    init(_ event: Event, _ explanations: [MatchExplanation], _ registry: Registry, _ topics: TopicCatalog) {
        var found: [(count: Int, miss: NearMiss)] = []
        for explanation in explanations {
            guard let subscription = registry.subscription(named: explanation.subscription) else { continue }
            var reasons: [(code: String, text: String)] = []
            // Two slips at once are still a slip; whoever lists other topics was never meant.
            var isNear = (1...2).contains(explanation.mismatches.count)
            for mismatch in explanation.mismatches {
                switch mismatch {
                case .topic:
                    let meant = MismatchText.meant(by: event.topic, subscription, topics)
                    isNear = isNear && meant != nil
                    reasons.append(("topic", MismatchText.topic(subscription, meant: meant)))
                case .profile:
                    let known = subscription.profile.topics.map(\.topic)
                    let isAlone = explanation.mismatches.count == 1
                    isNear = isNear && (isAlone || NameHint.nearest(to: event.topic, in: known) != nil)
                    reasons.append(MismatchText.text(mismatch, event, subscription))
                default: reasons.append(MismatchText.text(mismatch, event, subscription))
                }
            }
            guard isNear, let first = reasons.first else { continue }
            let message = reasons.map(\.text).joined(separator: "; ")
            let miss = NearMiss(subscription: explanation.subscription, reason: first.code, message: message)
            found.append((reasons.count, miss))
        }
        // A stable order: the file's among those that miss as much.
        let sorted = found.enumerated().sorted { ($0.element.count, $0.offset) < ($1.element.count, $1.offset) }
        nearest = sorted.prefix(Self.limit).map(\.element.miss)
        others = found.count - nearest.count
        guard nearest.isEmpty else { return }
        let patterns = registry.subscriptions.flatMap(\.topics).compactMap { $0.filled(from: event.topic) }
        suggestion = NameHint.nearest(to: event.topic, in: patterns + topics.names)
        if suggestion == event.topic { suggestion = nil }
    }
}

extension Subscription {
    /// Topics that it would get, as candidates for what somebody meant by another: those that it names, those of its
    /// profile, and its patterns with the other topic's own segments in place of the wildcards.
    func topics(like topic: String) -> [String] {
        let known = profile.topics.map(\.topic).filter { name in self.topics.contains { $0.matches(name) } }
        return topics.compactMap { $0.filled(from: topic) } + known
    }
}

/// Words for the reasons why an event is not for a subscription.
enum MismatchText {
    /// The topic of a subscription that was probably meant by another; `nil` where that one exists itself, or nothing is
    /// near.
    static func meant(by topic: String, _ subscription: Subscription, _ topics: TopicCatalog) -> String? {
        guard !topics.names.contains(topic) else { return nil }
        return NameHint.nearest(to: topic, in: subscription.topics(like: topic))
    }

    static func topic(_ subscription: Subscription, meant: String?) -> String {
        let patterns = subscription.topics.prefix(8).map(\.description).joined(separator: ", ")
        let more = subscription.topics.count > 8 ? ", …" : ""
        return "its topics are \(patterns)\(more)" + (meant.map { "; did you mean \($0)?" } ?? "")
    }

    static func text(
        _ mismatch: MatchExplanation.Mismatch,
        _ event: Event,
        _ subscription: Subscription
    ) -> (code: String, text: String) {
        switch mismatch {
        case .topic: return ("topic", topic(subscription, meant: nil))
        case .notEnabled: return ("enabled", "the configuration says `enabled: false`")
        case .tenant(let wanted):
            let tenants = subscription.allTenants.count > 1 ? "the tenants \(wanted)" : "the tenant \(wanted)"
            guard let tenant = event.tenant else {
                return ("tenant", "it gets events of \(tenants) alone, and this one has no tenant")
            }
            let hint = NameHint.question(tenant, in: subscription.allTenants).map { "; \($0)" } ?? ""
            return ("tenant", "it gets events of \(tenants) alone, not of \(tenant)\(hint)")
        case .channels(let wanted):
            let channels = wanted.prefix(8).joined(separator: ", ") + (wanted.count > 8 ? ", …" : "")
            return ("channels", "it gets messages on the channels \(channels) alone, and this event is on none of them")
        case .profile: return ("profile", TopicCatalog.unknown(event.topic, of: subscription.profile).message)
        case .filter(let mismatch): return ("filter", text(mismatch))
        }
    }

    private static func text(_ mismatch: Filter.Mismatch) -> String {
        switch mismatch {
        case .entry(let entry, let actual): return "its filter wants \(text(entry, actual))"
        case .noAlternative(let mismatches):
            let shown = mismatches.prefix(mostAlternatives).enumerated().map { "(\($0 + 1)) \(alternative($1))" }
            let more = mismatches.count > mostAlternatives ? ", …" : ""
            return "none of the filters in its filter's `any` accepts the event: " + shown.joined(separator: ", ")
                + more
        case .exclusion: return "its filter's `not` excludes the event"
        case .unreadableData: return "its filter can't read the event's data"
        }
    }

    /// The most filters of an `any` that are named.
    private static let mostAlternatives = 5

    /// The part of one of several filters that an event doesn't meet.
    private static func alternative(_ mismatch: Filter.Mismatch) -> String {
        switch mismatch {
        case .entry(let entry, let actual): "wants \(text(entry, actual))"
        case .noAlternative: "none of its own `any`"
        case .exclusion: "its `not` excludes it"
        case .unreadableData: "it can't be read"
        }
    }

    private static func text(_ entry: Filter.Entry, _ actual: String?) -> String {
        let found = actual.map { "this event has \(clipped($0))" } ?? "this event has no such value"
        return "\(entry.path.joined(separator: ".")): \(clipped(entry.condition.description)); \(found)"
    }

    private static func clipped(_ text: String) -> String {
        text.count > 80 ? text.prefix(80) + "…" : text
    }
}

/// A suggestion for a mistyped name, as a sentence.
package enum NameHint {
    /// The nearest of some names, where it is near enough to be a slip.
    package static func nearest(to name: String, in names: some Collection<String>) -> String? {
        Suggestion.nearest(to: name, in: names)
    }

    /// `did you mean NAME?`, or `nil` where nothing is near and no single one begins so.
    package static func question(_ name: String, in names: some Collection<String>) -> String? {
        Suggestion.completed(name, in: names).map { "did you mean \($0)?" }
    }
}
