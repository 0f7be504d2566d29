#if PostgreSQL
    internal import WebhookCore

    /// A table's rows in the form that all stores share, as PostgreSQL reads and writes them.
    struct CopiedTable {
        let table: StoredTable

        /// The tables that a page is read from.
        private var from: String {
            table == .pending ? "pending t LEFT JOIN events e ON e.id = t.event CROSS JOIN meta m" : "\(table.name) t"
        }

        /// An event that no dispatcher has read yet has its place nowhere else than here: it would be its row, or behind
        /// everything that was given out.
        private func expression(_ column: String) -> String {
            switch (table, column) {
            case (.pending, "due_at"): "coalesce(t.due_at, e.created_at, 0)"
            case (.pending, "place"):
                "CASE WHEN t.place IS NULL AND t.due_at IS NULL THEN greatest(t.event, m.front) ELSE t.place END"
            default: "t.\(column)"
            }
        }

        private var key: String { table.key.map { "t.\($0.name)" }.joined(separator: ", ") }

        /// The bounds of a range, as a condition.
        private func condition(_ range: KeyRange) -> (sql: String, parameters: [Parameter]) {
            var conditions: [String] = []
            var parameters: [Parameter] = []
            for (bound, comparison) in [(range.after, ">"), (range.upTo, "<=")] {
                guard let bound else { continue }
                let marks = zip(table.key, bound).map { column, value in
                    parameters.append(column.parameter(value))
                    return "$\(parameters.count)::\(column.type)"
                }
                conditions.append("(\(key)) \(comparison) (\(marks.joined(separator: ", ")))")
            }
            return (conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND "), parameters)
        }

        // MARK: Reading

        func rows(
            _ connection: PostgresConnection,
            in range: KeyRange,
            limit: PageLimit
        ) throws -> [CopiedRow] {
            var range = range
            if limit.bytes < .max, let end = try end(connection, range, limit) { range.upTo = end }
            let (filter, parameters) = condition(range)
            let columns = table.columns.map { expression($0.name) }.joined(separator: ", ")
            let select = Statement(
                """
                SELECT \(columns) FROM \(from)\(filter) ORDER BY \(key)
                LIMIT $\(parameters.count + 1)::int8
                """
            )
            return try connection.run(select, parameters + [.int8(Int64(limit.rows))]).map { row in
                let values = table.columns.indices.map { row.value(Int32($0), table.columns[$0].kind) }
                return table == .events ? Self.checked(values) : values
            }
        }

        /// The last key of a page that is large before it is long; `nil`: it is not.
        private func end(
            _ connection: PostgresConnection,
            _ range: KeyRange,
            _ limit: PageLimit
        ) throws -> CopiedRow? {
            let large = table.columns.filter { $0.kind == .bytes }.map { "octet_length(t.\($0.name))" }
            guard !large.isEmpty else { return nil }
            let (filter, parameters) = condition(range)
            let select = Statement(
                """
                SELECT \(key), (\(large.joined(separator: " + ")))::int8 FROM \(table.name) t\(filter) ORDER BY \(key)
                LIMIT $\(parameters.count + 1)::int8
                """
            )
            var size = 0
            for row in try connection.run(select, parameters + [.int8(Int64(limit.rows))]) {
                size += Int(row.int64(Int32(table.keyCount)))
                guard size >= limit.bytes else { continue }
                return table.key.indices.map { row.value(Int32($0), table.columns[$0].kind) }
            }
            return nil
        }

        /// An event with its checksum, which the database doesn't make where it makes the event.
        private static func checked(_ row: CopiedRow) -> CopiedRow {
            let table = StoredTable.events
            let position = table.position(of: "checksum")
            guard row[position] == .null else { return row }
            func text(_ column: String) -> String? { row[table.position(of: column)].text }
            var checksum = Checksum()
            checksum.add(text("event_id"))
            checksum.add(text("topic"))
            checksum.add(text("tenant"))
            checksum.add(row[table.position(of: "data")].bytes ?? .empty)
            var row = row
            row[position] = .integer(checksum.value)
            return row
        }

        // MARK: Writing

        func delete(_ connection: PostgresConnection, _ range: KeyRange) throws {
            let (filter, parameters) = condition(range)
            try connection.run(Statement("DELETE FROM \(table.name) t\(filter)"), parameters)
        }

        func insert(_ connection: PostgresConnection, _ rows: [CopiedRow]) throws {
            guard !rows.isEmpty else { return }
            let columns = table.columns.map(\.name).joined(separator: ", ")
            let arrays = table.columns.indices.map { "$\($0 + 1)::\(table.columns[$0].type)[]" }
            try connection.run(
                Statement(
                    "INSERT INTO \(table.name) (\(columns)) SELECT * FROM unnest(\(arrays.joined(separator: ", ")))"
                ),
                table.columns.indices.map { position in table.columns[position].parameter(rows.map { $0[position] }) }
            )
        }
    }

    extension StoredTable.Column {
        /// The column's type on PostgreSQL.
        fileprivate var type: String {
            switch kind {
            case .int64: "int8"
            case .int32: "int4"
            case .int16: "int2"
            case .bool: "bool"
            case .text: "text"
            case .bytes, .utf8: "bytea"
            }
        }

        /// A value as a statement's parameter.
        fileprivate func parameter(_ value: StoredValue) -> Parameter {
            switch kind {
            case .int64: .int8(value.integer)
            case .int32: .int4(value.integer.map { Int32(truncatingIfNeeded: $0) })
            case .int16: .int2(value.integer.map { Int(truncatingIfNeeded: $0) })
            case .bool: .bool(value.integer == 1)
            case .text: .text(value.text)
            case .bytes: .bytes(value.bytes ?? .empty)
            case .utf8: .bytes(ByteString(Array((value.text ?? "").utf8)))
            }
        }

        /// Many values as one.
        fileprivate func parameter(_ values: [StoredValue]) -> Parameter {
            switch kind {
            case .int64: .int8s(values.map(\.integer))
            case .int32: .int4s(values.map { $0.integer.map(Int.init) })
            case .int16: .int2s(values.map { $0.integer.map(Int.init) })
            case .bool: .bools(values.map { $0.integer == 1 })
            case .text: .texts(values.map(\.text))
            case .bytes: .byteStrings(values.map(\.bytes))
            case .utf8: .utf8s(values.map(\.text))
            }
        }
    }

    extension Row {
        fileprivate func value(_ column: Int32, _ kind: StoredTable.Kind) -> StoredValue {
            if isNull(column) { return .null }
            switch kind {
            case .int64: return .integer(int64(column))
            case .int32: return .integer(Int64(int32(column)))
            case .int16: return .integer(Int64(int16(column)))
            case .bool: return .integer(bool(column) ? 1 : 0)
            case .text, .utf8: return .text(text(column))
            case .bytes: return .bytes(bytes(column))
            }
        }
    }

    extension PostgresConnection {
        /// Walks tables by their keys, even those that nobody has counted yet.
        func walkByKey() throws {
            for setting in ["enable_bitmapscan", "enable_sort"] { try run(Statement("SET \(setting) = off")) }
        }

        /// The tables of this store that are copied: those of the HTTP API only where it has them.
        func copiedTables() throws -> [StoredTable] {
            let rows = try run(
                Statement("SELECT tablename::text FROM pg_catalog.pg_tables WHERE schemaname = $1::text"),
                [.text(target.schema.name)]
            )
            let found = Set(rows.map { $0.text(0) })
            return StoredTable.all + StoredTable.platform.filter { found.contains($0.name) }
        }

        /// The highest number that a table's ids have been given; 0: none.
        func mark(of table: String) throws -> Int64 {
            let sequence = "pg_get_serial_sequence('\(target.schema.quoted).\(table)', 'id')"
            return try run(Statement("SELECT coalesce(pg_sequence_last_value(\(sequence)::regclass), 0)"))[0].int64(0)
        }
    }
#endif
