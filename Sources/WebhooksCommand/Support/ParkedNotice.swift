internal import WebhookCore
internal import Webhooks

/// Says of deliveries that nobody will attempt, because the configuration doesn't have their subscription.
enum ParkedNotice {
    static func write(_ deliveries: [Delivery], _ opened: OpenedLog, asJSON: Bool) {
        guard opened.configuration != nil, let entries = opened.outline.entries else { return }
        for line in lines(deliveries, entries) { Notice.note("parked", line, asJSON: asJSON) }
    }

    /// A line a subscription, by name.
    static func lines(_ deliveries: [Delivery], _ entries: [ConfigurationOutline.Entry]) -> [String] {
        let open = deliveries.filter { !$0.state.isSettled && !StoredSubscription.isName($0.subscription) }
        return Dictionary(grouping: open, by: \.subscription).sorted { $0.key < $1.key }.compactMap {
            name,
            deliveries in
            let entry = entries.first { $0.name == name }
            guard entry?.isEnabled != true else { return nil }
            let are = deliveries.count == 1 ? "is" : "are"
            let reason = entry == nil ? "the configuration has no \(name)" : "\(name) is `enabled: false`"
            return "\(deliveries.count) \(are) parked: \(reason)"
        }
    }
}
