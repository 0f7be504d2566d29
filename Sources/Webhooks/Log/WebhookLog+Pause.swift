public import WebhookCore
internal import WebhooksSQLite

/// Holding and stopping subscriptions by hand, with the store alone. A running dispatcher notices.
extension WebhookLog {
    /// Holds a subscription's deliveries; see ``WebhookDispatcher/pause(subscription:for:)``.
    ///
    /// - Parameters:
    ///   - length: at least a millisecond, at most ``WebhookDispatcher/longestPause``; `nil` without end.
    ///   - configured: names that a configuration knows, beside those that the store does.
    /// - Throws: ``WebhooksError`` with `notFound` where nobody knows it, with `refused` where the time is out of bounds.
    @discardableResult
    public func pause(
        subscription name: String,
        for length: Duration? = nil,
        configured: [String] = []
    ) async throws(WebhooksError) -> SubscriptionPause {
        if let length, length < .milliseconds(1) || length > WebhookDispatcher.longestPause {
            throw WebhooksError(
                .refused,
                "a pause lasts at least 1 ms and at most 365 days; without a time, until it is resumed"
            )
        }
        let now = Timestamp.now
        let pause = SubscriptionHealth.Paused(at: now, until: length.map { now + $0 })
        return try await setPaused(pause, name, configured: configured, at: now)
    }

    /// Sends what was held; see ``WebhookDispatcher/resume(subscription:)``.
    ///
    /// - Parameter configured: names that a configuration knows, beside those that the store does.
    @discardableResult
    public func resume(
        subscription name: String,
        configured: [String] = []
    ) async throws(WebhooksError) -> SubscriptionPause {
        try await setPaused(nil, name, configured: configured, at: .now)
    }

    private func setPaused(
        _ paused: SubscriptionHealth.Paused?,
        _ name: String,
        configured: [String],
        at instant: Timestamp
    ) async throws(WebhooksError) -> SubscriptionPause {
        try await checkKnown(name, configured: configured)
        let wasPaused = try await write { log throws(StoreError) in
            try await log.setPaused(paused, subscription: name, at: instant)
        }
        return SubscriptionPause(
            subscription: name,
            paused: paused,
            wasPaused: wasPaused,
            open: try await openDeliveries(of: name)
        )
    }

    /// Enables or disables a subscription by hand.
    ///
    /// - Parameter configured: names that a configuration knows, beside those that the store does.
    /// - Returns: why and since when it was disabled before; `nil` where it wasn't.
    /// - Throws: ``WebhooksError`` with `notFound` where nobody knows it.
    @discardableResult
    public func setEnabled(
        _ isEnabled: Bool,
        subscription name: String,
        configured: [String] = []
    ) async throws(WebhooksError) -> SubscriptionHealth.Disabled? {
        try await checkKnown(name, configured: configured)
        let before = try await read { log throws(StoreError) in
            try await log.health().first { $0.subscription == name }?.disabled
        }
        try await write { log throws(StoreError) in
            let disabled = isEnabled ? nil : SubscriptionHealth.Disabled(cause: .manual, at: .now)
            try await log.setDisabled(disabled, subscription: name, at: .now)
        }
        return before
    }

    /// The number of a subscription's deliveries that have not settled, tests included.
    public func openDeliveries(of subscription: String) async throws(WebhooksError) -> OpenDeliveryCount {
        try await read { log throws(StoreError) in try await log.openDeliveries(of: subscription) }
    }

    /// Ends with an error where neither the store nor one of some names is a subscription's.
    ///
    /// - Parameter configured: names that a configuration knows.
    package func checkKnown(_ name: String, configured: [String] = []) async throws(WebhooksError) {
        if configured.contains(name) { return }
        let stored = try await subscriptionNames()
        if stored.contains(name) { return }
        let hint = NameHint.question(name, in: configured + stored)
        throw WebhooksError(
            .notFound,
            "neither the configuration nor the store has a subscription named \(name); "
                + (hint ?? "`webhooks stats` lists them")
        )
    }
}
