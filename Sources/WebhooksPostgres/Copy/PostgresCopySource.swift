#if PostgreSQL
    package import WebhookCore

    /// A store on PostgreSQL that is copied: one session holds it against dispatchers, one reads a state of it, one sees whether
    /// somebody writes.
    package final class PostgresCopySource: StoreCopySource {
        package let name: String
        package let identity: Int64
        package let tables: [StoredTable]
        private let target: PostgresTarget
        private let holder: PostgresWriter
        private let reader: PostgresConnection
        private let watcher: PostgresConnection
        /// The traces of those who write, as they were when the view began.
        private var traces = ""

        /// Opens a store that is there, and holds it against dispatchers.
        ///
        /// - Throws: ``StoreError``: `missing`, `locked` naming the dispatcher, or why it can't be opened.
        package init(_ target: PostgresTarget) throws(StoreError) {
            (self.target, name) = (target, target.description)
            do {
                reader = try PostgresConnection(target, isWriter: true)
                _ = try Schema.open(reader, makes: false)
                tables = try reader.copiedTables()
                try reader.walkByKey()
                watcher = try PostgresConnection(target, isWriter: false)
                holder = try PostgresWriter(
                    PostgresConnection(target, isWriter: true),
                    role: .dispatcher,
                    purpose: "copy"
                ) { false }
                identity = holder.identity
            } catch {
                throw StoreError(error, target)
            }
        }

        package func beginView() throws(StoreError) {
            try target.access {
                if isViewOpen { try reader.run(.rollback) }
                isViewOpen = true
                try reader.run(Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
                traces = try Self.traces(reader)
            }
        }

        private var isViewOpen = false

        package func rows(
            of table: StoredTable,
            in range: KeyRange,
            limit: PageLimit
        ) throws(StoreError) -> [CopiedRow] {
            try target.access { try CopiedTable(table: table).rows(reader, in: range, limit: limit) }
        }

        package func marks() throws(StoreError) -> StoreMarks {
            try target.access {
                StoreMarks(event: try reader.mark(of: "events"), delivery: try reader.mark(of: "deliveries"))
            }
        }

        package func whileUnchanged(_ body: () throws(StoreError) -> Void) throws(StoreError) -> Bool {
            try target.access {
                try watcher.inTransaction {
                    // Waits for transactions that have written, and keeps others waiting for a moment.
                    try watcher.run(
                        Statement("LOCK TABLE writers, subscriptions, events, pending, deliveries IN SHARE MODE")
                    )
                    guard try Self.traces(watcher) == traces else { return false }
                    try body()
                    return true
                }
            }
        }

        /// Whoever writes leaves a trace: the store's own sessions in `writers`, callers of `emit` and `cancel` in what waits.
        private static func traces(_ connection: PostgresConnection) throws -> String {
            let rows = try connection.run(
                Statement(
                    """
                    SELECT concat_ws(' ',
                        (SELECT pg_sequence_last_value(pg_get_serial_sequence('writers', 'id')::regclass)),
                        (SELECT count(*) || ':' || coalesce(sum(last), 0) FROM writers),
                        (SELECT count(*) || ':' || coalesce(sum(event), 0) FROM pending),
                        (SELECT coalesce(sum(hashtext(s::text)::int8), 0) FROM subscriptions s),
                        (SELECT count(*) || ':' || count(cancelled_at) FROM deliveries WHERE state = 2),
                        (SELECT coalesce(max(id), 0) FROM events), (SELECT coalesce(max(id), 0) FROM deliveries))
                    """
                )
            )
            return rows[0].text(0)
        }

        package func close() { holder.close() }
    }
#endif
