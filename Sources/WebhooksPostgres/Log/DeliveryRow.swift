#if PostgreSQL
    internal import WebhookCore

    /// The rows that a ``Delivery`` is read from.
    enum DeliveryRow {
        /// Deliveries (`d`) with their events (`e`) and subscriptions (`s`): columns and tables, to be followed by conditions.
        static let select = select(from: "deliveries")

        /// The time at which a delivery (`d`) is due, or since when (``ByHand``).
        static let due = """
            CASE WHEN d.due_at < 0 THEN d.due_at + \(ByHand.offset)
                WHEN d.due_at IS NOT NULL THEN greatest(d.due_at, d.created_at) END
            """

        /// The same of some rows of deliveries.
        static func select(from rows: String) -> String {
            """
            SELECT d.id, e.event_id, e.topic, e.tenant, s.name, d.state, d.mode, d.attempts,
                \(due), d.last_status, d.last_error, d.created_at, d.settled_at, d.test, d.retrigger_of, d.detail
            FROM \(rows) d JOIN events e ON e.id = d.event JOIN subscriptions s ON s.id = d.subscription
            """
        }
    }

    /// Reads ``Attempt``s.
    enum AttemptRow {
        static let head = Statement(
            """
            SELECT \(BodyRow.columns), d.state, d.attempts, d.claimed_at
            FROM deliveries d LEFT JOIN bodies b ON b.event = d.event AND b.number = d.body \(BodyRow.join)
            WHERE d.id = $1::int8
            """
        )
        static let finished = Statement(
            "SELECT \(Attempt.columns) FROM attempts WHERE delivery = $1::int8 ORDER BY number"
        )

        /// A delivery's attempts in order; one in flight is the last.
        static func fetch(_ connection: PostgresConnection, delivery: Delivery.ID) throws -> [Attempt] {
            let id: [Parameter] = [.int8(delivery.rawValue)]
            let results = try connection.run([BoundStatement(head, id), BoundStatement(finished, id)])
            guard let row = results[0].first else { return [] }
            let body = try BodyRow.read(row, "the body of \(delivery)") ?? .empty
            let state = try DeliveryState(code: row.int16(BodyRow.end))
            var attempts = try results[1].map { try Attempt($0, requestBody: body) }
            let (number, claimedAt) = (row.int32(BodyRow.end + 1), row.timestamp(BodyRow.end + 2))
            // It may have ended between the two statements.
            guard state == .inFlight, attempts.last?.number != number else { return attempts }
            attempts.append(
                Attempt(number: number, startedAt: claimedAt, url: "", requestHeaders: [], requestBody: body)
            )
            return attempts
        }
    }
#endif
