package import WebhookCore

extension WebhookLog {
    /// The dispatchers that are alive on a store that several may share.
    ///
    /// - Throws: ``WebhooksError``: `refused` where the store is one dispatcher's alone, else `store`.
    package func nodes() async throws(WebhooksError) -> [LivingNode] {
        let found: [LivingNode]?
        let name: String
        do throws(StoreError) {
            let store = try await stores.reader()
            name = store.name
            found = try await Self.nodes(of: store)
        } catch {
            throw WebhooksError(error)
        }
        if let found { return found }
        throw WebhooksError(
            .refused,
            "\(name) is worked on by one dispatcher, for only a store on PostgreSQL is shared: `webhooks status` says which"
        )
    }

    /// - Returns: `nil` for a store that is one dispatcher's alone.
    static func nodes(of store: any WebhookStore) async throws(StoreError) -> [LivingNode]? {
        guard let store = store as? any LeaseStore else { return nil }
        return try await store.nodes().filter { $0.expiresIn > .zero }
    }
}
