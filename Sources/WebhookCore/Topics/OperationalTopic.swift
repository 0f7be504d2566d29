/// The topics of events that the dispatcher makes itself.
package enum OperationalTopic: String, CaseIterable, Sendable {
    case subscriptionDisabled = "webhooks.subscription.disabled"
    case subscriptionEnabled = "webhooks.subscription.enabled"
    case subscriptionFailing = "webhooks.subscription.failing"
    case deliveryExhausted = "webhooks.delivery.exhausted"
    case breakerOpened = "webhooks.breaker.opened"
    case breakerClosed = "webhooks.breaker.closed"
    case configurationRefused = "webhooks.configuration.refused"
    case storeFailing = "webhooks.store.failing"

    /// Tells whether a topic is one of the dispatcher's own. They have to be asked for by name: a pattern that begins
    /// with a wildcard doesn't cover them.
    package static func isOperational(_ topic: String) -> Bool { topic.hasPrefix("webhooks.") }
}

extension Event {
    /// Refuses a topic of the dispatcher's own events: whoever gets one relies on it to tell what a dispatcher did.
    ///
    /// - Throws: ``WebhooksError`` with `event`.
    package func checkTopicIsFree() throws(WebhooksError) {
        if OperationalTopic.isOperational(topic) { throw .eventTopicReserved }
    }
}

extension TopicPattern {
    /// Tells whether a subscription with this pattern gets a topic.
    package func reaches(_ topic: String) -> Bool {
        matches(topic) && !(description.hasPrefix("*") && OperationalTopic.isOperational(topic))
    }
}
