package import WebhookCore

/// Owners of the subscriptions that something is told about, for those that the store keeps.
package struct SubscriptionOwners: Sendable, Hashable {
    private var byName: [String: SubscriptionOwner]

    package init(_ byName: [String: SubscriptionOwner] = [:]) { self.byName = byName }

    /// True where none of the subscriptions is the store's.
    package var isEmpty: Bool { byName.isEmpty }

    /// The owner of a subscription of the store; `nil` of one of the configuration.
    package subscript(name: String) -> SubscriptionOwner? { byName[name] }

    /// A subscription for people: `crm`, or `ep_… (uid orders, application school-42)`.
    package func label(_ name: String) -> String {
        byName[name]?.text.map { "\(name) (\($0))" } ?? name
    }
}

extension WebhookLog {
    /// The owners of those of some subscriptions that the store keeps, or has kept.
    package func owners(of names: some Sequence<String>) async throws(WebhooksError) -> SubscriptionOwners {
        let given = Set(names.filter(StoredSubscription.isName)).sorted()
        guard !given.isEmpty else { return SubscriptionOwners() }
        do throws(StoreError) {
            guard let store = try await stores.reader() as? any SubscriptionStore else { return SubscriptionOwners() }
            return SubscriptionOwners(try await store.owners(of: given))
        } catch {
            throw WebhooksError(error)
        }
    }
}
