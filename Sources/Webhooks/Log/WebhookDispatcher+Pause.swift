public import WebhookCore
internal import WebhooksSQLite

/// Holding and stopping subscriptions by hand. Kept in the store; a running dispatcher notices.
extension WebhookDispatcher {
    /// The longest pause that ends by itself.
    package static let longestPause: Duration = .seconds(365 * 86_400)

    /// Holds a subscription's deliveries, first attempts too, until it is resumed or the time is over. Nothing is
    /// cancelled, nothing counts as failure, and events that are emitted meanwhile wait.
    ///
    /// - Parameters:
    ///   - length: at least a millisecond, at most ``longestPause``; `nil` without end.
    /// - Throws: ``WebhooksError`` with `notFound` where neither the configuration nor the store knows it, with `refused`
    ///   where the time is out of bounds.
    @discardableResult
    public func pause(
        subscription name: String,
        for length: Duration? = nil
    ) async throws(WebhooksError) -> SubscriptionPause {
        try await log.pause(subscription: name, for: length, configured: configuredNames)
    }

    /// Sends what was held.
    ///
    /// - Throws: ``WebhooksError`` with `notFound` where neither the configuration nor the store knows it.
    @discardableResult
    public func resume(subscription name: String) async throws(WebhooksError) -> SubscriptionPause {
        try await log.resume(subscription: name, configured: configuredNames)
    }

    private var configuredNames: [String] { registry.subscriptions.map(\.name) }

    /// The number of a subscription's deliveries that have not settled, tests included.
    public func openDeliveries(of subscription: String) async throws(WebhooksError) -> OpenDeliveryCount {
        try await log.openDeliveries(of: subscription)
    }

    /// Ends with an error where neither the configuration nor the store knows a subscription.
    package func checkKnown(_ name: String) async throws(WebhooksError) {
        try await log.checkKnown(name, configured: configuredNames)
    }

    /// Enables or disables a subscription by hand.
    ///
    /// - Returns: why and since when it was disabled before; `nil` where it wasn't.
    /// - Throws: ``WebhooksError`` with `notFound` where neither the configuration nor the store knows it.
    @discardableResult
    public func setEnabled(
        _ isEnabled: Bool,
        subscription name: String
    ) async throws(WebhooksError) -> SubscriptionHealth.Disabled? {
        try await log.setEnabled(isEnabled, subscription: name, configured: configuredNames)
    }
}

/// A subscription after it was paused or resumed.
public struct SubscriptionPause: Sendable, Hashable {
    public var subscription: String
    /// `nil`: it is not paused.
    public var paused: SubscriptionHealth.Paused?
    /// Whether it was paused before.
    public var wasPaused: Bool
    /// The deliveries that have not settled.
    public var open: OpenDeliveryCount
}
