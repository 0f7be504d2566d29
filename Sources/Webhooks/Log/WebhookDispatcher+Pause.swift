internal import SQLiteStore
public import WebhookCore

/// Holding and stopping subscriptions by hand. Kept in the store; a running dispatcher notices.
extension WebhookDispatcher {
    /// The longest pause that ends by itself.
    public static let longestPause: Duration = .seconds(365 * 86_400)

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
        if let length, length < .milliseconds(1) || length > Self.longestPause {
            throw WebhooksError(
                .refused,
                "a pause lasts at least 1 ms and at most 365 days; without a time, until it is resumed"
            )
        }
        let now = Timestamp.now
        let pause = SubscriptionHealth.Paused(at: now, until: length.map { now + $0 })
        return try await setPaused(pause, name, at: now)
    }

    /// Sends what was held.
    ///
    /// - Throws: ``WebhooksError`` with `notFound` where neither the configuration nor the store knows it.
    @discardableResult
    public func resume(subscription name: String) async throws(WebhooksError) -> SubscriptionPause {
        try await setPaused(nil, name, at: .now)
    }

    private func setPaused(
        _ paused: SubscriptionHealth.Paused?,
        _ name: String,
        at moment: Timestamp
    ) async throws(WebhooksError) -> SubscriptionPause {
        try await checkKnown(name)
        let wasPaused = try await log.write { log throws(StoreError) in
            try await log.setPaused(paused, subscription: name, at: moment)
        }
        return SubscriptionPause(
            subscription: name,
            paused: paused,
            wasPaused: wasPaused,
            open: try await openDeliveries(of: name)
        )
    }

    /// How many deliveries of a subscription have not settled, tests included.
    public func openDeliveries(of subscription: String) async throws(WebhooksError) -> OpenDeliveryCount {
        try await log.read { log throws(StoreError) in try await log.openDeliveries(of: subscription) }
    }

    /// Ends with an error where neither the configuration nor the store knows a subscription.
    public func checkKnown(_ name: String) async throws(WebhooksError) {
        if registry.subscription(named: name) != nil { return }
        let stored = try await log.read { log throws(StoreError) in try await log.subscriptionNames() }
        if stored.contains(name) { return }
        let hint = NameHint.question(name, in: registry.subscriptions.map(\.name) + stored)
        throw WebhooksError(
            .notFound,
            "neither the configuration nor the store has a subscription named \(name); "
                + (hint ?? "`webhooks stats` lists them")
        )
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
        try await checkKnown(name)
        let before = try await log.read { log throws(StoreError) in
            try await log.health().first { $0.subscription == name }?.disabled
        }
        try await log.write { log throws(StoreError) in
            let disabled = isEnabled ? nil : SubscriptionHealth.Disabled(cause: .manual, at: .now)
            try await log.setDisabled(disabled, subscription: name, at: .now)
        }
        return before
    }

    /// How many deliveries of a subscription were cancelled because it was disabled, since a moment; at most `limit` are
    /// counted.
    package func cancelledDeliveries(
        of name: String,
        since moment: Timestamp,
        limit: Int
    ) async throws(WebhooksError) -> Int {
        var query = DeliveryQuery()
        query.subscription = name
        query.states = [.cancelled]
        query.limit = limit
        return try await log.deliveries(query).count { delivery in
            delivery.lastError == .disabled && delivery.settledAt.map { $0 >= moment } == true
        }
    }
}
