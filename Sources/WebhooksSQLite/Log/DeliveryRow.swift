internal import GRDB
internal import WebhookCore

/// Reads ``Delivery``s.
enum DeliveryRow {
    /// Deliveries (`d`, their events `e`) that meet some conditions, newest first.
    /// - Parameters:
    ///   - access: which index to go by; default: none but the id.
    ///   - limit: the most rows; -1 for all.
    static func fetch(
        _ db: StoreDatabase,
        _ conditions: Conditions,
        by access: String = "NOT INDEXED",
        limit: Int
    ) throws -> [Delivery] {
        let rows = try Row.fetchCursor(
            db,
            sql: select(conditions, by: access) + " LIMIT ?",
            arguments: conditions.arguments + [limit]
        )
        return try Array(rows.map { try delivery($0) })
    }

    static func select(_ conditions: Conditions, by access: String) -> String {
        """
        SELECT d.id, e.event_id, e.topic, e.tenant, s.name, d.state, d.mode, d.attempts, max(d.due_at, d.created_at),
            d.last_status, d.last_error, d.created_at, d.settled_at, d.test, d.retrigger_of, d.detail
        FROM webhooks_deliveries d \(access)
        CROSS JOIN webhooks_events e ON e.id = d.event
        CROSS JOIN webhooks_subscriptions s ON s.id = d.subscription
        \(conditions.clause) ORDER BY d.id DESC
        """
    }

    private static func delivery(_ row: Row) throws -> Delivery {
        Delivery(
            id: Delivery.ID(rawValue: row[0]),
            event: row[1],
            topic: row[2],
            tenant: row[3],
            subscription: row[4],
            state: try DeliveryState(code: row[5]),
            mode: try DeliveryMode(code: row[6]),
            attempts: row[7],
            nextAttemptAt: instant(row[8]),
            lastStatus: row[9],
            lastError: try FailureKind(code: row[10] as Int?),
            createdAt: Timestamp(milliseconds: row[11]),
            settledAt: instant(row[12]),
            isTest: row[13],
            retriggerOf: (row[14] as Int64?).map { Delivery.ID(rawValue: $0) },
            detail: row[15]
        )
    }

    private static func instant(_ milliseconds: Int64?) -> Timestamp? {
        milliseconds.map { Timestamp(milliseconds: $0) }
    }
}

/// Reads ``Attempt``s.
enum AttemptRow {
    /// A delivery's attempts in order; one in flight is the last.
    static func fetch(_ db: StoreDatabase, delivery: Delivery.ID) throws -> [Attempt] {
        let head = try PreparedStatement(
            db,
            """
            SELECT d.state, d.attempts, d.claimed_at, \(StoredBody.columns)
            FROM webhooks_deliveries d LEFT JOIN webhooks_bodies b ON b.id = d.body \(StoredBody.join) WHERE d.id = ?
            """
        )
        try head.bind(delivery.rawValue)
        guard try head.next() else { return [] }
        let (state, number, claimedAt) = (try DeliveryState(code: head.int(0)), head.int(1), head.timestamp(2))
        let body = head.isNull(3) ? .empty : try StoredBody.read(head, from: 3, "the body of \(delivery)")
        head.reset()

        let rows = try PreparedStatement(
            db,
            """
            SELECT number, outcome, status, error, started_at, finished_at, duration, dns, connect, tls, first_byte,
                truncated, reused, http_version, remote_address, url, detail, headers, response_body,
                checksum
            FROM webhooks_attempts WHERE delivery = ? ORDER BY number
            """
        )
        try rows.bind(delivery.rawValue)
        var attempts: [Attempt] = []
        while try rows.next() { attempts.append(try attempt(rows, body: body)) }
        if state == .inFlight {
            attempts.append(
                Attempt(number: number, startedAt: claimedAt, url: "", requestHeaders: [], requestBody: body)
            )
        }
        return attempts
    }

    private static func attempt(_ row: PreparedStatement, body: ByteString) throws -> Attempt {
        let (blob, responseBody) = (row.bytes(17), row.bytes(18))
        try Checksum(headers: blob, responseBody: responseBody).verify(row.int64(19), "an attempt's record")
        let headers = try HeaderCoding.decode(blob)
        var attempt = Attempt(
            number: row.int(0),
            startedAt: row.timestamp(4),
            url: row.text(15),
            requestHeaders: headers.request,
            requestBody: body
        )
        attempt.outcome = try Attempt.Outcome(code: row.optionalInt(1))
        attempt.status = row.optionalInt(2)
        attempt.error = try FailureKind(code: row.optionalInt(3))
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
