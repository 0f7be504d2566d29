internal import Webhooks

extension WebhookLog {
    /// The paused ones among the subscriptions of deliveries that have not settled.
    func paused(_ deliveries: [Delivery]) async throws(WebhooksError) -> Set<String> {
        let open = Set(deliveries.filter { $0.nextAttemptAt != nil }.map(\.subscription))
        guard !open.isEmpty else { return [] }
        return open.intersection(try await pauses().keys)
    }
}

/// Says which of some deliveries a pause holds.
enum PausedNotice {
    static func write(_ deliveries: [Delivery], on log: WebhookLog, asJSON: Bool) async throws {
        let held = Dictionary(grouping: deliveries.filter { $0.state == .pending || $0.state == .waiting }) {
            $0.subscription
        }
        guard !held.isEmpty else { return }
        for (name, pause) in try await log.pauses().sorted(by: { $0.key < $1.key }) {
            guard let count = held[name]?.count else { continue }
            Notice.note("paused", text(name, pause, count: count), asJSON: asJSON)
        }
    }

    static func text(_ name: String, _ pause: SubscriptionHealth.Paused, count: Int) -> String {
        let wait = count == 1 ? "1 delivery waits" : "\(count) deliveries wait"
        let them = count == 1 ? "it" : "them"
        return "\(wait): \(state(name, pause)); `webhooks resume \(name)` sends \(them)"
    }

    static func state(_ name: String, _ pause: SubscriptionHealth.Paused) -> String {
        "\(name) is paused" + (pause.until.map { " until \($0)" } ?? "")
    }
}
