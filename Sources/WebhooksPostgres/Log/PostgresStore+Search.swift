#if PostgreSQL
    package import WebhookCore

    extension PostgresStore {
        package func events(_ query: EventQuery) async throws(StoreError) -> [LoggedEvent] {
            try await read { try EventSearch(query: query).run($0) }
        }

        package func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [Delivery] {
            try await read { try DeliverySearch(query: query).run($0) }
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
#endif
