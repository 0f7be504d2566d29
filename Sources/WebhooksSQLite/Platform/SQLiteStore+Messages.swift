internal import GRDB
package import WebhookCore

extension SQLiteStore {
    package func messages(_ query: MessageQuery) async throws(StoreError) -> MessagePage {
        try await read { try MessageSearch(db: $0, query: query).run() }
    }

    package func usage(_ query: MessageQuery) async throws(StoreError) -> MessageUsage {
        try await read { try MessageSearch(db: $0, query: query).usage() }
    }

    package func message(_ reference: String, of application: Application) async throws(StoreError) -> LoggedMessage? {
        try await read { db in
            let search = MessageSearch(db: db, query: MessageQuery(application))
            if let row = try MessageSearch.row(db, ofEvent: reference),
                let message = try search.messages([row], conditions: search.own).first
            {
                return message
            }
            let sql = "SELECT event FROM webhooks_messages WHERE application = ? AND event_id = ?"
            guard let row = try Int64.fetchOne(db, sql: sql, arguments: [application.id, reference]) else { return nil }
            return try search.messages([row], conditions: search.own).first
        }
    }

    package func row(ofEvent id: String) async throws(StoreError) -> Int64? {
        try await read { try MessageSearch.row($0, ofEvent: id) }
    }

    package func eventID(ofMessage id: String) async throws(StoreError) -> String? {
        try await read { db in
            let sql = """
                SELECT m.event_id FROM webhooks_events e JOIN webhooks_messages m ON m.event = e.id
                WHERE e.event_id = ? AND m.event_id IS NOT NULL
                """
            return try String.fetchOne(db, sql: sql, arguments: [id])
        }
    }

    package func messageIDs(ofEventID id: String, limit: Int) async throws(StoreError) -> [String] {
        try await read { db in
            // By application, as the index has them.
            let sql = """
                SELECT e.event_id FROM webhooks_applications a
                CROSS JOIN webhooks_messages m ON m.application = a.id AND m.event_id = ?
                CROSS JOIN webhooks_events e ON e.id = m.event ORDER BY e.id LIMIT ?
                """
            return try String.fetchAll(db, sql: sql, arguments: [id, limit])
        }
    }

    package func expiredMessages(at instant: Timestamp, limit: Int) async throws(StoreError) -> [String] {
        try await read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT e.event_id FROM webhooks_messages m JOIN webhooks_events e ON e.id = m.event
                    WHERE m.expires_at IS NOT NULL AND m.expunged_at IS NULL AND m.expires_at <= ?
                    ORDER BY m.expires_at LIMIT ?
                    """,
                arguments: [instant.milliseconds, limit]
            )
        }
    }
}

/// Finds the messages of an application: those that were made as such, and events of its tenant from elsewhere.
private struct MessageSearch {
    let db: StoreDatabase
    let query: MessageQuery

    func run() throws -> MessagePage {
        let conditions = conditions
        return try query.page(rows: rows(behind:limit:)) { try messages($0, conditions: conditions) }
    }

    func usage() throws -> MessageUsage {
        let conditions = conditions
        let row = try Row.fetchOne(
            db,
            sql: """
                WITH found AS (\(Self.rows))
                SELECT count(*), total((
                    SELECT count(DISTINCT d.subscription) FROM webhooks_deliveries d INDEXED BY webhooks_deliveries_event
                    WHERE d.event = e.id
                ))
                FROM found CROSS JOIN webhooks_events e ON e.id = found.id LEFT JOIN webhooks_messages m ON m.event = e.id
                \(conditions.clause)
                """,
            arguments: try rowArguments(above: 0, below: .max) + conditions.arguments
        )
        guard let row else { return MessageUsage(messages: 0, destinations: 0) }
        return MessageUsage(messages: row[0], destinations: Int(row[1] as Double))
    }

    static func row(_ db: StoreDatabase, ofEvent id: String) throws -> Int64? {
        try Int64.fetchOne(db, sql: "SELECT id FROM webhooks_events WHERE event_id = ?", arguments: [id])
    }

    /// Rows in the order of the walk.
    private func rows(behind from: Int64?, limit: Int) throws -> [Int64] {
        let (above, below) = query.isDescending ? (0, from ?? .max) : (from ?? 0, Int64.max)
        let order = query.isDescending ? "DESC" : "ASC"
        return try Int64.fetchAll(
            db,
            sql: "\(Self.rows) ORDER BY id \(order) LIMIT ?",
            arguments: try rowArguments(above: above, below: below) + [limit]
        )
    }

    /// The rows of messages, and of the tenant's events from elsewhere: those that are indexed are found by it.
    private static let rows = """
        SELECT event AS id FROM webhooks_messages WHERE application = ?1 AND event > ?3 AND event < ?4
        UNION
        SELECT id FROM webhooks_terms WHERE kind = ?5 AND term = ?2 AND id > ?3 AND id < ?4
        UNION
        SELECT id FROM webhooks_events NOT INDEXED WHERE id > max(?3, ?6) AND id < ?4 AND tenant = ?2
        """

    private func rowArguments(above: Int64, below: Int64) throws -> StatementArguments {
        [
            query.application.id, query.application.tenant, above, below, Term.eventTenant.rawValue,
            try LogIndexer.mark(db).event,
        ]
    }

    /// The time in the answer to the request that made a message; of other events, when they were stored.
    private static let acceptedAt = "CASE WHEN m.event IS NULL THEN e.created_at ELSE e.occurred_at END"

    /// The condition by which an event is one of the application's.
    var own: Conditions {
        var conditions = Conditions()
        conditions.add(
            "(m.application = ? OR (m.application IS NULL AND e.tenant = ?))",
            values: [query.application.id, query.application.tenant]
        )
        conditions.add("e.created_at >= ?", query.application.eventsSince?.milliseconds)
        conditions.add("(e.test = 0 OR m.event IS NOT NULL)", values: [] as [Int])
        return conditions
    }

    private var conditions: Conditions {
        var conditions = own
        conditions.add("\(Self.acceptedAt) < ?", query.before?.milliseconds)
        conditions.add("\(Self.acceptedAt) > ?", query.after?.milliseconds)
        conditions.add("e.topic", oneOf: query.topics ?? [])
        conditions.add("instr(char(10) || m.channels || char(10), char(10) || ? || char(10)) > 0", query.channel)
        conditions.add("instr(char(10) || m.tags || char(10), char(10) || ? || char(10)) > 0", query.tag)
        return conditions
    }

    /// Messages of rows that meet some conditions, in ascending order.
    func messages(_ rows: [Int64], conditions: Conditions) throws -> [LoggedMessage] {
        var conditions = conditions
        conditions.add("e.id", oneOf: rows)
        let found = try Row.fetchCursor(
            db,
            sql: """
                SELECT e.id, e.event_id, m.event_id, e.topic, m.channels, m.tags, \(Self.acceptedAt), e.deliver_at,
                    m.expunged_at IS NOT NULL OR (e.tenant IS NULL AND m.event IS NOT NULL),
                    \(query.needsData ? "CAST(e.data AS TEXT)" : "NULL")
                FROM webhooks_events e LEFT JOIN webhooks_messages m ON m.event = e.id \(conditions.clause) ORDER BY e.id
                """,
            arguments: conditions.arguments
        )
        return try Array(
            found.map { row in
                LoggedMessage(
                    row: row[0],
                    id: row[1],
                    eventID: row[2],
                    topic: row[3],
                    channels: MessageTerms.read(row[4]),
                    tags: MessageTerms.read(row[5]),
                    createdAt: Timestamp(milliseconds: row[6]),
                    deliverAt: (row[7] as Int64?).map { Timestamp(milliseconds: $0) },
                    data: (row[9] as String?).map { ByteString($0) },
                    isExpunged: row[8]
                )
            }
        )
    }
}
