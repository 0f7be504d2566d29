internal import WebhookCore
internal import Webhooks

/// Holds on open deliveries, by subscription.
struct DeliveryHolds: Sendable {
    enum Hold: Sendable, Hashable {
        case paused
        /// The configuration doesn't have the subscription, or says `enabled: false`.
        case parked
        /// An open circuit breaker, until a time.
        case breaker(Timestamp)
    }

    var bySubscription: [String: Hold] = [:]
    /// Deliveries that stand in the order behind one that is tried again.
    var behind: Set<Delivery.ID> = []

    /// The hold on a delivery, in a word; `nil`: none, or it isn't due before that ends.
    func word(for delivery: Delivery) -> String? {
        guard let next = delivery.nextAttemptAt else { return nil }
        switch bySubscription[delivery.subscription] {
        case .paused: return "paused"
        case .parked: return "parked"
        case .breaker(let end) where next < end: return "breaker"
        case .breaker, nil: return behind.contains(delivery.id) ? "order" : nil
        }
    }
}

extension WebhookLog {
    /// The holds on those of some deliveries that have not settled.
    ///
    /// - Parameter isServed: tells whether a dispatcher sends to a subscription.
    func holds(
        _ deliveries: [Delivery],
        isServed: (String) -> Bool = { _ in true }
    ) async throws(WebhooksError) -> DeliveryHolds {
        let open = Set(deliveries.filter { $0.nextAttemptAt != nil }.map(\.subscription))
        var holds = DeliveryHolds()
        guard !open.isEmpty else { return holds }
        for (name, breaker) in try await openBreakers() { holds.bySubscription[name] = .breaker(breaker.until) }
        for name in try await pauses().keys { holds.bySubscription[name] = .paused }
        for name in open where !isServed(name) { holds.bySubscription[name] = .parked }
        holds.behind = try await deliveriesBehind(among: deliveries.filter { $0.state == .pending }.map(\.id))
        return holds
    }
}
