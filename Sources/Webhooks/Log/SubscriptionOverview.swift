public import WebhookCore
internal import WebhooksSQLite

extension WebhookLog {
    /// A subscription as it stands: configured, enabled, and its deliveries in numbers.
    public struct SubscriptionOverview: Sendable, Hashable {
        /// A reason why nothing is sent. A later version may know more reasons.
        public struct Obstacle: Sendable, Hashable {
            package enum Kind: Sendable, Hashable {
                case disabled(SubscriptionHealth.Disabled)
                case configuration
                case missing
                case unusable
                case refused
            }

            /// For a `switch` over all there are.
            package let kind: Kind

            /// The configuration says `enabled: false`.
            public static var configuration: Obstacle { Obstacle(kind: .configuration) }
            /// The configuration doesn't have it any more.
            public static var missing: Obstacle { Obstacle(kind: .missing) }

            /// The dispatcher that runs can't use its settings: its deliveries wait.
            public static var unusable: Obstacle { Obstacle(kind: .unusable) }
            /// It is kept in the store, and the rules of the dispatcher that runs refuse it: events pass it by.
            public static var refused: Obstacle { Obstacle(kind: .refused) }

            /// The disabling, with its time, where that is the reason: by hand, by 410 or for nothing but failures.
            public var disabled: SubscriptionHealth.Disabled? {
                if case .disabled(let disabled) = kind { disabled } else { nil }
            }

            /// In words.
            package var reason: String {
                switch kind {
                case .missing: "not in the configuration"
                case .configuration: "enabled: false"
                case .unusable: "held: its settings can't be used"
                case .refused: "refused: events pass it by"
                case .disabled(let disabled):
                    switch disabled.cause {
                    case .manual: "by hand since \(disabled.at)"
                    case .gone: "the receiver answered 410 at \(disabled.at)"
                    case .failing: "nothing but failures until \(disabled.at)"
                    }
                }
            }
        }

        /// The subscription's name.
        public var name: String
        /// `nil`: it is sent to.
        public var obstacle: Obstacle?
        /// The pause in force.
        public var paused: SubscriptionHealth.Paused?
        /// The reason why the dispatcher that runs makes no attempts now.
        public var breaker: SubscriptionHealth.Breaker?
        /// Tests are left out.
        public var statistics: SubscriptionStatistics
    }
}

extension WebhookLog.SubscriptionOverview: JSONForm {
    package func write<Writer: JSONFieldWriter>(to writer: inout Writer) throws(Writer.Failure) {
        try writer.add("subscription", name)
        try writer.add("enabled", flag: obstacle == nil)
        try writer.add("disabledReason", obstacle?.reason)
        try writer.add("delivered", integer: statistics.count(.delivered))
        try writer.add("failed", integer: statistics.count(.failed))
        try writer.add("unknown", integer: statistics.count(.unknown))
        try writer.add("waiting", integer: statistics.openRetries)
        try writer.add("pending", integer: statistics.openFirstAttempts)
        try writer.add("p50Ms", milliseconds: statistics.p50)
        try writer.add("p95Ms", milliseconds: statistics.p95)
        try writer.add("p99Ms", milliseconds: statistics.p99)
        try writer.add("lastError", statistics.lastFailure?.error.rawValue)
        try writer.add("lastDeliveredAt", time: statistics.lastDeliveredAt)
        if let paused {
            try writer.add("paused", flag: true)
            try writer.add("pausedUntil", time: paused.until)
        }
        if let breaker { try writer.add("breaker", object: BreakerForm(breaker: breaker)) }
    }

    private struct BreakerForm: JSONForm {
        var breaker: SubscriptionHealth.Breaker

        func write<Writer: JSONFieldWriter>(to writer: inout Writer) throws(Writer.Failure) {
            try writer.add("failures", integer: breaker.failures)
            try writer.add("nextAttemptAt", time: breaker.until)
        }
    }
}

/// The JSON of `webhooks stats --json`.
extension WebhookLog.SubscriptionOverview: Encodable {
    /// Writes an overview.
    public func encode(to encoder: any Encoder) throws { try encodeForm(to: encoder) }
}

extension WebhookDispatcher {
    /// Every subscription in the configuration's order, then those that only the store knows, by name.
    public func overview() async throws(WebhooksError) -> [WebhookLog.SubscriptionOverview] {
        try await log.overview(of: registry.subscriptions.map { ($0.name, $0.isEnabled) })
    }
}

extension WebhookLog {
    /// Some subscriptions in their order, those that the store keeps, then those that only its log knows, by name.
    ///
    /// - Parameters:
    ///   - configured: those of the configuration; `nil` where nobody knows which it has.
    ///   - areAll: whether it has no others.
    package func overview(
        of configured: [(name: String, isEnabled: Bool)]?,
        areAll: Bool = true
    ) async throws(WebhooksError) -> [SubscriptionOverview] {
        let (health, statistics) = try await read { log throws(StoreError) in
            (try await log.health(), try await log.statistics())
        }
        let configured = try await adding(storedTo: configured)
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
        let unusable = await dispatcherRecord()?.unusable ?? UnusableSubscriptions()
        let numbers = Dictionary(statistics.map { ($0.subscription, $0) }, uniquingKeysWith: { first, _ in first })
        let enabled = Dictionary(
            (configured ?? []).map { ($0.name, $0.isEnabled) },
            uniquingKeysWith: { first, _ in first }
        )
        let names = (configured ?? []).map(\.name)
        // Of one that was deleted, until what is open of it has ended.
        let deleted = try await deleted(among: Array(numbers.keys), configured).filter { name in
            numbers[name].map { $0.openRetries + $0.openFirstAttempts } == 0
        }
        return (names + Set(numbers.keys).subtracting(names).subtracting(deleted).sorted()).map { name in
            let obstacle: SubscriptionOverview.Obstacle? =
                switch enabled[name] {
                case nil where configured != nil && areAll: .missing
                case false: .configuration
                case _ where unusable.held.contains(name): .unusable
                case _ where unusable.refused.contains(name): .refused
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
