internal import WebhookCore

/// The subscriptions that the store keeps, for what a configuration alone doesn't know.
extension WebhookLog {
    /// Their names, and whether each is enabled, in the order of their last changes. Nothing where the store keeps none.
    func storedSubscriptions() async throws(WebhooksError) -> [(name: String, isEnabled: Bool)] {
        do throws(StoreError) {
            guard let store = try await stores.reader() as? any SubscriptionStore else { return [] }
            var found: [(name: String, isEnabled: Bool)] = []
            var version: Int64 = 0
            while true {
                let rows = try await store.subscriptions(changedSince: version, limit: Self.storedRows)
                found += rows.filter { $0.deletedAt == nil }.map { ($0.name, !$0.isDisabled) }
                guard rows.count == Self.storedRows, let last = rows.last else { return found }
                version = last.version
            }
        } catch {
            throw WebhooksError(error)
        }
    }

    /// A configuration's subscriptions, and behind them those that the store keeps; `nil` where nobody knows the former.
    func adding(
        storedTo configured: [(name: String, isEnabled: Bool)]?
    ) async throws(WebhooksError) -> [(name: String, isEnabled: Bool)]? {
        guard let configured else { return nil }
        let names = Set(configured.map(\.name))
        return configured + (try await storedSubscriptions()).filter { !names.contains($0.name) }
    }

    /// The rows that are read at a time.
    private static let storedRows = 2_000
}
