public import WebhookCore

/// A subscription as it stands: configured, enabled, and its deliveries in numbers.
public struct SubscriptionOverview: Sendable, Hashable {
    /// Why nothing is sent.
    public enum Obstacle: Sendable, Hashable {
        /// Disabled by hand, by 410 or for nothing but failures.
        case disabled(SubscriptionHealth.Disabled)
        /// The configuration says `enabled: false`.
        case configuration
        /// The configuration doesn't have it any more.
        case missing
    }

    public var name: String
    /// `nil`: it is sent to.
    public var obstacle: Obstacle?
    /// The pause in force.
    public var paused: SubscriptionHealth.Paused?
    /// Tests are left out.
    public var statistics: SubscriptionStatistics
}

extension WebhookDispatcher {
    /// Every subscription in the configuration's order, then those that only the store knows, by name.
    public func overview() async throws(WebhooksError) -> [SubscriptionOverview] {
        let (health, statistics) = try await read { log throws(StoreError) in
            (try await log.health(), try await log.statistics())
        }
        let registry = registry
        let disabled = Dictionary(
            health.map { ($0.subscription, $0.disabled) },
            uniquingKeysWith: { first, _ in first }
        )
        let now = Timestamp.now
        let paused = Dictionary(
            health.map { ($0.subscription, $0.paused.flatMap { $0.isInForce(at: now) ? $0 : nil }) },
            uniquingKeysWith: { first, _ in first }
        )
        let numbers = Dictionary(statistics.map { ($0.subscription, $0) }, uniquingKeysWith: { first, _ in first })
        let configured = registry.subscriptions.map(\.name)
        let others = Set(numbers.keys).subtracting(configured).sorted()
        return (configured + others).map { name in
            let subscription = registry.subscription(named: name)
            let obstacle: SubscriptionOverview.Obstacle? =
                if subscription == nil {
                    .missing
                } else if subscription?.isEnabled == false {
                    .configuration
                } else {
                    disabled[name]?.map { .disabled($0) }
                }
            return SubscriptionOverview(
                name: name,
                obstacle: obstacle,
                paused: paused[name] ?? nil,
                statistics: numbers[name] ?? SubscriptionStatistics(subscription: name)
            )
        }
    }
}
