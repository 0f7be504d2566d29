#if PostgreSQL
    package import WebhookCore

    /// A store on PostgreSQL that becomes a copy.
    package final class PostgresCopyTarget: StoreCopyTarget {
        package let name: String
        package let identity: Int64
        package let tables: [StoredTable]
        private let target: PostgresTarget
        /// Its session holds the store against dispatchers.
        private let holder: PostgresWriter
        private let connection: PostgresConnection

        /// Opens a store, makes its tables where they are missing, and holds it against dispatchers.
        ///
        /// - Throws: ``StoreError``: `locked` naming the dispatcher, or why it can't be opened.
        package init(_ target: PostgresTarget) throws(StoreError) {
            (self.target, name) = (target, target.description)
            do {
                holder = try PostgresWriter(
                    PostgresConnection(target, isWriter: true),
                    role: .dispatcher,
                    purpose: "copy",
                    isCopying: true
                ) { false }
                identity = holder.identity
                connection = try PostgresConnection(target, isWriter: true)
                tables = try connection.copiedTables()
                try connection.walkByKey()
            } catch {
                throw StoreError(error, target)
            }
        }

        package func state() throws(StoreError) -> CopyTargetState {
            try target.access {
                if let origin = try UnfinishedCopy.origin(connection) { return .unfinished(origin) }
                return try occupant().map { .occupied($0) } ?? .empty
            }
        }

        /// Names what the tables hold; `nil`: nothing.
        private func occupant() throws -> String? {
            for table in tables {
                let rows = try connection.run(Statement("SELECT 1 FROM \(table.name) LIMIT 1"))
                if !rows.isEmpty { return "a store (its \(table.name))" }
            }
            return nil
        }

        package func begin(_ origin: CopyOrigin, emptied: Bool) throws(StoreError) {
            try target.access {
                try connection.inTransaction {
                    // Waits for those that are emitting: `emit` looks for the mark once it holds on to the table.
                    try connection.run(
                        Statement("LOCK TABLE events, pending, subscriptions IN SHARE ROW EXCLUSIVE MODE")
                    )
                    if emptied {
                        let tables = tables.map(\.name).joined(separator: ", ")
                        try connection.run(Statement("TRUNCATE \(tables)"))
                    } else if let occupant = try occupant() {
                        throw StoreError(.refused, "\(name) holds \(occupant) now: somebody has just emitted to it")
                    }
                    // Programs that have opened it before must not write to it any more.
                    try connection.run(
                        Statement("UPDATE writers SET epoch = epoch + 1 WHERE id <> $1::int8"),
                        [.int8(holder.id)]
                    )
                    try UnfinishedCopy.mark(connection, origin)
                }
            }
        }

        package func rows(
            of table: StoredTable,
            in range: KeyRange,
            limit: PageLimit
        ) throws(StoreError) -> [CopiedRow] {
            try target.access { try CopiedTable(table: table).rows(connection, in: range, limit: limit) }
        }

        package func accepted(_ row: CopiedRow, of table: StoredTable) -> CopiedRow {
            var row = row
            // PostgreSQL's texts have no NUL; only words about a delivery may hold one.
            for (position, column) in table.columns.enumerated() where column.kind == .text {
                guard let text = row[position].text, text.utf8.contains(0) else { continue }
                row[position] = .text(text.replacing("\0", with: "\u{FFFD}"))
            }
            return row
        }

        package func replace(_ range: KeyRange, of table: StoredTable, with rows: [CopiedRow]) throws(StoreError) {
            let copied = CopiedTable(table: table)
            try target.access {
                try connection.inTransaction {
                    try copied.delete(connection, range)
                    try copied.insert(connection, rows)
                }
            }
        }

        package func finish(_ marks: StoreMarks) throws(StoreError) {
            try target.access {
                try connection.inTransaction {
                    for (table, mark) in [
                        ("events", marks.event), ("deliveries", marks.delivery), ("subscriptions", 0),
                    ] {
                        try connection.run(
                            Statement(
                                """
                                SELECT setval(pg_get_serial_sequence('\(table)', 'id')::regclass, top)
                                FROM (SELECT greatest($1::int8, (SELECT max(id) FROM \(table))) AS top) t WHERE top > 0
                                """
                            ),
                            [.int8(mark)]
                        )
                    }
                    try connection.run(
                        Statement("UPDATE meta SET front = greatest(front, $1::int8)"),
                        [.int8(marks.event)]
                    )
                    try UnfinishedCopy.unmark(connection)
                }
            }
        }

        package func settle() throws(StoreError) {
            try target.access {
                for table in tables { try connection.run(Statement("ANALYZE \(table.name)")) }
            }
        }

        package func close() { holder.close() }
    }
#endif
