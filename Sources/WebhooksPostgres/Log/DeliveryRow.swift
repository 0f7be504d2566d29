#if PostgreSQL
    internal import WebhookCore

    /// Reads ``Delivery``s.
    enum DeliveryRow {
        /// Deliveries (`d`) with their events (`e`) and subscriptions (`s`): columns and tables, to be followed by conditions.
        static let select = select(from: "deliveries")

        /// The same of some rows of deliveries.
        static func select(from rows: String) -> String {
            """
            SELECT d.id, e.event_id, e.topic, e.tenant, s.name, d.state, d.mode, d.attempts,
                CASE WHEN d.due_at IS NOT NULL THEN greatest(d.due_at, d.created_at) END, d.last_status, d.last_error,
                d.created_at, d.settled_at, d.test, d.retrigger_of, d.detail
            FROM \(rows) d JOIN events e ON e.id = d.event JOIN subscriptions s ON s.id = d.subscription
            """
        }

        /// - Throws: ``StoreError`` with `damaged`.
        static func read(_ row: Row) throws(StoreError) -> Delivery {
            Delivery(
                id: Delivery.ID(rawValue: row.int64(0)),
                event: row.text(1),
                topic: row.text(2),
                tenant: row.optionalText(3),
                subscription: row.text(4),
                state: try DeliveryState(code: row.int16(5)),
                mode: try DeliveryMode(code: row.int16(6)),
                attempts: row.int32(7),
                nextAttemptAt: row.optionalTimestamp(8),
                lastStatus: row.optionalInt32(9),
                lastError: try FailureKind(code: row.optionalInt16(10)),
                createdAt: row.timestamp(11),
                settledAt: row.optionalTimestamp(12),
                isTest: row.bool(13),
                retriggerOf: row.optionalInt64(14).map { Delivery.ID(rawValue: $0) },
                detail: row.optionalText(15)
            )
        }
    }

    /// Reads ``Attempt``s.
    enum AttemptRow {
        private static let head = Statement(
            """
            SELECT \(BodyRow.columns), d.state, d.attempts, d.claimed_at
            FROM deliveries d LEFT JOIN bodies b ON b.event = d.event AND b.number = d.body \(BodyRow.join)
            WHERE d.id = $1::int8
            """
        )
        private static let finished = Statement(
            """
            SELECT number, outcome, status, error, started_at, finished_at, duration, dns, connect, tls, first_byte,
                truncated, reused, http_version, remote_address, url, detail, headers, response_body, checksum
            FROM attempts WHERE delivery = $1::int8 ORDER BY number
            """
        )

        /// A delivery's attempts in order; one in flight is the last.
        static func fetch(_ connection: PostgresConnection, delivery: Delivery.ID) throws -> [Attempt] {
            let id: [Parameter] = [.int8(delivery.rawValue)]
            let results = try connection.run([BoundStatement(head, id), BoundStatement(finished, id)])
            guard let row = results[0].first else { return [] }
            let body = try BodyRow.read(row, "the body of \(delivery)") ?? .empty
            let state = try DeliveryState(code: row.int16(BodyRow.end))
            var attempts = try results[1].map { try attempt($0, body: body) }
            let (number, claimedAt) = (row.int32(BodyRow.end + 1), row.timestamp(BodyRow.end + 2))
            // It may have ended between the two statements.
            guard state == .inFlight, attempts.last?.number != number else { return attempts }
            attempts.append(
                Attempt(number: number, startedAt: claimedAt, url: "", requestHeaders: [], requestBody: body)
            )
            return attempts
        }

        private static func attempt(_ row: Row, body: ByteString) throws(StoreError) -> Attempt {
            let (blob, responseBody) = (row.bytes(17), row.bytes(18))
            try Checksum(headers: blob, responseBody: responseBody).verify(row.int64(19), "an attempt's record")
            let headers = try HeaderCoding.decode(blob)
            var attempt = Attempt(
                number: row.int32(0),
                startedAt: row.timestamp(4),
                url: row.text(15),
                requestHeaders: headers.request,
                requestBody: body
            )
            attempt.outcome = try Attempt.Outcome(code: row.optionalInt16(1))
            attempt.status = row.optionalInt32(2)
            attempt.error = try FailureKind(code: row.optionalInt16(3))
            attempt.finishedAt = row.optionalTimestamp(5)
            attempt.duration = row.optionalDuration(6)
            attempt.phases = Attempt.Phases(
                dns: row.optionalDuration(7),
                connect: row.optionalDuration(8),
                tls: row.optionalDuration(9),
                firstByte: row.optionalDuration(10)
            )
            attempt.responseTruncated = row.bool(11)
            attempt.connectionReused = row.bool(12)
            attempt.httpVersion = row.optionalText(13)
            attempt.remoteAddress = row.optionalText(14)
            attempt.detail = row.optionalText(16)
            attempt.responseHeaders = headers.response
            attempt.responseBody = responseBody
            return attempt
        }
    }
#endif
