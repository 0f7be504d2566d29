internal import Webhooks

/// A delivery with its event, as a line of an export.
struct ExportRow {
    var delivery: Delivery
    /// `nil` where it was pruned meanwhile.
    var event: Event?

    static let csvHeader = CSV.line([
        "event_id", "topic", "tenant", "occurred_at", "test", "delivery_id", "subscription", "state", "mode",
        "attempts",
        "last_status", "last_error", "created_at", "settled_at", "retrigger_of", "data",
    ])

    var csv: [UInt8] {
        CSV.line([
            delivery.event, delivery.topic, delivery.tenant ?? "", event?.occurredAt.description ?? "",
            delivery.isTest ? "true" : "false", delivery.id.description, delivery.subscription, delivery.state.rawValue,
            delivery.mode.rawValue, String(delivery.attempts), delivery.lastStatus.map(String.init) ?? "",
            delivery.lastError?.rawValue ?? "", delivery.createdAt.description, delivery.settledAt?.description ?? "",
            delivery.retriggerOf?.description ?? "", event?.data.text ?? "",
        ])
    }

    /// The interface's DELIVERY with the event's time and data.
    var json: [UInt8] {
        guard case .object(let members) = DeliveryOutput.json(delivery) else { return [] }
        let object = JSONOutput.object(
            members + [("occurredAt", .time(event?.occurredAt)), ("data", event.map { .raw($0.data) } ?? .null)]
        )
        return object.bytes + [UInt8(ascii: "\n")]
    }
}
