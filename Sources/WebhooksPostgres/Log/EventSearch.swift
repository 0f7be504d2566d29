#if PostgreSQL
    internal import WebhookCore

    /// Finds events, newest first.
    struct EventSearch {
        let query: EventQuery

        func run(_ connection: PostgresConnection) throws -> [LoggedEvent] {
            let (sql, parameters) = statement
            return try connection.search(sql, parameters).map { LoggedEvent($0) }
        }

        var statement: (sql: String, parameters: [Parameter]) {
            var conditions = Conditions()
            if let after = query.after {
                // Nothing is behind an unknown one.
                conditions.add("e.id < (SELECT id FROM events WHERE event_id = ?::text)", .text(after))
            }
            if !query.ids.isEmpty { conditions.add("e.event_id = ANY (?::text[])", .texts(query.ids)) }
            conditions.add(timeOf: "e", in: "events", since: query.since, until: query.until)
            if !query.topics.isEmpty { conditions.add("e.topic = ANY (?::text[])", .texts(query.topics)) }
            if let tenant = query.tenant { conditions.add("e.tenant = ?::text", .text(tenant)) }
            if let isTest = query.isTest { conditions.add(isTest ? "e.test" : "NOT e.test") }
            let clause = conditions.clause
            let limit = conditions.mark(.int8(Int64(query.limit)))
            let sql = """
                SELECT e.event_id, e.topic, e.tenant, e.occurred_at, e.created_at, e.deliver_at, e.test, e.cancelled,
                    (SELECT count(*) FROM deliveries d WHERE d.event = e.id),
                    EXISTS (SELECT 1 FROM pending p WHERE p.event = e.id),
                    (SELECT p.set_aside FROM pending p WHERE p.event = e.id)
                FROM events e \(clause) ORDER BY e.id DESC LIMIT \(limit)::int8
                """
            return (conditions.head + sql, conditions.parameters)
        }
    }
#endif
