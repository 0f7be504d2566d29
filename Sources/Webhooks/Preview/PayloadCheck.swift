package import WebhookCore
internal import WebhookRegistry
internal import WebhookRendering

/// The body that a subscription would get of an event, as far as it can be told beforehand.
package struct PayloadCheck: Sendable, Hashable {
    package var subscription: String
    package var profile: String
    /// The reason why there is no body; `nil` where there is one.
    package var problem: String?
    /// The places where the payload differs from the catalogue's fields and is sent all the same.
    package var violations: [String]

    /// True when there is a body that fits.
    package var isGood: Bool { problem == nil && violations.isEmpty }

    /// The subscriptions that an event of a configuration almost was for.
    package static func nearMisses(of event: Event, in registry: Registry, _ topics: TopicCatalog) -> NearMisses {
        NearMisses(event, registry.explainMatches(of: event), registry, topics)
    }

    /// Renders an event for every subscription that would get it; sends and stores nothing.
    package static func checks(of event: Event, in registry: Registry) -> [PayloadCheck] {
        let subscriptions = registry.subscriptions(for: event)
        let renderer = WebhookRenderer(
            subscriptions: subscriptions,
            maxBody: registry.settings.maxBody,
            canonical: registry.canonicalTopics
        )
        // One at a time: what several share is reported for the first alone.
        return subscriptions.map { subscription in
            let rendered = renderer.render(event, for: [subscription])
            var problem: String?
            if case .failure(let error)? = rendered.renderedBodies.first { problem = error.description }
            return PayloadCheck(
                subscription: subscription.name,
                profile: subscription.profile.name,
                problem: problem,
                violations: rendered.findings.flatMap(\.violations)
            )
        }
    }
}
