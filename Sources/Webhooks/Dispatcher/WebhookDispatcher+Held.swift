internal import Logging
internal import WebhookCore

/// Subscriptions whose settings can't be used, where a dispatcher serves the others all the same.
extension WebhookDispatcher {
    /// Says loudly which subscriptions are held and why, and leaves their names for those who look at the store.
    func tellHeld(_ registry: Registry, _ session: DeliverySession?) {
        let held = registry.subscriptions.filter { $0.isEnabled && !$0.obstacles.isEmpty }
        session?.lock.note(held: held.map(\.name))
        for subscription in held.prefix(Self.mostHeldTold) {
            for obstacle in subscription.obstacles.prefix(3) {
                logger.error(
                    "subscription held: its settings can't be used, and its deliveries wait",
                    metadata: ["subscription": "\(subscription.name)", "problem": "\(obstacle.located)"]
                )
            }
        }
        if held.count > Self.mostHeldTold {
            logger.error(
                "more subscriptions are held: `webhooks validate` names them",
                metadata: ["subscriptions": "\(held.count - Self.mostHeldTold)"]
            )
        }
    }

    private static let mostHeldTold = 50
}
