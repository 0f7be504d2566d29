internal import WebhookCore

/// The rows that the store keeps of the HTTP API and of subscriptions, for what a configuration alone doesn't know.
extension WebhookLog {
    /// The names of subscriptions, in the order of their last changes. Nothing where the store keeps none.
    func storedSubscriptions() async throws(WebhooksError) -> [String] {
        do throws(StoreError) {
            guard let store = try await stores.reader() as? any SubscriptionStore else { return [] }
            return try await store.storedNames()
        } catch {
            throw WebhooksError(error)
        }
    }

    /// Those of some deliveries that stand in the order behind one that is tried again.
    package func deliveriesBehind(among ids: [Delivery.ID]) async throws(WebhooksError) -> Set<Delivery.ID> {
        guard !ids.isEmpty else { return [] }
        do throws(StoreError) {
            return try await stores.reader().deliveriesBehind(among: ids)
        } catch {
            throw WebhooksError(error)
        }
    }

    /// The names of some that the store has given to subscriptions which were deleted since.
    ///
    /// - Parameter configured: those of the configuration.
    func deleted(
        among names: [String],
        _ configured: [(name: String, isEnabled: Bool)]?
    ) async throws(WebhooksError) -> Set<String> {
        let given = Set(names.filter(StoredSubscription.isName))
        guard !given.isEmpty else { return [] }
        let living = try await storedSubscriptions() + (configured ?? []).map(\.name)
        return given.subtracting(living)
    }

    /// A configuration's subscriptions, and behind them those that the store keeps; `nil` where nobody knows the former.
    func adding(
        storedTo configured: [(name: String, isEnabled: Bool)]?
    ) async throws(WebhooksError) -> [(name: String, isEnabled: Bool)]? {
        guard let configured else { return nil }
        let names = Set(configured.map(\.name))
        let stored = try await storedSubscriptions().filter { !names.contains($0) }
        return configured + stored.map { ($0, true) }
    }

    /// The platform's own id of an event that is a message; `nil` where it has none.
    package func eventID(ofMessage id: String) async throws(WebhooksError) -> String? {
        try await platform { store throws(StoreError) in try await store.eventID(ofMessage: id) } ?? nil
    }

    /// The ids of some messages that have an own id of the platform's.
    package func messageIDs(ofEventID id: String) async throws(WebhooksError) -> [String] {
        try await platform { store throws(StoreError) in try await store.messageIDs(ofEventID: id, limit: 5) } ?? []
    }

    /// Reads what is kept for the HTTP API; `nil` where the store keeps nothing of it.
    private func platform<Value: Sendable>(
        _ body: (any PlatformStore) async throws(StoreError) -> Value
    ) async throws(WebhooksError) -> Value? {
        do throws(StoreError) {
            guard let store = try await stores.reader() as? any PlatformStore else { return nil }
            return try await body(store)
        } catch {
            throw WebhooksError(error)
        }
    }
}
