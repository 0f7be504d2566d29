internal import Synchronization
internal import WebhookCore

/// The ids under which subscriptions are endpoints.
enum EndpointID {
    static let prefix = "ep_"

    /// The id of a subscription: what it is named, or of one in the file a digest of its name, the same after a restart.
    static func of(_ name: String) -> String {
        if name.hasPrefix(prefix) { return name }
        let digest = Digest.of(ByteString(name), for: "webhooks.endpoint").bytes
        let limbs = (0..<5).map { index in
            digest[(index * 4)..<(index * 4 + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        return prefix + IDNumber(limbs).text
    }
}

/// Finds subscriptions by their ids as endpoints.
final class EndpointDirectory: Sendable {
    private let known = Mutex<(registry: ObjectIdentifier?, names: [String: String])>((nil, [:]))

    /// The name of the subscription of an id; `nil`: the registry has none.
    func name(of id: String, in registry: Registry) -> String? {
        if registry.subscription(named: id) != nil { return id }
        return known.withLock { known in
            if known.registry != ObjectIdentifier(registry) {
                let names = registry.configuredSubscriptions.map { (EndpointID.of($0.name), $0.name) }
                known = (ObjectIdentifier(registry), Dictionary(names, uniquingKeysWith: { first, _ in first }))
            }
            return known.names[id]
        }
    }
}

/// A subscription as an application's endpoint.
struct Endpoint: Sendable {
    var id: String
    var name: String
    /// `nil`: the configuration no longer has it.
    var subscription: Subscription?
    /// Why it is disabled.
    var disabled: SubscriptionHealth.Disabled?

    var isDisabled: Bool { disabled != nil || subscription?.isEnabled != true }

    /// Its members as the API shows them, without secrets and headers.
    var members: [(String, APIValue)] {
        let topics = subscription.map { $0.topics.map(\.description) }
        let types = topics == ["**"] ? nil : topics
        let rate = subscription?.policy.rateLimit.flatMap { $0.period == .seconds(1) ? $0.count : nil }
        var members: [(String, APIValue)] = [
            ("id", .string(id)), ("uid", .null), ("url", .string(subscription?.url.display ?? "")),
            ("description", .string(subscription?.title ?? "")), ("disabled", .bool(isDisabled)),
            ("eventTypes", .list(types)), ("filterTypes", .list(types)), ("channels", .null),
            ("throttleRate", .number(rate)), ("rateLimit", .number(rate)), ("version", .integer(1)),
            (
                "metadata",
                [
                    "webhooks.source": .string("file"), "webhooks.name": .string(name),
                    "webhooks.profile": .string(subscription?.profile.name ?? ""),
                ]
            ),
            ("createdAt", .time(Timestamp(milliseconds: 0))), ("updatedAt", .time(Timestamp(milliseconds: 0))),
        ]
        if let disabled { members.append(("disabledReason", .string(disabled.cause.rawValue))) }
        return members
    }
}

extension Subscription {
    /// Tells whether an application's token may see it: a URL of the operator's own is not the tenant's business.
    func isOwn(of application: Application) -> Bool {
        ([tenant].compactMap { $0 } + tenants).contains(application.tenant)
    }

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
        let registry = api.dispatcher.registry
        guard let name = api.directory.name(of: reference, in: registry),
            let subscription = registry.subscription(named: name),
            subscription.isVisible(in: application, to: caller)
        else { throw .notFound("There is no endpoint of this id or uid.") }
        let disabled = try await health(of: [name])[name]
        return Endpoint(id: EndpointID.of(name), name: name, subscription: subscription, disabled: disabled)
    }

    /// Why some subscriptions are disabled, by name.
    func health(of names: Set<String>) async throws(APIError) -> [String: SubscriptionHealth.Disabled] {
        let all: [SubscriptionHealth]
        do throws(WebhooksError) {
            all = try await api.dispatcher.health()
        } catch {
            throw APIError(error)
        }
        return Dictionary(
            all.compactMap { row in
                names.contains(row.subscription) ? row.disabled.map { (row.subscription, $0) } : nil
            },
            uniquingKeysWith: { first, _ in first }
        )
    }
}
