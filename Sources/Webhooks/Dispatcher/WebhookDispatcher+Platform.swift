internal import Logging
package import WebhookCore

/// Access for the HTTP API, which asks more of a dispatcher than hosts do.
extension WebhookDispatcher {
    /// The store's side of the HTTP API.
    ///
    /// - Throws: ``WebhooksError`` with `refused` where the store has none.
    package func platformStore() async throws(WebhooksError) -> any PlatformStore {
        let store: any WebhookStore
        do throws(StoreError) {
            store = try await stores.writer()
        } catch {
            throw WebhooksError(error)
        }
        guard let platform = store as? any PlatformStore else {
            throw WebhooksError(.refused, "\(store.name) keeps nothing of the HTTP API")
        }
        return platform
    }

    /// The health of some subscriptions as the store has it, or of all.
    package func health(of subscriptions: Set<String>?) async throws(WebhooksError) -> [SubscriptionHealth] {
        try await log.read { log throws(StoreError) in
            guard let subscriptions else { return try await log.health() }
            return try await log.health(of: subscriptions)
        }
    }

    /// Stores a message: its event, what belongs to it as a message, and the answer to its request, in one transaction.
    ///
    /// - Parameter target: the only subscription that it is for.
    /// - Returns: `conflict` with ``MessageRecord/eventIDIsTaken``, ``MessageRecord/isAnswered`` or
    ///   ``MessageRecord/applicationIsGone`` where nothing was stored.
    package func accept(message event: Event, target: String? = nil) async throws(WebhooksError) -> AcceptanceResult {
        do throws(StoreError) {
            return try await store(event.emittedNow(), target: target).result
        } catch {
            throw WebhooksError(accepting: error)
        }
    }
}
