#if PostgreSQL
    internal import WebhookCore

    /// Looks for what must never be, and names every damaged row as far as ``DamageList`` goes. Reads everything, a batch at a time,
    /// and changes nothing.
    struct Integrity {
        let connection: PostgresConnection

        /// The rows of a batch, whose contents are in memory meanwhile.
        private static let batchSize: Int64 = 200
        /// The most rows that are named of each kind.
        private static let most = 20

        func run() throws -> [String] {
            // As everything was at one time, however long it takes.
            try connection.run(Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            do {
                var damage = DamageList()
                try verifyEvents(&damage)
                try verifyBodies(&damage)
                try verifyAttempts(&damage)
                try damage.check()
                var problems: [String] = []
                for (what, sql) in Self.invariants {
                    problems += try connection.run(Statement("\(sql) LIMIT \(Self.most)")).map {
                        "\(what): \($0.int64(0))"
                    }
                }
                try connection.run(.commit)
                return problems
            } catch {
                if !connection.isLost { _ = try? connection.run(.rollback) }
                throw error
            }
        }

        private func verifyEvents(_ damage: inout DamageList) throws {
            var last = Int64.min
            while true {
                let rows = try connection.run(
                    Statement(
                        "SELECT \(EventRow.columns), e.id FROM events e WHERE e.id > $1::int8 ORDER BY e.id LIMIT $2::int8"
                    ),
                    [.int8(last), .int8(Self.batchSize)]
                )
                for row in rows {
                    last = row.int64(Event.columnCount)
                    try damage.note { _ = try EventRow.read(row) }
                }
                if rows.isEmpty { return }
            }
        }

        private func verifyBodies(_ damage: inout DamageList) throws {
            var last: (event: Int64, number: Int64) = (.min, .min)
            while true {
                let rows = try connection.run(
                    Statement(
                        """
                        SELECT \(BodyRow.columns), b.event, b.number, o.event_id FROM bodies b \(BodyRow.join)
                        LEFT JOIN events o ON o.id = b.event
                        WHERE (b.event, b.number) > ($1::int8, $2::int8) ORDER BY b.event, b.number LIMIT $3::int8
                        """
                    ),
                    [.int8(last.event), .int8(last.number), .int8(Self.batchSize)]
                )
                for row in rows {
                    last = (row.int64(BodyRow.end), Int64(row.int32(BodyRow.end + 1)))
                    try damage.note {
                        _ = try BodyRow.read(row, "body \(last.number)\(owner(row, BodyRow.end + 2))")
                    }
                }
                if rows.isEmpty { return }
            }
        }

        private func verifyAttempts(_ damage: inout DamageList) throws {
            var last: (delivery: Int64, number: Int64) = (.min, .min)
            while true {
                let rows = try connection.run(
                    Statement(
                        """
                        SELECT a.delivery, a.number, a.checksum, a.headers, a.response_body, e.event_id FROM attempts a
                        LEFT JOIN deliveries d ON d.id = a.delivery LEFT JOIN events e ON e.id = d.event
                        WHERE (a.delivery, a.number) > ($1::int8, $2::int8) ORDER BY a.delivery, a.number LIMIT $3::int8
                        """
                    ),
                    [.int8(last.delivery), .int8(last.number), .int8(Self.batchSize)]
                )
                for row in rows {
                    last = (row.int64(0), Int64(row.int32(1)))
                    let checksum = Checksum(headers: row.bytes(3), responseBody: row.bytes(4))
                    try damage.note {
                        let delivery = Delivery.ID(rawValue: last.delivery)
                        try checksum.verify(row.int64(2), "an attempt of \(delivery)\(owner(row, 5))")
                    }
                }
                if rows.isEmpty { return }
            }
        }

        /// The event that has what is damaged, in words: whoever erases it needs its id.
        private func owner(_ row: Row, _ column: Int32) -> String {
            row.isNull(column) ? "" : " of event \(row.text(column))"
        }

        /// The states that must never be, each with the statement that finds the rows. The tables' own CHECKs hold the rest.
        private static let invariants: [(String, String)] = [
            (
                "delivery without its event",
                "SELECT id FROM deliveries d WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.id = d.event)"
            ),
            (
                "delivery without its subscription",
                "SELECT id FROM deliveries d WHERE NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.id = d.subscription)"
            ),
            (
                "delivery whose body is gone",
                """
                SELECT id FROM deliveries d WHERE body IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM bodies b WHERE b.event = d.event AND b.number = d.body)
                """
            ),
            (
                "delivery whose attempts are not all recorded",
                """
                SELECT id FROM deliveries d WHERE attempts - (state = 2)::integer <> (
                    SELECT count(*) FROM attempts a WHERE a.delivery = d.id AND a.number <= d.attempts - (d.state = 2)::integer
                )
                """
            ),
            (
                "attempt that its delivery doesn't know",
                """
                SELECT delivery FROM attempts a WHERE NOT EXISTS (
                    SELECT 1 FROM deliveries d WHERE d.id = a.delivery AND a.number <= d.attempts - (d.state = 2)::integer
                )
                """
            ),
            (
                "event that waits for its fan-out and isn't there, is cancelled or has deliveries",
                """
                SELECT event FROM pending p
                WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.id = p.event AND NOT cancelled)
                OR EXISTS (SELECT 1 FROM deliveries d WHERE d.event = p.event)
                """
            ),
            (
                "body of no event",
                "SELECT event FROM bodies b WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.id = b.event)"
            ),
        ]
    }
#endif
