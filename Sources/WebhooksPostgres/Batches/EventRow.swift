#if PostgreSQL
    internal import WebhookCore

    /// Reads an ``Event`` from a row of events (`e`).
    enum EventRow {
        /// The columns to select, before anything else.
        static let columns = Event.columns(messages: "messages")

        /// - Throws: ``StoreError`` with `damaged`.
        static func read(_ row: Row) throws(StoreError) -> Event {
            let event = Event(row)
            // One that a function in the database has stored has none.
            if let checksum = row.optionalInt64(8) { try Checksum(event).verify(checksum, "event \(event.id)") }
            return event
        }

        /// Events that are known by id, and their rows, by id.
        static func known(_ ids: [String], _ connection: PostgresConnection) throws -> [String: (row: Int64, Event)] {
            let rows = try connection.run(
                Statement("SELECT \(EventRow.columns), e.id FROM events e WHERE e.event_id = ANY ($1::text[])"),
                [.texts(ids)]
            )
            var known: [String: (row: Int64, Event)] = [:]
            for row in rows {
                guard let event = try? read(row) else { continue }
                known[event.id] = (row.int64(Event.columnCount), event)
            }
            return known
        }
    }
#endif
