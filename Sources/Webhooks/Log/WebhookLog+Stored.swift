internal import WebhookCore

/// The subscriptions that the store keeps, for what a configuration alone doesn't know.
extension WebhookLog {
    /// Their names, and whether each is enabled, in the order of their last changes. Nothing where the store keeps none.
    func storedSubscriptions() async throws(WebhooksError) -> [(name: String, isEnabled: Bool)] {
        do throws(StoreError) {
            guard let store = try await stores.reader() as? any SubscriptionStore else { return [] }
            return try await store.storedNames()
        } catch {
            throw WebhooksError(error)
        }
    }

    /// Tells whether whoever owns a subscription of the store has disabled it; not the dispatcher.
    package func isDisabledByOwner(_ name: String) async throws(WebhooksError) -> Bool {
        try await storedSubscriptions().first { $0.name == name }?.isEnabled == false
    }

    /// A configuration's subscriptions, and behind them those that the store keeps; `nil` where nobody knows the former.
    func adding(
        storedTo configured: [(name: String, isEnabled: Bool)]?
    ) async throws(WebhooksError) -> [(name: String, isEnabled: Bool)]? {
        guard let configured else { return nil }
        let names = Set(configured.map(\.name))
        return configured + (try await storedSubscriptions()).filter { !names.contains($0.name) }
    }
}
