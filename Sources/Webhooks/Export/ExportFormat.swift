public import WebhookCore

/// How the log is written to a file.
public struct ExportFormat: Sendable, Hashable {
    enum Kind { case csv, jsonLines }
    let kind: Kind

    /// RFC 4180 with a header line. A cell that begins with one of `= + - @ '`, a tab or a carriage return gets a leading
    /// `'`, so that no spreadsheet takes it for a formula; a reader strips it.
    public static let csv = ExportFormat(kind: .csv)
    /// One JSON object a line: a delivery as the command line prints it, then `occurredAt` and `data` of its event.
    public static let jsonLines = ExportFormat(kind: .jsonLines)

    /// What stands before the first delivery.
    public var header: [UInt8] { kind == .csv ? CSVRecord(Self.columns).bytes : [] }

    /// A delivery as a line, with its end.
    public func line(_ row: ExportedDelivery) -> [UInt8] {
        switch kind {
        case .csv: CSVRecord(Self.cells(row)).bytes
        case .jsonLines: Self.json(row)
        }
    }

    /// The columns of ``csv``, in order: the event's id, topic, tenant and `occurredAt`; whether it is a test; then the
    /// delivery's facts; last the event's data as JSON. What a delivery doesn't have is empty.
    public static let columns = [
        "event_id", "topic", "tenant", "occurred_at", "test", "delivery_id", "subscription", "state", "mode",
        "attempts",
        "last_status", "last_error", "created_at", "settled_at", "retrigger_of", "data",
    ]

    private static func cells(_ row: ExportedDelivery) -> [String] {
        let delivery = row.delivery
        return [
            delivery.event, delivery.topic, delivery.tenant ?? "", row.occurredAt.description,
            delivery.isTest ? "true" : "false", delivery.id.description, delivery.subscription,
            delivery.state.rawValue, delivery.mode.rawValue, String(delivery.attempts),
            delivery.lastStatus.map(String.init) ?? "", delivery.lastError?.rawValue ?? "",
            delivery.createdAt.description, delivery.settledAt?.description ?? "",
            delivery.retriggerOf?.description ?? "", row.data.text,
        ]
    }

    private static func json(_ row: ExportedDelivery) -> [UInt8] {
        let delivery = row.delivery
        var line = JSONLine()
        line.add("id", delivery.id.description)
        line.add("event", delivery.event)
        line.add("topic", delivery.topic)
        line.add("tenant", delivery.tenant)
        line.add("subscription", delivery.subscription)
        line.add("state", delivery.state.rawValue)
        line.add("mode", delivery.mode.rawValue)
        line.add("attempts", raw: String(delivery.attempts))
        line.add("nextAttemptAt", delivery.nextAttemptAt?.description)
        line.add("lastStatus", raw: delivery.lastStatus.map(String.init))
        line.add("lastError", delivery.lastError?.rawValue)
        line.add("createdAt", delivery.createdAt.description)
        line.add("settledAt", delivery.settledAt?.description)
        line.add("test", raw: delivery.isTest ? "true" : "false")
        line.add("retriggerOf", delivery.retriggerOf?.description)
        line.add("occurredAt", row.occurredAt.description)
        line.add("data", document: row.data)
        return line.bytes
    }
}
