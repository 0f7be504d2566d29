package import WebhookCore
internal import WebhookRendering

/// Subscriptions of the store that are sealed with keys which the configuration doesn't have: nothing is delivered to them.
package struct UnopenedSubscriptions: Sendable, Hashable {
    package var count = 0
    /// All that the store keeps.
    package var total = 0
    /// The ids of those keys, sorted.
    package var keyIDs: [String] = []

    /// Finds those of a registry.
    ///
    /// - Parameters:
    ///   - known: the ids of the keys that there are.
    ///   - open: whether only those count whose secrets were opened before, by the keys of then.
    init(_ registry: Registry, keyIDs known: Set<String>, wereOpen open: Bool = false) {
        var missing: Set<String> = []
        for origin in registry.givenSubscriptions.compactMap(\.stored) {
            total += 1
            let lacking = origin.keyIDs.subtracting(known)
            guard !lacking.isEmpty, !open || origin.unread == nil && !origin.isSealed else { continue }
            count += 1
            missing.formUnion(lacking)
        }
        keyIDs = missing.sorted()
    }

    /// What is wrong, in words that name keys by their ids alone: `2 of 3 endpoints in the store can't be sent to: …`.
    ///
    /// - Parameter verb: what is so of them.
    package func problem(_ verb: String = "can't be sent to") -> String {
        let shown = keyIDs.prefix(5).joined(separator: ", ")
        return
            "\(count) of \(total) \(total == 1 ? "endpoint" : "endpoints") in the store \(verb): their secrets are sealed with a "
            + "key that `server.encryptionKey` doesn't have (\(shown))"
    }
}

extension DispatcherSettings {
    /// The ids of the keys that open what is sealed in the store; none where one of them is no key.
    var keyIDs: Set<String> { Set((try? SealingKeys(server.encryptionKeys))?.ids ?? []) }
}

extension WebhookDispatcher {
    /// Reads the store's subscriptions, as ``run(until:whenLocked:)`` does, and tells which of them no key opens.
    package func unopenedSubscriptions() async throws(WebhooksError) -> UnopenedSubscriptions {
        try await followStored()
        return UnopenedSubscriptions(registry, keyIDs: registry.settings.keyIDs)
    }

    /// The problem of a configuration whose keys don't open what those in force do; `nil`: there is none, or what can't be sent to
    /// is to be held.
    func sealingProblem(_ registry: Registry?) -> Diagnostic? {
        guard let registry, !configuration.holdsBroken else { return nil }
        let unopened = UnopenedSubscriptions(self.registry, keyIDs: registry.settings.keyIDs, wereOpen: true)
        guard unopened.count > 0 else { return nil }
        let message =
            unopened.problem("could be sent to no more")
            + "; the configuration before stays in use: put that key behind the new one"
        return Diagnostic(
            .error,
            file: configuration.path ?? "configuration",
            message: Remedy.reseal.text(after: message, for: configuration.audience)
        )
    }

    /// Loads a configuration again that was refused for its keys, once they open all that the store has: its secrets were sealed with
    /// one of them since.
    func retryRefusedKeys() async {
        let isOpen = state.withLock { state -> Bool in
            let registry = state.snapshot.registry
            guard let refused = state.refusedKeys, refused.version != registry.storedVersion else { return false }
            state.refusedKeys?.version = registry.storedVersion
            return UnopenedSubscriptions(registry, keyIDs: refused.ids, wereOpen: true).count == 0
        }
        if isOpen { await LoadingThread.shared.run { [self] in _ = loadAndSwap() } }
    }
}

/// The keys of a configuration that was refused for them.
struct RefusedKeys: Sendable {
    var ids: Set<String>
    /// The store's subscriptions that it was judged by.
    var version: Int64

    /// - Parameter registry: the one that is in force.
    init(_ settings: DispatcherSettings, _ registry: Registry) {
        (ids, version) = (settings.keyIDs, registry.storedVersion)
    }
}
