#if PostgreSQL
    package import WebhookCore

    extension PostgresStore {
        package func messages(_ query: MessageQuery) async throws(StoreError) -> MessagePage {
            try await read { try MessageSearch(connection: $0, query: query).run() }
        }

        package func usage(_ query: MessageQuery) async throws(StoreError) -> MessageUsage {
            try await read { try MessageSearch(connection: $0, query: query).usage() }
        }

        package func message(
            _ reference: String,
            of application: Application
        ) async throws(StoreError) -> LoggedMessage? {
            try await read { connection in
                let search = MessageSearch(connection: connection, query: MessageQuery(application))
                if let row = try MessageSearch.row(connection, ofEvent: reference),
                    let message = try search.messages([row], conditions: search.own).first
                {
                    return message
                }
                let found = try connection.run(
                    Statement("SELECT event FROM messages WHERE application = $1::text AND event_id = $2::text"),
                    [.text(application.id), .text(reference)]
                )
                guard let row = found.first?.int64(0) else { return nil }
                return try search.messages([row], conditions: search.own).first
            }
        }

        package func row(ofEvent id: String) async throws(StoreError) -> Int64? {
            try await read { try MessageSearch.row($0, ofEvent: id) }
        }

        package func eventID(ofMessage id: String) async throws(StoreError) -> String? {
            try await read { connection in
                try connection.run(
                    Statement(
                        """
                        SELECT m.event_id FROM events e JOIN messages m ON m.event = e.id
                        WHERE e.event_id = $1::text AND m.event_id IS NOT NULL
                        """
                    ),
                    [.text(id)]
                )
                .first?.text(0)
            }
        }

        package func messageIDs(ofEventID id: String, limit: Int) async throws(StoreError) -> [String] {
            try await read { connection in
                try connection.run(
                    Statement(
                        """
                        SELECT e.event_id FROM applications a
                        JOIN messages m ON m.application = a.id AND m.event_id = $1::text
                        JOIN events e ON e.id = m.event ORDER BY e.id LIMIT \(limit)
                        """
                    ),
                    [.text(id)]
                )
                .map { $0.text(0) }
            }
        }

        package func expiredMessages(at instant: Timestamp, limit: Int) async throws(StoreError) -> [String] {
            try await read { connection in
                try connection.run(
                    Statement(
                        """
                        SELECT e.event_id FROM messages m JOIN events e ON e.id = m.event
                        WHERE m.expires_at IS NOT NULL AND m.expunged_at IS NULL AND m.expires_at <= $1::int8
                        ORDER BY m.expires_at LIMIT \(limit)
                        """
                    ),
                    [.int8(instant.milliseconds)]
                )
                .map { $0.text(0) }
            }
        }
    }

    /// Finds the messages of an application: those that were made as such, and events of its tenant from elsewhere.
    private struct MessageSearch {
        let connection: PostgresConnection
        let query: MessageQuery

        func run() throws -> MessagePage {
            let conditions = conditions
            return try query.page(rows: rows(behind:limit:)) { try messages($0, conditions: conditions) }
        }

        func usage() throws -> MessageUsage {
            var conditions = conditions
            let application = conditions.mark(.text(query.application.id))
            let tenant = conditions.mark(.text(query.application.tenant))
            let row = try connection.search(
                """
                SELECT count(*), coalesce(sum((
                    SELECT count(DISTINCT d.subscription) FROM deliveries d WHERE d.event = e.id
                )), 0)::int8
                FROM (
                    SELECT event AS id FROM messages WHERE application = \(application)::text
                    UNION SELECT id FROM events WHERE tenant = \(tenant)::text
                ) found JOIN events e ON e.id = found.id LEFT JOIN messages m ON m.event = e.id \(conditions.clause)
                """,
                conditions.parameters
            )
            .first
            return MessageUsage(messages: Int(row?.int64(0) ?? 0), destinations: Int(row?.int64(1) ?? 0))
        }

        static func row(_ connection: PostgresConnection, ofEvent id: String) throws -> Int64? {
            let select = Statement("SELECT id FROM events WHERE event_id = $1::text")
            return try connection.run(select, [.text(id)]).first?.int64(0)
        }

        /// Rows in the order of the walk.
        private func rows(behind from: Int64?, limit: Int) throws -> [Int64] {
            let (above, below) = query.isDescending ? (0, from ?? .max) : (from ?? 0, Int64.max)
            let order = query.isDescending ? "DESC" : "ASC"
            return try connection.search(
                """
                SELECT id FROM (
                    (
                        SELECT event AS id FROM messages
                        WHERE application = $1::text AND event > $3::int8 AND event < $4::int8
                        ORDER BY event \(order) LIMIT $5::int8
                    ) UNION (
                        SELECT id FROM events WHERE tenant = $2::text AND id > $3::int8 AND id < $4::int8
                        ORDER BY id \(order) LIMIT $5::int8
                    )
                ) x ORDER BY id \(order) LIMIT $5::int8
                """,
                [
                    .text(query.application.id), .text(query.application.tenant), .int8(above), .int8(below),
                    .int8(Int64(limit)),
                ]
            )
            .map { $0.int64(0) }
        }

        /// The time in the answer to the request that made a message; of other events, when they were stored.
        private static let acceptedAt = "CASE WHEN m.event IS NULL THEN e.created_at ELSE e.occurred_at END"

        /// The condition by which an event is one of the application's.
        var own: Conditions {
            var conditions = Conditions()
            let application = conditions.mark(.text(query.application.id))
            let tenant = conditions.mark(.text(query.application.tenant))
            conditions.add(
                "(m.application = \(application)::text OR (m.application IS NULL AND e.tenant = \(tenant)::text))"
            )
            if let since = query.application.eventsSince {
                conditions.add("e.created_at >= ?::int8", .int8(since.milliseconds))
            }
            conditions.add("(NOT e.test OR m.event IS NOT NULL)")
            return conditions
        }

        private var conditions: Conditions {
            var conditions = own
            if let before = query.before { conditions.add("\(Self.acceptedAt) < ?::int8", .int8(before.milliseconds)) }
            if let after = query.after { conditions.add("\(Self.acceptedAt) > ?::int8", .int8(after.milliseconds)) }
            if let topics = query.topics, !topics.isEmpty {
                conditions.add("e.topic = ANY (?::text[])", .texts(topics.map { Optional($0) }))
            }
            for (column, term) in [("channels", query.channel), ("tags", query.tag)] {
                guard let term else { continue }
                conditions.add("?::text = ANY (string_to_array(m.\(column), chr(10)))", .text(term))
            }
            return conditions
        }

        /// Messages of rows that meet some conditions, in ascending order.
        func messages(_ rows: [Int64], conditions: Conditions) throws -> [LoggedMessage] {
            var conditions = conditions
            conditions.add("e.id = ANY (?::int8[])", .int8s(rows))
            return try connection.search(
                """
                SELECT e.id, e.event_id, m.event_id, e.topic, m.channels, m.tags, \(Self.acceptedAt), e.deliver_at,
                    m.expunged_at IS NOT NULL OR (e.tenant IS NULL AND m.event IS NOT NULL),
                    \(query.needsData ? "e.data" : "NULL::bytea")
                FROM events e LEFT JOIN messages m ON m.event = e.id \(conditions.clause) ORDER BY e.id
                """,
                conditions.parameters
            )
            .map { row in
                LoggedMessage(
                    row: row.int64(0),
                    id: row.text(1),
                    eventID: row.optionalText(2),
                    topic: row.text(3),
                    channels: MessageTerms.read(row.optionalText(4)),
                    tags: MessageTerms.read(row.optionalText(5)),
                    createdAt: row.timestamp(6),
                    deliverAt: row.optionalTimestamp(7),
                    data: row.isNull(9) ? nil : row.bytes(9),
                    isExpunged: row.bool(8)
                )
            }
        }
    }
#endif
