package import WebhookCore

/// A file format of the exported log.
package struct ExportFormat: Sendable, Hashable {
    enum Kind { case csv, jsonLines }
    let kind: Kind

    /// RFC 4180 with a header line. A cell that begins with one of `= + - @ '`, a tab or a carriage return gets a leading
    /// `'`, so that no spreadsheet takes it for a formula; a reader strips it.
    package static let csv = ExportFormat(kind: .csv)
    /// One JSON object a line: a delivery as the command line prints it, then `occurredAt` and `data` of its event.
    package static let jsonLines = ExportFormat(kind: .jsonLines)

    /// The bytes before the first delivery.
    package var header: [UInt8] { kind == .csv ? CSVRecord(Self.columns).bytes : [] }

    /// A delivery as a line, with its end.
    package func line(_ row: ExportedDelivery) -> [UInt8] {
        switch kind {
        case .csv: CSVRecord(Self.cells(row)).bytes
        case .jsonLines: Self.json(row)
        }
    }

    /// The columns of ``csv``, in order: the event's id, topic, tenant and `occurredAt`; whether it is a test; then the
    /// delivery's facts; last the event's data as JSON. What a delivery doesn't have is empty.
    package static let columns = [
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
        var line = JSONLine()
        row.delivery.write(to: &line)
        line.add("occurredAt", row.occurredAt.description)
        line.add("data", document: row.data)
        return line.bytes
    }
}

/// A line of comma-separated values (RFC 4180) that is safe to open in a spreadsheet.
struct CSVRecord {
    /// With the line's end, CR LF.
    var bytes: [UInt8] = []

    init(_ cells: [String]) {
        for (index, cell) in cells.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(cell)
        }
        bytes += [0x0D, 0x0A]
    }

    private static let quote = UInt8(ascii: "\"")
    /// A reader set to another separator, as spreadsheets of many countries are, takes `;` or a tab for the cell's end.
    private static let special = Set("\",;\t\r\n".utf8)
    /// A spreadsheet would calculate what begins with one of these; and `'` itself is what guards.
    private static let formula = Set("=+-@'\t\r".utf8)

    private mutating func append(_ cell: String) {
        let text = cell.utf8
        let needsQuotes = text.contains { Self.special.contains($0) }
        if needsQuotes { bytes.append(Self.quote) }
        if let first = text.first, Self.formula.contains(first) { bytes.append(UInt8(ascii: "'")) }
        for byte in text {
            if byte == Self.quote { bytes.append(byte) }
            bytes.append(byte)
        }
        if needsQuotes { bytes.append(Self.quote) }
    }
}
