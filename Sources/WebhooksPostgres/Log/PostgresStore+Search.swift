#if PostgreSQL
    package import WebhookCore

    extension PostgresStore {
        package func events(_ query: EventQuery) async throws(StoreError) -> [LoggedEvent] {
            try await read { connection in
                var conditions = Conditions()
                if !query.ids.isEmpty { conditions.add("e.event_id = ANY (?::text[])", .texts(query.ids)) }
                if let since = query.since { conditions.add("e.created_at >= ?::int8", .int8(since.milliseconds)) }
                if let until = query.until { conditions.add("e.created_at < ?::int8", .int8(until.milliseconds)) }
                if !query.topics.isEmpty { conditions.add("e.topic = ANY (?::text[])", .texts(query.topics)) }
                if let tenant = query.tenant { conditions.add("e.tenant = ?::text", .text(tenant)) }
                if let isTest = query.isTest { conditions.add("e.test = ?::bool", .bool(isTest)) }
                if let after = query.after {
                    conditions.add("e.id < (SELECT id FROM events WHERE event_id = ?::text)", .text(after))
                }
                let limit = conditions.mark(.int8(Int64(query.limit)))
                let select = """
                    SELECT e.event_id, e.topic, e.tenant, e.occurred_at, e.created_at, e.deliver_at, e.test, e.cancelled,
                        (SELECT count(*) FROM deliveries d WHERE d.event = e.id), p.event IS NOT NULL, p.set_aside
                    FROM events e LEFT JOIN pending p ON p.event = e.id
                    """
                let sql = "\(select) \(conditions.clause) ORDER BY e.id DESC LIMIT \(limit)::int8"
                return try connection.run(Statement(sql), conditions.parameters).map { row in
                    LoggedEvent(
                        id: row.text(0),
                        topic: row.text(1),
                        tenant: row.optionalText(2),
                        occurredAt: row.timestamp(3),
                        createdAt: row.timestamp(4),
                        deliverAt: row.optionalTimestamp(5),
                        isTest: row.bool(6),
                        isCancelled: row.bool(7),
                        deliveryCount: Int(row.int64(8)),
                        isUnmatched: row.bool(9),
                        setAside: row.optionalText(10)
                    )
                }
            }
        }

        package func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [Delivery] {
            try await read { try Self.search($0, query) }
        }

        /// Deliveries that meet a query, newest first.
        static func search(_ connection: PostgresConnection, _ query: DeliveryQuery) throws -> [Delivery] {
            var conditions = Conditions()
            if let since = query.since { conditions.add("d.created_at >= ?::int8", .int8(since.milliseconds)) }
            if let until = query.until { conditions.add("d.created_at < ?::int8", .int8(until.milliseconds)) }
            if !query.topics.isEmpty { conditions.add("e.topic = ANY (?::text[])", .texts(query.topics)) }
            if let tenant = query.tenant { conditions.add("e.tenant = ?::text", .text(tenant)) }
            if let isTest = query.isTest { conditions.add("d.test = ?::bool", .bool(isTest)) }
            if !query.states.isEmpty {
                conditions.add("d.state = ANY (?::int2[])", .int2s(query.states.map { Optional($0.code) }))
            }
            if !query.errors.isEmpty {
                conditions.add("d.last_error = ANY (?::int2[])", .int2s(query.errors.map { Optional($0.code) }))
            }
            if let subscription = query.subscription {
                conditions.add(
                    "d.subscription = (SELECT id FROM subscriptions WHERE name = ?::text)",
                    .text(subscription)
                )
            }
            if !query.events.isEmpty {
                conditions.add(
                    "d.event IN (SELECT id FROM events WHERE event_id = ANY (?::text[]))",
                    .texts(query.events)
                )
            }
            if query.newestOnly {
                conditions.add(
                    """
                    NOT EXISTS (
                        SELECT 1 FROM deliveries n
                        WHERE n.event = d.event AND n.subscription = d.subscription AND n.id > d.id
                    )
                    """
                )
            }
            if let after = query.after { conditions.add("d.id < ?::int8", .int8(after.rawValue)) }
            let limit = conditions.mark(.int8(Int64(query.limit)))
            let sql = "\(DeliveryRow.select) \(conditions.clause) ORDER BY d.id DESC LIMIT \(limit)::int8"
            return try connection.run(Statement(sql), conditions.parameters).map { try DeliveryRow.read($0) }
        }

        package func setAsideEvents(limit: Int) async throws(StoreError) -> [SetAsideEvent] {
            try await read { connection in
                let select = Statement(
                    """
                    SELECT e.event_id, e.topic, p.set_aside FROM pending p JOIN events e ON e.id = p.event
                    WHERE p.set_aside IS NOT NULL ORDER BY p.event LIMIT $1::int8
                    """
                )
                return try connection.run(select, [.int8(Int64(limit))]).map {
                    SetAsideEvent(id: $0.text(0), topic: $0.text(1), reason: $0.text(2))
                }
            }
        }

        package func scheduledEvents(after instant: Timestamp) async throws(StoreError) -> ScheduledEvents {
            try await read { connection in
                let select = Statement(
                    "SELECT count(*), min(due_at) FROM pending WHERE place IS NULL AND due_at > $1::int8"
                )
                let row = try connection.run(select, [.int8(instant.milliseconds)])[0]
                return ScheduledEvents(count: Int(row.int64(0)), next: row.optionalTimestamp(1))
            }
        }

        package func unmatchedEvents(at instant: Timestamp) async throws(StoreError) -> UnmatchedEvents {
            try await read { connection in
                let select = Statement(
                    """
                    SELECT count(*) FILTER (WHERE place IS NOT NULL OR due_at IS NULL OR due_at <= $1::int8),
                        count(*) FILTER (WHERE place IS NULL AND due_at > $1::int8)
                    FROM pending WHERE set_aside IS NULL
                    """
                )
                let row = try connection.run(select, [.int8(instant.milliseconds)])[0]
                return UnmatchedEvents(due: Int(row.int64(0)), later: Int(row.int64(1)))
            }
        }
    }

    /// What the store on PostgreSQL can't do yet is refused.
    extension PostgresStore: EventLog {
        private func missing(_ what: String) -> StoreError {
            StoreError(.unavailable, "the store on PostgreSQL can't \(what) yet")
        }

        package func exportPage(_ query: DeliveryQuery) async throws(StoreError) -> [ExportedDelivery] {
            throw missing("export")
        }

        package func statistics() async throws(StoreError) -> [SubscriptionStatistics] {
            throw missing("count")
        }

        package func prune(olderThan instant: Timestamp, limit: Int) async throws(StoreError) -> PruneResult {
            throw missing("prune")
        }

        package func integrityProblems() async throws(StoreError) -> [String] {
            throw missing("check its rows")
        }
    }
#endif
