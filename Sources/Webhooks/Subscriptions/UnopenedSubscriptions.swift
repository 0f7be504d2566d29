package import WebhookCore
internal import WebhookRendering

/// Subscriptions of the store that are sealed with keys which the configuration doesn't have: nothing is delivered to them.
package struct UnopenedSubscriptions: Sendable, Hashable {
    package var count = 0
    /// All that the store keeps.
    package var total = 0
    /// The ids of those keys, sorted.
    package var keyIDs: [String] = []
}

extension WebhookDispatcher {
    /// Reads the store's subscriptions, as ``run(until:whenLocked:)`` does, and tells which of them no key opens.
    package func unopenedSubscriptions() async throws(WebhooksError) -> UnopenedSubscriptions {
        try await followStored()
        let registry = registry
        let known = Set((try? SealingKeys(registry.settings.server.encryptionKeys))?.ids ?? [])
        var (found, missing) = (UnopenedSubscriptions(), Set<String>())
        for origin in registry.givenSubscriptions.compactMap(\.stored) {
            found.total += 1
            let lacking = origin.unread?.keyIDs.subtracting(known) ?? []
            if !lacking.isEmpty { found.count += 1 }
            missing.formUnion(lacking)
        }
        found.keyIDs = missing.sorted()
        return found
    }
}
