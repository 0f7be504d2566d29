internal import GRDB
internal import WebhookCore

/// A table's rows in the form that all stores share, as SQLite reads and writes them.
///
/// Bodies are numbered over all events here. A copy gets numbers that say which event a body belongs to, and which of its
/// bodies it is (``body(of:number:)``); the source's are counted within each event (``countBodies(_:)``).
struct CopiedTable {
    /// The part that the file plays.
    enum Side { case source, target }

    let table: StoredTable
    let side: Side

    /// The bits that hold a body's number within its event.
    private static let numberBits = 20
    private static let numberMask = 1 << numberBits - 1

    /// The id of a body in a copy, in SQL.
    private static func body(of event: String, number: String) -> String { "(\(event) << \(numberBits)) | \(number)" }

    /// Numbers a source's bodies, in a table of the connection's own.
    static func countBodies(_ db: StoreDatabase) throws {
        try db.execute(
            sql: """
                CREATE TEMP TABLE IF NOT EXISTS copied_bodies (
                    body INTEGER PRIMARY KEY, event INTEGER NOT NULL, number INTEGER NOT NULL
                );
                CREATE INDEX IF NOT EXISTS temp.copied_bodies_event ON copied_bodies (event, number);
                DELETE FROM temp.copied_bodies;
                INSERT OR IGNORE INTO temp.copied_bodies (body, event, number)
                SELECT body, event, row_number() OVER (PARTITION BY event ORDER BY body) - 1
                FROM (SELECT DISTINCT event, body FROM webhooks_deliveries WHERE body IS NOT NULL);
                """
        )
    }

    private var isOfBodies: Bool { table == .bodies }
    private var name: String { "webhooks_" + table.name }

    /// The tables that a page is read from.
    private var from: String {
        switch (table, side) {
        case (.bodies, .source): "temp.copied_bodies m CROSS JOIN webhooks_bodies t ON t.id = m.body"
        case (.deliveries, .source): "webhooks_deliveries t LEFT JOIN temp.copied_bodies m ON m.body = t.body"
        default: "\(name) t"
        }
    }

    private func expression(_ column: String) -> String {
        switch (table, side, column) {
        case (.bodies, .source, "event"), (.bodies, .source, "number"): "m.\(column)"
        case (.bodies, .target, "event"): "t.id >> \(Self.numberBits)"
        case (.bodies, .target, "number"): "t.id & \(Self.numberMask)"
        case (.deliveries, .source, "body"): "m.number"
        // A body of another event would be a mistake of the copy.
        case (.deliveries, .target, "body"):
            "CASE WHEN t.body IS NOT NULL THEN iif(t.body >> \(Self.numberBits) = t.event, t.body & \(Self.numberMask), -1) END"
        default: "t.\(column)"
        }
    }

    // MARK: Reading

    func rows(_ db: StoreDatabase, in range: KeyRange, limit: PageLimit) throws -> [CopiedRow] {
        let columns = table.columns.map { expression($0.name) }.joined(separator: ", ")
        var conditions: [String] = []
        if range.after != nil { conditions.append(bound(">")) }
        if range.upTo != nil { conditions.append(bound("<=")) }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let select = try PreparedStatement(db, "SELECT \(columns) FROM \(from)\(filter) ORDER BY \(order) LIMIT ?")
        for key in [range.after, range.upTo] {
            for value in key ?? [] { try select.bind(value) }
        }
        try select.bind(limit.rows)
        var rows: [CopiedRow] = []
        var size = 0
        while size < limit.bytes, try select.next() {
            let row = table.columns.indices.map { select.value(Int32($0), table.columns[$0].kind) }
            size = row.reduce(size) { $0 &+ $1.size }
            rows.append(row)
        }
        select.reset()
        return rows
    }

    private var order: String {
        if isOfBodies && side == .target { return "t.id" }
        return table.key.map { expression($0.name) }.joined(separator: ", ")
    }

    private func bound(_ comparison: String) -> String {
        if isOfBodies && side == .target { return "t.id \(comparison) (\(Self.body(of: "?", number: "?")))" }
        let marks = table.key.map { _ in "?" }.joined(separator: ", ")
        return table.keyCount == 1 ? "\(order) \(comparison) \(marks)" : "(\(order)) \(comparison) (\(marks))"
    }

    // MARK: Writing

    /// Deletes a range of a copy's rows.
    func delete(_ db: StoreDatabase, _ range: KeyRange) throws {
        var conditions: [String] = []
        if range.after != nil { conditions.append(bound(">")) }
        if range.upTo != nil { conditions.append(bound("<=")) }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let delete = try PreparedStatement(db, "DELETE FROM \(name) AS t\(filter)")
        for key in [range.after, range.upTo] {
            for value in key ?? [] { try delete.bind(value) }
        }
        try delete.run()
    }

    /// Inserts rows into a copy.
    func insert(_ db: StoreDatabase, _ rows: [CopiedRow]) throws {
        var columns = table.columns.map(\.name)
        var values = columns.indices.map { "?\($0 + 1)" }
        if isOfBodies {
            // The event is named where its data stand in the body.
            columns = ["id", "event"] + columns.dropFirst(2)
            let split = table.position(of: "split") + 1
            values =
                [Self.body(of: "?1", number: "?2"), "CASE WHEN ?\(split) IS NOT NULL THEN ?1 END"] + values.dropFirst(2)
        } else if table == .deliveries {
            let (event, body) = (table.position(of: "event"), table.position(of: "body"))
            values[body] = Self.body(of: "?\(event + 1)", number: "?\(body + 1)")
        }
        let insert = try PreparedStatement(
            db,
            """
            INSERT INTO \(name) (\(columns.joined(separator: ", "))) VALUES (\(values.joined(separator: ", ")))
            """
        )
        for row in rows {
            for value in row { try insert.bind(value) }
            try insert.run()
        }
    }
}

extension PreparedStatement {
    func bind(_ value: StoredValue) throws {
        switch value {
        case .null: try bindNull()
        case .integer(let number): try bind(number)
        case .text(let text): try bind(text as String?)
        case .bytes(let bytes): try bind(bytes)
        }
    }

    func value(_ column: Int32, _ kind: StoredTable.Kind) -> StoredValue {
        if isNull(column) { return .null }
        switch kind {
        case .int64, .int32, .int16, .bool: return .integer(int64(column))
        case .text, .utf8: return .text(text(column))
        case .bytes: return .bytes(bytes(column))
        }
    }
}
