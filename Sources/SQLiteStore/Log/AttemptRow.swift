internal import GRDB
internal import WebhookCore

/// Reads ``Attempt``s.
enum AttemptRow {
    /// A delivery's attempts in order; one in flight is the last.
    static func fetch(_ db: Database, delivery: Delivery.ID) throws -> [Attempt] {
        let head = try RawStatement(
            db,
            """
            SELECT state, attempts, claimed_at, content, sum
            FROM webhooks_deliveries d LEFT JOIN webhooks_bodies b ON b.id = d.body WHERE d.id = ?
            """
        )
        try head.bind(delivery.rawValue)
        guard try head.next() else { return [] }
        let (state, number, claimedAt) = (try DeliveryState(code: head.int(0)), head.int(1), head.timestamp(2))
        let body = head.bytes(3)
        if !head.isNull(4) { try Checksum(body: body).verify(head.int64(4), "the body of \(delivery)") }
        head.reset()

        let rows = try RawStatement(
            db,
            """
            SELECT number, outcome, status, error, started_at, finished_at, duration, dns, connect, tls, first_byte,
                truncated, reused, http_version, remote_address, url, detail, headers, response_body,
                sum
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

    private static func attempt(_ row: RawStatement, body: ByteString) throws -> Attempt {
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
        attempt.error = try DeliveryError(code: row.optionalInt(3))
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
