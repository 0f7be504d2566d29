/// The reason why an event is for a subscription, or is not.
package struct MatchExplanation: Sendable, Hashable {
    /// The subscription's name.
    package var subscription: String
    /// Every condition that doesn't hold, in the order in which they are looked at; none: the event is for it.
    package var mismatches: [Mismatch]

    package init(subscription: String, mismatches: [Mismatch]) {
        self.subscription = subscription
        self.mismatches = mismatches
    }

    /// True when the event is for the subscription.
    package var isMatch: Bool { mismatches.isEmpty }

    /// A condition of a subscription that an event doesn't meet.
    package enum Mismatch: Sendable, Hashable {
        /// The configuration says `enabled: false`.
        case notEnabled
        /// It is for another tenant's events, or those of several others.
        case tenant(wanted: String)
        /// It gets what goes out on some channels, and the event is on none of them.
        case channels(wanted: [String])
        /// None of its patterns covers the topic.
        case topic(patterns: [TopicPattern])
        /// A pattern covers the topic, and its profile doesn't know it.
        case profile(name: String)
        /// Its filter doesn't accept the event.
        case filter(Filter.Mismatch)
    }
}

extension Subscription {
    /// Explains whether an event is for this subscription, judged as ``Registry/subscriptions(for:)`` does.
    ///
    /// - Parameter data: the event's parsed payload; `nil` where it can't be parsed.
    package func explainMatch(of event: Event, data: JSONValue?) -> MatchExplanation {
        var mismatches: [MatchExplanation.Mismatch] = []
        if !isEnabled { mismatches.append(.notEnabled) }
        if !isOpen(to: event.tenant) { mismatches.append(.tenant(wanted: allTenants.joined(separator: ", "))) }
        if !isOpen(toChannels: event.message?.channels) { mismatches.append(.channels(wanted: channels)) }
        if !topics.contains(where: { $0.reaches(event.topic) }) {
            mismatches.append(.topic(patterns: topics))
        } else if profile.topic(event.topic) == nil {
            mismatches.append(.profile(name: profile.name))
        }
        if let filter {
            let mismatch = data.map { filter.firstMismatch(for: event, data: $0) } ?? .unreadableData
            if let mismatch { mismatches.append(.filter(mismatch)) }
        }
        return MatchExplanation(subscription: name, mismatches: mismatches)
    }
}

extension Registry {
    /// Explains for each subscription why it gets an event, or doesn't, in the file's order.
    package func explainMatches(of event: Event) -> [MatchExplanation] {
        let data = subscriptions.contains { $0.filter != nil } ? try? JSON.parse(event.data) : nil
        return subscriptions.map { $0.explainMatch(of: event, data: data) }
    }
}
