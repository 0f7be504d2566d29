public import WebhookCore
internal import WebhookEngine

/// Tells what a configuration makes of an event: who gets it, and the exact request. Sends nothing, stores nothing, and
/// looks at no store.
///
/// ```swift
/// let request = try dispatcher.preview.render(event, for: "crm")
/// ```
public struct WebhookPreview: Sendable {
    let snapshot: ConfigurationSnapshot
    let topics: TopicCatalog

    var registry: Registry { snapshot.registry }

    /// Explains for each subscription whether an event is for it, and why not.
    package func explainMatches(of event: Event) -> [MatchExplanation] { registry.explainMatches(of: event) }

    /// The topic that was probably meant by one that no subscription names and no profile lists; `nil` where nothing is near.
    package func slip(_ topic: String) -> String? {
        let patterns = registry.subscriptions.flatMap(\.topics)
        if patterns.contains(where: { !$0.hasWildcard && $0.description == topic }) { return nil }
        // What the subscriptions' own profiles list is known without reading the others.
        if registry.subscriptions.contains(where: { $0.profile.topics.contains { $0.topic == topic } }) { return nil }
        if topics.names.contains(topic) { return nil }
        // One that a pattern covers is filled to itself.
        let filled = patterns.compactMap { $0.filled(from: topic) }.filter { $0 != topic }
        return NameHint.nearest(to: topic, in: filled + topics.names)
    }

    /// Refuses an event whose topic begins with `webhooks.`, as the dispatcher's own do, and one that a subscription which
    /// wants it could not sign: one whose id holds a dot, where `id.timestamp.body` is signed.
    ///
    /// ``WebhookDispatcher/emit(_:)-(Event)`` checks by itself. A log, which knows no configuration, stores an event with such
    /// an id all the same; its delivery then fails as `template`.
    ///
    /// - Throws: ``WebhooksError`` with `event`, naming the subscription.
    public func check(_ event: Event) throws(WebhooksError) {
        try event.checkTopicIsFree()
        try EventIDCheck(registry: registry).check(event)
    }
}

extension WebhookDispatcher {
    /// A preview by the configuration in force.
    public var preview: WebhookPreview {
        state.withLock { WebhookPreview(snapshot: $0.snapshot, topics: $0.topics) }
    }
}

/// Looks for subscriptions that can't get an event because of its id.
package struct EventIDCheck: Sendable {
    private let registry: Registry

    package init(registry: Registry) {
        self.registry = registry
    }

    /// By a configuration; `nil` where that can't be loaded.
    package init?(_ configuration: WebhookConfiguration) {
        let report = configuration.load()
        guard report.isValid, let registry = report.registry else { return nil }
        self.init(registry: registry)
    }

    /// Tells whether an id is one that is looked at.
    package static func concerns(_ event: Event) -> Bool { event.id.hasByte(UInt8(ascii: ".")) }

    /// - Throws: ``WebhooksError`` with `event`, naming the first event's subscription that can't get it.
    func check(_ events: [Event]) throws(WebhooksError) {
        for event in events { try check(event) }
    }

    /// - Throws: ``WebhooksError`` with `event`, naming the subscription.
    package func check(_ event: Event) throws(WebhooksError) {
        // Generated ids have no dot: nothing else is looked at for them.
        guard Self.concerns(event) else { return }
        for subscription in registry.subscriptions(for: event) {
            guard let objection = subscription.objection(toID: event.id) else { continue }
            throw WebhooksError(
                .event,
                "subscription \(subscription.name) can't get the event \(event.id): \(objection)"
            )
        }
    }
}
