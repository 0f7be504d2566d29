#if PostgreSQL
    internal import WebhookCore

    /// Deletes what settled long ago, oldest first. Each step is one statement, for a whole batch or for one row.
    struct Pruning {
        let connection: PostgresConnection
        let instant: Timestamp

        /// Deliveries that settled before the time. Nothing settles before it is made, so what is younger isn't looked at.
        func settledDeliveries(limit: Int) throws -> [Int64] {
            try connection.search(
                """
                SELECT id FROM deliveries WHERE created_at < $1::int8 AND settled_at < $1::int8 ORDER BY id LIMIT $2::int8
                """,
                [.int8(instant.milliseconds), .int8(Int64(limit))]
            )
            .map { $0.int64(0) }
        }

        /// Events that were accepted before the time and have no deliveries, nor wait for any.
        func bareEvents(limit: Int) throws -> [Int64] {
            try connection.search(
                """
                SELECT e.id FROM events e WHERE e.created_at < $1::int8
                AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.id)
                AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.event = e.id) ORDER BY e.id LIMIT $2::int8
                """,
                [.int8(instant.milliseconds), .int8(Int64(limit))]
            )
            .map { $0.int64(0) }
        }

        /// Deletes deliveries with their attempts, the bodies that no other needs, and the events whose last they were.
        ///
        /// Each statement looks again: somebody may send one of them again meanwhile, which waits for us, or we for them.
        func delete(deliveries ids: [Int64], limit: Int, into result: inout PruneResult) throws {
            let rows = try connection.run(
                Statement(
                    """
                    DELETE FROM deliveries WHERE id = ANY ($1::int8[]) AND settled_at < $2::int8 RETURNING id, event
                    """
                ),
                [.int8s(ids), .int8(instant.milliseconds)]
            )
            let deleted = rows.map { $0.int64(0) }
            let events = Set(rows.map { $0.int64(1) }).sorted()
            result.deliveries += deleted.count
            result.attempts += try connection.run(
                Statement("DELETE FROM attempts WHERE delivery = ANY ($1::int8[])"),
                [.int8s(deleted)]
            )
            .changedCount
            try connection.run(
                Statement(
                    """
                    DELETE FROM bodies b WHERE b.event = ANY ($1::int8[])
                    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = b.event AND d.body = b.number)
                    """
                ),
                [.int8s(events)]
            )
            try delete(events: events, limit: limit, into: &result)
        }

        /// Deletes events that are over.
        ///
        /// - Parameter limit: the most events of a batch.
        func delete(events ids: [Int64], limit: Int, into result: inout PruneResult) throws {
            let ids = Array(ids.prefix(max(0, limit - result.events)))
            guard !ids.isEmpty else { return }
            let deleted = try connection.run(
                Statement(
                    """
                    DELETE FROM events e WHERE e.id = ANY ($1::int8[]) AND e.created_at < $2::int8
                    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.id)
                    AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.event = e.id) RETURNING e.id
                    """
                ),
                [.int8s(ids), .int8(instant.milliseconds)]
            )
            .map { $0.int64(0) }
            result.events += deleted.count
            // Also those that no delivery ever needed.
            for table in ["bodies", "messages"] {
                try connection.run(Statement("DELETE FROM \(table) WHERE event = ANY ($1::int8[])"), [.int8s(deleted)])
            }
        }

        /// Counts what pruning would delete.
        func count() throws -> PruneResult {
            let deliveries = try connection.search(
                "SELECT count(*), coalesce(sum(attempts), 0)::int8 FROM deliveries WHERE settled_at < $1::int8",
                [.int8(instant.milliseconds)]
            )[0]
            let events = try connection.search(
                """
                SELECT count(*) FROM events e WHERE e.created_at < $1::int8 AND NOT EXISTS (
                    SELECT 1 FROM deliveries d WHERE d.event = e.id AND (d.settled_at IS NULL OR d.settled_at >= $1::int8)
                ) AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.event = e.id)
                """,
                [.int8(instant.milliseconds)]
            )[0]
            return PruneResult(
                events: Int(events.int64(0)),
                deliveries: Int(deliveries.int64(0)),
                attempts: Int(deliveries.int64(1))
            )
        }
    }
#endif
