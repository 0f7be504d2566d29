#if PostgreSQL
    internal import WebhookCore

    /// Reads an ``Event`` from a row of events (`e`).
    enum EventRow {
        /// The columns to select, before anything else.
        static let columns = """
            e.event_id, e.topic, e.tenant, e.occurred_at, e.occurred_given, e.deliver_at, e.test, e.data, e.checksum,
                e.trace
            """
        /// The first column behind them.
        static let end: Int32 = 10

        /// - Throws: ``StoreError`` with `damaged`.
        static func read(_ row: Row) throws(StoreError) -> Event {
            var event = Event(
                stored: row.text(0),
                topic: row.text(1),
                data: row.bytes(7),
                tenant: row.optionalText(2),
                occurredAt: row.timestamp(3),
                occurredAtIsGiven: row.bool(4),
                deliverAt: row.optionalTimestamp(5),
                isTest: row.bool(6)
            )
            // One that a function in the database has stored has none.
            if let checksum = row.optionalInt64(8) { try Checksum(event).verify(checksum, "event \(event.id)") }
            event.trace = row.optionalText(9).flatMap { TraceContext(stored: $0) }
            return event
        }

        /// Events that are known by id, and their rows, by id.
        static func known(_ ids: [String], _ connection: PostgresConnection) throws -> [String: (row: Int64, Event)] {
            let rows = try connection.run(
                Statement("SELECT \(columns), e.id FROM events e WHERE e.event_id = ANY ($1::text[])"),
                [.texts(ids)]
            )
            var known: [String: (row: Int64, Event)] = [:]
            for row in rows {
                guard let event = try? read(row) else { continue }
                known[event.id] = (row.int64(end), event)
            }
            return known
        }
    }

    /// Reads an ``OpenDelivery`` from a row of deliveries (`d`) and events (`e`).
    enum OpenDeliveryRow {
        /// The columns to select, before anything else.
        static let columns = """
            d.id, d.mode, d.content_type, d.attempts, d.uncounted_attempts, d.interruptions,
                coalesce(d.due_at, d.claimed_at), e.id, e.event_id, e.topic, e.tenant, e.test, d.wait, e.trace
            """
        /// The first column behind them.
        static let end: Int32 = 14

        /// - Throws: ``StoreError`` with `damaged`.
        static func read(_ row: Row, subscription: String) throws(StoreError) -> OpenDelivery {
            OpenDelivery(
                id: Delivery.ID(rawValue: row.int64(0)),
                subscription: subscription,
                mode: try DeliveryMode(code: row.int16(1)),
                contentType: try ContentType(code: row.int16(2)),
                attempts: row.int32(3),
                uncountedAttempts: row.int32(4),
                interruptions: row.int32(5),
                dueAt: row.timestamp(6),
                wait: row.optionalInt64(12).map { .milliseconds($0) },
                event: EventHeader(
                    row: row.int64(7),
                    id: row.text(8),
                    topic: row.text(9),
                    tenant: row.optionalText(10),
                    isTest: row.bool(11),
                    trace: row.optionalText(13).flatMap { TraceContext(stored: $0) }
                )
            )
        }
    }
#endif
