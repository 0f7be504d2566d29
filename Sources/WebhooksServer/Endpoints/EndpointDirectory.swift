internal import Synchronization
internal import WebhookCore
internal import Webhooks

/// The ids under which subscriptions are endpoints.
enum EndpointID {
    static let prefix = StoredSubscription.prefix

    /// Tells whether a text can be the key of a list of endpoints.
    static func isKey(_ text: String) -> Bool { PlatformIDs.isID(text, prefix) }

    /// The id of a subscription: what it is named, or of one in the file a digest of its name, the same after a restart.
    static func of(_ name: String) -> String {
        if name.hasPrefix(prefix) { return name }
        let digest = Digest.of(ByteString(name), for: .endpoint).bytes
        let limbs = (0..<5).map { index in
            digest[(index * 4)..<(index * 4 + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        return prefix + IDNumber(limbs).text
    }
}

/// Finds the subscriptions that are kept elsewhere than in the store: in the file, or by the host's own code.
final class EndpointDirectory: Sendable {
    private let known = Mutex<(registry: Registry?, names: [String: String])>((nil, [:]))

    /// All of them.
    static func subscriptions(of registry: Registry) -> [Subscription] {
        registry.configuredSubscriptions + givenNames(registry).sorted().compactMap { registry.subscription(named: $0) }
    }

    /// The names that a host has given at run time; what the store keeps is named by its id.
    private static func givenNames(_ registry: Registry) -> [String] {
        registry.givenNames.filter { !$0.hasPrefix(EndpointID.prefix) }
    }

    /// The subscription of an id; `nil`: there is none. Their names are not the application's: it may have them as uids.
    func subscription(of reference: String, in registry: Registry) -> Subscription? {
        guard reference.hasPrefix(EndpointID.prefix) else { return nil }
        let configured = known.withLock { known in
            // The registry is replaced with every change; the configuration in it seldom.
            if known.registry?.sharesConfiguration(with: registry) != true {
                let names = registry.configuredSubscriptions.map { (EndpointID.of($0.name), $0.name) }
                known = (registry, Dictionary(names, uniquingKeysWith: { first, _ in first }))
            }
            return known.names[reference]
        }
        let name = configured ?? Self.givenNames(registry).first { EndpointID.of($0) == reference }
        return name.flatMap { registry.subscription(named: $0) }
    }
}

extension Subscription {
    /// Tells whether an application's token may see it: a URL of the operator's own is not the tenant's business.
    func isOwn(of application: Application) -> Bool {
        ownTenants.contains(application.tenant)
    }

    /// The tenants that it names.
    var ownTenants: [String] { [tenant].compactMap { $0 } + tenants }

    /// Tells whether it is one of an application's endpoints, to a caller.
    func isVisible(in application: Application, to caller: Caller) -> Bool {
        if isOwn(of: application) { return true }
        guard tenant == nil, tenants.isEmpty, case .organisation = caller else { return false }
        return true
    }
}

extension APIContext {
    /// The endpoint of the path in an application.
    func endpoint(in application: Application, named parameter: String = "endpoint_id") async throws(APIError)
        -> Endpoint
    {
        try await endpoint(self.parameter(parameter), in: application)
    }

    func endpoint(_ reference: String, in application: Application) async throws(APIError) -> Endpoint {
        guard let endpoint = try await endpointIfKnown(reference, in: application) else { throw .noEndpoint }
        return endpoint
    }

    /// The same; `nil` where the application has none of that id or uid.
    func endpointIfKnown(_ reference: String, in application: Application) async throws(APIError) -> Endpoint? {
        if let row = try await storedEndpoint(reference, in: application) {
            // It may have been made or changed at another server: what is sent to it goes by what it is now.
            if row.version > api.dispatcher.registry.storedVersion {
                await api.dispatcher.storedSubscriptions.followChange()
            }
            return Endpoint(stored: row, health: try await disabledSubscriptions(of: [row.name])[row.name])
        }
        guard let subscription = api.directory.subscription(of: reference, in: api.dispatcher.registry),
            !subscription.name.hasPrefix(EndpointID.prefix), subscription.isVisible(in: application, to: caller)
        else { return nil }
        return Endpoint(
            declared: subscription,
            health: try await disabledSubscriptions(of: [subscription.name])[subscription.name]
        )
    }

    /// The row of an application's endpoint, by its id or uid.
    func storedEndpoint(_ reference: String, in application: Application) async throws(APIError) -> StoredSubscription?
    {
        let row = try await subscriptions { store throws(StoreError) in
            reference.hasPrefix(EndpointID.prefix)
                ? try await store.storedSubscription(reference)
                : try await store.storedSubscription(uid: reference, ofTenant: application.tenant)
        }
        return row.flatMap { $0.tenant == application.tenant ? $0 : nil }
    }

    /// Endpoints by their subscriptions' names, deleted ones among them.
    func endpoints(named names: Set<String>) async throws(APIError) -> [Endpoint] {
        let registry = api.dispatcher.registry
        let health = try await disabledSubscriptions(of: names)
        let ids = names.filter { $0.hasPrefix(EndpointID.prefix) }
        let rows = try await subscriptions { store throws(StoreError) in
            try await store.storedSubscriptions(ids: Array(ids))
        }
        let stored = Dictionary(rows.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return names.map { name in
            if let row = stored[name] { return Endpoint(stored: row, health: health[name]) }
            if let subscription = registry.subscription(named: name) {
                return Endpoint(declared: subscription, health: health[name])
            }
            return Endpoint(id: EndpointID.of(name), name: name, source: .gone, health: health[name])
        }
    }

    /// Changes the subscriptions that the store keeps, and puts the changes into force.
    func apply(
        _ changes: [StoredSubscriptionChange],
        answer: StoredAnswer? = nil
    ) async throws(APIError) -> StoredSubscriptionResult {
        do throws(WebhooksError) {
            return try await api.dispatcher.storedSubscriptions.apply(changes, answer: answer)
        } catch {
            throw APIError(error)
        }
    }

    /// Reads the subscriptions that the store keeps.
    func subscriptions<Value: Sendable>(
        _ body: (any SubscriptionStore) async throws(StoreError) -> Value
    ) async throws(APIError) -> Value {
        try await read { store throws(StoreError) in
            guard let store = store as? any SubscriptionStore else {
                throw StoreError(.unavailable, "this store keeps no subscriptions")
            }
            return try await body(store)
        }
    }

    /// The causes for which subscriptions are disabled, by name: of some, or of all that are.
    func disabledSubscriptions(
        of names: Set<String>? = nil
    ) async throws(APIError) -> [String: SubscriptionHealth.Disabled] {
        let health: [SubscriptionHealth]
        do throws(WebhooksError) {
            health = try await api.dispatcher.health(of: names)
        } catch {
            throw APIError(error)
        }
        return Dictionary(
            health.compactMap { row in row.disabled.map { (row.subscription, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
    }
}

extension APIError {
    static func tooManyEndpoints(_ most: Int) -> APIError {
        APIError(
            400,
            "limit_reached",
            "The application has \(most) endpoints, as many as it may: delete one, or raise server.maxEndpoints."
        )
    }

    static let noEndpoint = APIError.notFound("There is no endpoint of this id or uid.")
}
