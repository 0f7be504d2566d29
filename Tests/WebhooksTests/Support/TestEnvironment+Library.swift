import Foundation
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// A configuration and a store, and the library on them.
extension TestEnvironment {
    var configuration: WebhookConfiguration { .file(folder + "/webhooks.yaml", environment: [:]) }

    /// A dispatcher on `subscriptions`, YAML list items, for receivers on this machine.
    func dispatcher(_ subscriptions: String) async throws -> WebhookDispatcher {
        try write(
            """
            store: sqlite:store/webhooks.sqlite
            egress: { allow: ["127.0.0.0/8"]}
            subscriptions:
            \(subscriptions)
            """,
            to: "webhooks.yaml"
        )
        return try await WebhookDispatcher(configuration: configuration)
    }
}

extension WebhookDispatcher {
    /// Emits, delivers, and gives back what is on record.
    func deliver(_ event: Event) async throws -> [(delivery: Delivery, attempts: [Attempt])] {
        try await emit(event)
        try await run(until: .idle)
        var query = DeliveryQuery()
        query.events = [event.id]
        var result: [(delivery: Delivery, attempts: [Attempt])] = []
        for delivery in try await deliveries(query).reversed() {
            result.append((delivery, try await attempts(of: delivery.id)))
        }
        return result
    }
}
