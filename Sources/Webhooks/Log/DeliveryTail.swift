package import WebhookCore

/// Deliveries as they move on, read from the store: also beside a dispatcher in another process.
package struct DeliveryTail: Sendable {
    /// The deliveries to follow. Every condition that is set must hold.
    package struct Filter: Sendable, Hashable {
        /// One of these; empty: every delivery that has had an attempt or has settled.
        package var states: Set<DeliveryState> = []
        package var errors: Set<FailureKind> = []
        package var topics: Set<String> = []
        package var subscription: String?
        package var tenant: String?

        package init() {}

        /// Tells whether a delivery that has changed is to be shown.
        package func accepts(_ delivery: Delivery) -> Bool {
            if let subscription, subscription != delivery.subscription { return false }
            if let tenant, tenant != delivery.tenant { return false }
            if !topics.isEmpty, !topics.contains(delivery.topic) { return false }
            if !errors.isEmpty, delivery.lastError.map(errors.contains) != true { return false }
            // What only waits, or has just left, has no news yet.
            return states.isEmpty
                ? delivery.state != .pending && delivery.state != .inFlight : states.contains(delivery.state)
        }
    }

    private let filter: Filter
    private var follower: any DeliveryFollower

    /// Begins at the present: what has happened before is not shown.
    ///
    /// - Throws: ``WebhooksError`` with `store`.
    package init(_ log: WebhookLog, _ filter: Filter) async throws(WebhooksError) {
        self.filter = filter
        do throws(StoreError) {
            follower = try await log.stores.reader().followDeliveries()
        } catch {
            throw WebhooksError(error)
        }
    }

    /// The deliveries that have moved on since the last look, each once and as it is now.
    package mutating func next() async throws(WebhooksError) -> [Delivery] {
        do throws(StoreError) {
            return try await follower.next().filter(filter.accepts)
        } catch {
            throw WebhooksError(error)
        }
    }

    /// The time between two looks.
    package static let interval: Duration = .milliseconds(200)
}
