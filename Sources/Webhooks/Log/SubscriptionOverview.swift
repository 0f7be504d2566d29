public import WebhookCore
internal import WebhooksSQLite

/// A subscription as it stands: configured, enabled, and its deliveries in numbers.
public struct SubscriptionOverview: Sendable, Hashable {
    /// Why nothing is sent. A later version may know more reasons.
    public struct Obstacle: Sendable, Hashable {
        package enum Kind: Sendable, Hashable {
            case disabled(SubscriptionHealth.Disabled)
            case configuration
            case missing
        }

        /// For a `switch` over all there are.
        package let kind: Kind

        /// The configuration says `enabled: false`.
        public static var configuration: Obstacle { Obstacle(kind: .configuration) }
        /// The configuration doesn't have it any more.
        public static var missing: Obstacle { Obstacle(kind: .missing) }

        /// Since when and why it is disabled, where that is the reason: by hand, by 410 or for nothing but failures.
        public var disabled: SubscriptionHealth.Disabled? {
            if case .disabled(let disabled) = kind { disabled } else { nil }
        }
    }

    /// The subscription's name.
    public var name: String
    /// `nil`: it is sent to.
    public var obstacle: Obstacle?
    /// The pause in force.
    public var paused: SubscriptionHealth.Paused?
    /// Why the dispatcher that runs makes no attempts now.
    public var breaker: SubscriptionHealth.Breaker?
    /// Tests are left out.
    public var statistics: SubscriptionStatistics
}

extension WebhookDispatcher {
    /// Every subscription in the configuration's order, then those that only the store knows, by name.
    public func overview() async throws(WebhooksError) -> [SubscriptionOverview] {
        try await log.overview(of: registry.subscriptions.map { ($0.name, $0.isEnabled) })
    }
}

extension WebhookLog {
    /// Some subscriptions in their order, then those that only the store knows, by name.
    ///
    /// - Parameter configured: those of the configuration; `nil` where nobody knows which it has.
    package func overview(
        of configured: [(name: String, isEnabled: Bool)]?
    ) async throws(WebhooksError) -> [SubscriptionOverview] {
        let (health, statistics) = try await read { log throws(StoreError) in
            (try await log.health(), try await log.statistics())
        }
        let disabled = Dictionary(
            health.map { ($0.subscription, $0.disabled) },
            uniquingKeysWith: { first, _ in first }
        )
        let now = Timestamp.now
        let paused = Dictionary(
            health.map { ($0.subscription, $0.paused.flatMap { $0.isInForce(at: now) ? $0 : nil }) },
            uniquingKeysWith: { first, _ in first }
        )
        let breakers = try await openBreakers()
        let numbers = Dictionary(statistics.map { ($0.subscription, $0) }, uniquingKeysWith: { first, _ in first })
        let enabled = Dictionary(
            (configured ?? []).map { ($0.name, $0.isEnabled) },
            uniquingKeysWith: { first, _ in first }
        )
        let names = (configured ?? []).map(\.name)
        return (names + Set(numbers.keys).subtracting(names).sorted()).map { name in
            let obstacle: SubscriptionOverview.Obstacle? =
                switch enabled[name] {
                case nil where configured != nil: .missing
                case false: .configuration
                default: disabled[name]?.map { SubscriptionOverview.Obstacle(kind: .disabled($0)) }
                }
            return SubscriptionOverview(
                name: name,
                obstacle: obstacle,
                paused: paused[name] ?? nil,
                breaker: breakers[name],
                statistics: numbers[name] ?? SubscriptionStatistics(subscription: name)
            )
        }
    }
}
