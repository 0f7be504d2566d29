import Foundation
import Testing
import WebhookCore
import WebhookReceiver
import Webhooks

/// A folder with a configuration and a store, gone at the end of the test.
final class Workspace: Sendable {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "webhooks-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
    }

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
