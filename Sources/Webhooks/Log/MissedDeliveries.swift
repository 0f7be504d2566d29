package import WebhookCore

/// The deliveries that a subscription did not get because it was disabled.
package struct MissedDeliveries: Sendable, Hashable {
    /// Cancelled because it was disabled, and not sent again since; at most ``MissedDeliveries/most`` are counted.
    package var cancelled = 0
    /// The deliveries whose answer was 410, and that were therefore not tried again, oldest first.
    package var gone: [Delivery.ID] = []

    /// More are not counted.
    package static let most = 10_000

    package init(cancelled: Int = 0, gone: [Delivery.ID] = []) {
        self.cancelled = cancelled
        self.gone = gone
    }

    package var isEmpty: Bool { cancelled == 0 && gone.isEmpty }
}

extension WebhookLog {
    /// Returns what a subscription missed by being disabled and nobody has sent again, for whoever has enabled it.
    ///
    /// - Parameter disabled: the disabling that has just been lifted; `nil`: it was lifted before.
    package func missedDeliveries(
        of subscription: String,
        by disabled: SubscriptionHealth.Disabled?
    ) async throws(WebhooksError) -> MissedDeliveries {
        var missed = MissedDeliveries()
        var query = DeliveryQuery(states: [.cancelled])
        query.errors = [.disabled]
        query.subscription = subscription
        query.newestOnly = true
        query.isTest = false
        query.limit = 500
        while missed.cancelled < MissedDeliveries.most {
            let page = try await deliveries(query)
            missed.cancelled += page.count
            guard page.count == query.limit, let last = page.last else { break }
            query.after = last.id
        }
        if let disabled, disabled.cause != .gone { return missed }
        var failed = DeliveryQuery(states: [.failed])
        failed.errors = [.status]
        failed.subscription = subscription
        failed.newestOnly = true
        failed.isTest = false
        failed.limit = 100
        // Some were under way together, and all that were answered so from that time on are lost alike.
        missed.gone = try await deliveries(failed)
            .filter { delivery in
                guard delivery.lastStatus == 410 else { return false }
                guard let disabled, let settledAt = delivery.settledAt else { return true }
                return settledAt >= disabled.at
            }
            .map(\.id).sorted()
        return missed
    }
}
