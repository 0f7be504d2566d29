public import WebhookCore

extension WebhookDispatcher {
    /// Refuses an event that a subscription which wants it could not sign: one whose id holds a dot, where `id.timestamp.body`
    /// is signed.
    ///
    /// ``emit(_:)`` checks by itself. By a host's own transaction such an event can be stored all the same; its delivery
    /// then fails as `template`.
    ///
    /// - Throws: ``WebhooksError`` with `event`, naming the subscription.
    public func check(_ event: Event) throws(WebhooksError) {
        // Generated ids have no dot: nothing else is looked at for them.
        guard event.id.utf8.contains(UInt8(ascii: ".")) else { return }
        for subscription in registry.subscriptions(for: event) {
            guard let objection = subscription.objection(toID: event.id) else { continue }
            throw WebhooksError(
                .event,
                "subscription \(subscription.name) can't get the event \(event.id): \(objection)"
            )
        }
    }
}
