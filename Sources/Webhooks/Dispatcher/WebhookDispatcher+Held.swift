internal import Logging
internal import WebhookCore

/// Subscriptions whose settings can't be used, where a dispatcher serves the others all the same.
extension WebhookDispatcher {
    /// Says loudly which subscriptions are held and why, and leaves the names of all that can't be used for those who look at the
    /// store.
    func tellHeld(_ registry: Registry, _ session: DeliverySession?) {
        let unusable = state.withLock { $0.unusable }
        session?.lock.note(unusable)
        tellHeld(registry.subscriptions, unusable)
    }

    /// The same after a change of some that are given at run time.
    func tellHeld(_ change: SubscriptionChange, _ unusable: UnusableSubscriptions, _ session: DeliverySession) {
        // Whoever delivers its own events alone says itself what comes of them.
        guard session.role == .run else { return }
        session.lock.note(unusable)
        tellHeld(change.given.compactMap(\.subscription), unusable)
    }

    private func tellHeld(_ subscriptions: some Sequence<Subscription>, _ unusable: UnusableSubscriptions) {
        let held = subscriptions.filter { unusable.held.contains($0.name) }
        for subscription in held.prefix(Self.mostHeldTold) {
            for obstacle in subscription.obstacles.prefix(3) {
                lines.line(
                    .error,
                    "subscription held: its settings can't be used, and its deliveries wait",
                    ["subscription": "\(subscription.name)", "problem": "\(obstacle.located)"]
                )
            }
        }
        if held.count > Self.mostHeldTold {
            lines.line(
                .error,
                "\(Remedy.listHeld.text(after: "more subscriptions are held", for: configuration.audience))",
                ["subscriptions": "\(held.count - Self.mostHeldTold)"]
            )
        }
    }

    private static let mostHeldTold = 20
}

extension UnusableSubscriptions {
    /// Follows a change.
    ///
    /// - Returns: whether anything is different.
    mutating func apply(_ change: SubscriptionChange) -> Bool {
        let before = self
        for name in change.removed { remove(name) }
        for given in change.given { note(given) }
        return self != before
    }
}
