package import WebhookCore

/// A subscription's verdict on an event: it would get it now, or everything that stands in the way.
package struct SubscriptionMatch: Sendable, Hashable {
    /// A condition that doesn't hold.
    package struct Reason: Sendable, Hashable {
        /// `topic`, `tenant`, `profile`, `filter`, `enabled`, `broken` (the settings), `disabled`, `paused` (the store) or
        /// `template` (there is no body). Stable, for programs.
        package var code: String
        package var message: String
        /// The filter entry that says no, where a filter does and one entry of it is to blame.
        package var entry: FilterEntry?
    }

    /// An entry of a filter that an event doesn't meet.
    package struct FilterEntry: Sendable, Hashable {
        package var path: String
        /// The condition, as it stands in a configuration.
        package var wanted: String
        /// The event's value as JSON; `nil`: it has none.
        package var found: String?
    }

    package var subscription: String
    package var profile: String
    /// In the order in which they are looked at; none: it would get the event.
    package var reasons: [Reason]
    /// The places where the payload differs from the catalogue and would be sent all the same.
    package var violations: [String]

    /// True when it would get the event now.
    package var isMatch: Bool { reasons.isEmpty }
    /// True when the event would wait for it: a pause, or settings that can't be used, is all that stands in the way.
    package var isHeld: Bool { !reasons.isEmpty && reasons.allSatisfy { ["paused", "broken"].contains($0.code) } }
}

extension WebhookPreview {
    /// Every subscription's verdict on an event, in the configuration's order. Makes the bodies; sends and stores nothing.
    ///
    /// - Parameters:
    ///   - event: as it would be emitted.
    ///   - health: what the store remembers of subscriptions; empty where there is no store.
    ///   - now: tells which pauses are in force.
    package func matches(
        of event: Event,
        health: [SubscriptionHealth],
        at now: Timestamp
    ) -> [SubscriptionMatch] {
        let health = Dictionary(health.map { ($0.subscription, $0) }, uniquingKeysWith: { first, _ in first })
        let checks = Dictionary(
            PayloadCheck.checks(of: event, in: registry).map { ($0.subscription, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        return explainMatches(of: event).compactMap { explanation in
            guard let subscription = registry.subscription(named: explanation.subscription) else { return nil }
            let name = subscription.name
            var reasons = explanation.mismatches.map { SubscriptionMatch.Reason($0, event, subscription, topics) }
            if subscription.isEnabled, let obstacle = subscription.obstacles.first {
                let message = "its settings can't be used here: \(obstacle.located): the event would wait"
                reasons.append(.init(code: "broken", message: message))
            }
            if let health = health[name] { reasons += SubscriptionMatch.Reason.held(health, at: now) }
            if let problem = checks[name]?.problem {
                reasons.append(.init(code: "template", message: "its body can't be made: \(problem)"))
            }
            return SubscriptionMatch(
                subscription: name,
                profile: subscription.profile.name,
                reasons: reasons,
                violations: checks[name]?.violations ?? []
            )
        }
    }
}

extension SubscriptionMatch.Reason {
    fileprivate init(
        _ mismatch: MatchExplanation.Mismatch,
        _ event: Event,
        _ subscription: Subscription,
        _ topics: TopicCatalog
    ) {
        (code, message) = MismatchText.text(mismatch, event, subscription)
        if case .topic = mismatch {
            let meant = MismatchText.meant(by: event.topic, subscription, topics)
            message = MismatchText.topic(subscription, meant: meant)
        }
        if case .filter(.entry(let entry, let actual)) = mismatch {
            self.entry = SubscriptionMatch.FilterEntry(
                path: entry.path.joined(separator: "."),
                wanted: entry.condition.description,
                found: actual
            )
        }
    }

    /// The store's reasons against it.
    fileprivate static func held(_ health: SubscriptionHealth, at now: Timestamp) -> [SubscriptionMatch.Reason] {
        var reasons: [SubscriptionMatch.Reason] = []
        if let disabled = health.disabled {
            let cause =
                switch disabled.cause {
                case .manual: "by hand"
                case .gone: "the receiver answered 410"
                case .failing: "nothing but failures"
                }
            let message = "it is disabled since \(disabled.at): \(cause)"
            reasons.append(.init(code: "disabled", message: message))
        }
        if let paused = health.paused, paused.isInForce(at: now) {
            let end = paused.until.map { "until \($0)" } ?? "until somebody resumes it"
            // Where it is disabled as well, the event would not wait.
            let wait = health.disabled == nil ? ": the event would wait" : ""
            reasons.append(.init(code: "paused", message: "it is paused \(end)\(wait)"))
        }
        return reasons
    }
}

extension WebhookLog {
    /// The health that the store remembers of subscriptions; nothing where there is no store yet.
    package func healthIfAny() async throws(WebhooksError) -> [SubscriptionHealth] {
        do throws(WebhooksError) {
            return try await read { log throws(StoreError) in try await log.health() }
        } catch  where error.store?.code == .missing {
            return []
        }
    }
}
