public import WebhookCore
internal import WebhooksSQLite

/// Changes by hand: subscriptions paused and disabled, deliveries cancelled, retried and deleted.
///
/// It needs the store alone, and works beside a running dispatcher, which notices. ``WebhookDispatcher/administration`` is
/// the one of a dispatcher's store.
///
/// ```swift
/// let administration = WebhookAdministration(try WebhookLog("sqlite:var/webhooks.sqlite"))
/// try await administration.pause(subscription: "crm", for: .seconds(3600))
/// ```
public struct WebhookAdministration: Sendable {
    /// The log of the same store.
    public let log: WebhookLog
    private let configured: @Sendable () -> [String]
    /// Told what is cancelled, where a dispatcher of this process has listeners.
    var notifier: NoticeBroadcast?
    /// Puts into force what was decided about a subscription, where a dispatcher of this process delivers.
    var follow: (@Sendable (_ subscription: String) async -> Void)?

    /// - Parameters:
    ///   - log: of the store to change.
    ///   - configured: names of subscriptions that a configuration has, beside those that the store knows.
    public init(_ log: WebhookLog, configured: [String] = []) { self.init(log) { configured } }

    /// - Parameter configured: called only where a name is to be judged.
    init(_ log: WebhookLog, configured: @escaping @Sendable () -> [String]) {
        self.log = log
        self.configured = configured
    }

    /// The longest pause that ends by itself.
    package static let longestPause: Duration = .seconds(365 * 86_400)
}

extension WebhookDispatcher {
    /// Changes by hand to this dispatcher's store.
    public var administration: WebhookAdministration {
        var administration = WebhookAdministration(log) { [registry] in registry.subscriptions.map(\.name) }
        administration.notifier = notifier
        administration.follow = { [self] name in await follow(decisionAbout: name) }
        return administration
    }
}

/// Holding and stopping subscriptions. Kept in the store.
extension WebhookAdministration {
    /// Holds a subscription's deliveries, first attempts too, until it is resumed or the time is over. Nothing is
    /// cancelled, nothing counts as failure, and events that are emitted meanwhile wait.
    ///
    /// - Parameters:
    ///   - name: the subscription's.
    ///   - length: at least a millisecond, at most 365 days; `nil` without end.
    /// - Throws: ``WebhooksError`` with `notFound` where neither the configuration nor the store knows it, with `refused`
    ///   where the time is out of bounds.
    @discardableResult
    public func pause(
        subscription name: String,
        for length: Duration? = nil
    ) async throws(WebhooksError) -> Pause {
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
    public func resume(subscription name: String) async throws(WebhooksError) -> Pause {
        try await setPaused(nil, name, at: .now)
    }

    private func setPaused(
        _ paused: SubscriptionHealth.Paused?,
        _ name: String,
        at instant: Timestamp
    ) async throws(WebhooksError) -> Pause {
        try await checkKnown(name)
        let wasPaused = try await log.write { log throws(StoreError) in
            try await log.setPaused(paused, subscription: name, at: instant)
        }
        return Pause(
            subscription: name,
            paused: paused,
            wasPaused: wasPaused,
            open: try await log.openDeliveries(of: name)
        )
    }

    /// Enables or disables a subscription by hand. The next event goes by it where the dispatcher whose
    /// ``WebhookDispatcher/administration`` this is delivers; another one notices within a second, and before the next event where the
    /// store keeps the subscription.
    ///
    /// - Returns: why and since when it was disabled before; `nil` where it wasn't.
    /// - Throws: ``WebhooksError`` with `notFound` where neither the configuration nor the store knows it.
    @discardableResult
    public func setEnabled(
        _ isEnabled: Bool,
        subscription name: String
    ) async throws(WebhooksError) -> SubscriptionHealth.Disabled? {
        try await checkKnown(name)
        if !isEnabled { try await endAbandoned() }
        let before = try await log.read { log throws(StoreError) in
            try await log.health(of: [name]).first?.disabled
        }
        try await log.write { log throws(StoreError) in
            let disabled = isEnabled ? nil : SubscriptionHealth.Disabled(cause: .manual, at: .now)
            try await log.setDisabled(disabled, subscription: name, at: .now)
        }
        await follow?(name)
        return before
    }

    /// Ends with an error where neither the configuration nor the store knows a subscription.
    package func checkKnown(_ name: String) async throws(WebhooksError) {
        let configured = configured()
        if configured.contains(name) { return }
        let stored = try await log.subscriptionNames()
        if stored.contains(name) { return }
        let hint = NameHint.question(name, in: configured + stored)
        throw WebhooksError(
            .notFound,
            "neither the configuration nor the store has a subscription named \(name)" + (hint.map { "; \($0)" } ?? ""),
            remedy: hint == nil ? .listSubscriptions : nil
        )
    }
}

extension WebhookAdministration {
    /// A subscription after it was paused or resumed.
    public struct Pause: Sendable, Hashable {
        /// The subscription's name.
        public var subscription: String
        /// `nil`: it is not paused.
        public var paused: SubscriptionHealth.Paused?
        /// Tells whether it was paused before.
        public var wasPaused: Bool
        /// The deliveries that have not settled.
        package var open: OpenDeliveryCount
    }
}
