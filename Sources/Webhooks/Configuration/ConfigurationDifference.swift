internal import Foundation
package import WebhookCore

/// The differences between two configurations, by subscription and key. Values are not told: some are secrets.
package struct ConfigurationDifference: Sendable, Hashable {
    /// The effect on a subscription.
    package enum Change: String, Sendable, Hashable {
        case added, changed, dropped
    }

    package struct Entry: Sendable, Hashable {
        package var subscription: String
        package var change: Change
        /// The keys whose values differ; none for one that is added or dropped.
        package var keys: [String] = []
        /// True when it was sent to before, and is not any more.
        package var isTakenOff = false
    }

    /// In the new configuration's order, then those that it hasn't.
    package var subscriptions: [Entry] = []
    /// The keys of the configuration itself.
    package var settings: [String] = []

    package var isEmpty: Bool { subscriptions.isEmpty && settings.isEmpty }

    package init(from old: Registry, to new: Registry) {
        for subscription in new.subscriptions {
            guard let before = old.subscription(named: subscription.name) else {
                subscriptions.append(Entry(subscription: subscription.name, change: .added))
                continue
            }
            let keys = Self.keys.filter { !$0.isEqual(before, subscription) }.map(\.name)
            guard !keys.isEmpty else { continue }
            let isTakenOff = before.isEnabled && !subscription.isEnabled
            subscriptions.append(
                Entry(subscription: subscription.name, change: .changed, keys: keys, isTakenOff: isTakenOff)
            )
        }
        for subscription in old.subscriptions where new.subscription(named: subscription.name) == nil {
            let name = subscription.name
            subscriptions.append(Entry(subscription: name, change: .dropped, isTakenOff: subscription.isEnabled))
        }
        settings = Self.differences(old.settings, new.settings)
    }

    // MARK: Keys

    private struct Key: Sendable {
        var name: String
        var isEqual: @Sendable (Subscription, Subscription) -> Bool

        init<Value: Equatable & SendableMetatype>(_ name: String, _ value: @escaping @Sendable (Subscription) -> Value)
        {
            self.name = name
            isEqual = { value($0) == value($1) }
        }
    }

    private static let keys: [Key] = [
        Key("title") { $0.title }, Key("url") { $0.url }, Key("topics") { $0.topics },
        Key("tenant") { Set($0.allTenants) }, Key("channels") { $0.channels }, Key("profile") { $0.profile.name },
        Key("contentType") { $0.contentType },
        Key("authentication") { $0.authentication }, Key("secrets") { $0.secrets + $0.retiringSecrets.map(\.secret) },
        Key("headers") { $0.headers }, Key("body") { [$0.body].compactMap(\.self) + $0.topicBodies.map(\.body) },
        Key("payload") { $0.topicPayloads }, Key("vars") { $0.variables }, Key("filter") { $0.filter },
        Key("schema") { $0.schema }, Key("tls") { $0.tls }, Key("httpVersion") { $0.httpVersion },
        Key("enabled") { $0.isEnabled }, Key("delivery.mode") { $0.policy.mode },
        Key("delivery.schedule") { $0.policy.schedule }, Key("delivery.jitter") { $0.policy.jitter },
        Key("delivery.timeout") { $0.policy.timeout }, Key("delivery.connectTimeout") { $0.policy.connectTimeout },
        Key("delivery.maxInFlight") { $0.policy.maxInFlight }, Key("delivery.rateLimit") { $0.policy.rateLimit },
        Key("delivery.ordered") { $0.policy.ordered }, Key("delivery.disableAfter") { $0.policy.disableAfter },
        Key("delivery.breaker") { $0.policy.breaker },
    ]

    private static func differences(_ old: DispatcherSettings, _ new: DispatcherSettings) -> [String] {
        var keys: [String] = []
        if old.store.map(absolute) != new.store.map(absolute) { keys.append("store") }
        if old.egress != new.egress { keys.append("egress") }
        if old.maxInFlight != new.maxInFlight { keys.append("dispatcher.maxInFlight") }
        if old.shutdownGrace != new.shutdownGrace { keys.append("dispatcher.shutdownGrace") }
        if old.retention != new.retention { keys.append("dispatcher.retention") }
        if old.maxBody != new.maxBody { keys.append("dispatcher.maxBody") }
        if old.lease != new.lease { keys.append("dispatcher.lease") }
        return keys + differences(old.server, new.server)
    }

    /// The keys of `server` whose values differ.
    package static func differences(_ old: ServerSettings, _ new: ServerSettings) -> [String] {
        var keys: [String] = []
        if old.listen != new.listen { keys.append("server.listen") }
        if old.publicURL != new.publicURL { keys.append("server.publicURL") }
        if old.tokens != new.tokens { keys.append("server.tokens") }
        if old.metricsToken != new.metricsToken { keys.append("server.metricsToken") }
        if old.encryptionKeys != new.encryptionKeys { keys.append("server.encryptionKey") }
        if old.maxBody != new.maxBody { keys.append("server.maxBody") }
        if old.maxEndpoints != new.maxEndpoints { keys.append("server.maxEndpoints") }
        if old.console != new.console { keys.append("server.console") }
        return keys
    }

    /// A store by its absolute path: the same file may be named from two folders.
    static func absolute(_ store: StoreLocation) -> StoreLocation {
        guard case .sqlite(let path, let prefix) = store else { return store }
        return .sqlite(path: URL(fileURLWithPath: path).resolvingSymlinksInPath().path, prefix: prefix)
    }
}

extension WebhookLog {
    /// The number of a subscription's open deliveries; none where there is no store yet.
    package func openDeliveriesIfAny(of subscription: String) async throws(WebhooksError) -> Int {
        do throws(WebhooksError) {
            let count = try await openDeliveries(of: subscription)
            return count.waiting + count.inFlight
        } catch  where error.store?.code == .missing {
            return 0
        }
    }
}
