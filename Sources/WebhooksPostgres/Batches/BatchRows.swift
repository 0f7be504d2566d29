#if PostgreSQL
    internal import WebhookCore

    /// Attempts and claims, many in one statement.
    ///
    /// States are compared as larger numbers than they are: then no index of some states alone will do, and rows are found by
    /// their ids. Of a young table the planner thinks that nothing is in flight, and would go through all that is for each row.
    enum AttemptRows {
        // The error of what was cancelled meanwhile is as in `AttemptWrite.errorIfCancelled`.
        static let record = Statement(
            """
            WITH finished AS (
                UPDATE deliveries d SET
                    state = CASE WHEN d.cancelled_at IS NULL THEN x.state ELSE x.cancelled_state END,
                    due_at = CASE WHEN d.cancelled_at IS NULL THEN x.due_at END,
                    wait = CASE WHEN d.cancelled_at IS NULL THEN x.wait ELSE d.wait END,
                    settled_at = CASE WHEN d.cancelled_at IS NULL THEN x.settled_at ELSE x.ended_at END,
                    last_status = x.status,
                    last_error = CASE
                        WHEN d.cancelled_at IS NULL THEN x.last_error
                        ELSE nullif(x.error, \(FailureKind.disabled.code)::int2)
                    END,
                    uncounted_attempts = x.uncounted_attempts,
                    interruptions = x.interruptions,
                    detail = CASE WHEN d.cancelled_at IS NULL THEN d.detail ELSE x.cancelled_detail END
                FROM unnest(
                    $1::int8[], $2::int4[], $3::int2[], $4::int2[], $5::int8[], $6::int8[], $7::int8[], $8::int8[],
                    $9::int4[], $10::int2[], $11::int2[], $12::int4[], $13::int4[], $14::text[], $15::int2[],
                    $16::int8[], $17::int8[], $18::int8[], $19::int8[], $20::int8[], $21::int8[], $22::int8[],
                    $23::bool[], $24::bool[], $25::text[], $26::text[], $27::text[], $28::bytea[], $29::int8[],
                    $30::bytea[], $31::bytea[]
                ) AS x (
                    delivery, number, state, cancelled_state, due_at, wait, settled_at, ended_at, status, last_error,
                    error, uncounted_attempts, interruptions, cancelled_detail, outcome, started_at, finished_at,
                    duration, dns, connect, tls, first_byte, truncated, reused, http_version, remote_address, url,
                    attempt_detail, checksum, headers, response_body
                )
                WHERE d.id = x.delivery AND d.attempts = x.number AND d.state::int4 = 2
                RETURNING d.cancelled_at IS NOT NULL AND x.cancelled_detail IS NOT NULL AS is_cancelled, x.*
            ), inserted AS (
                INSERT INTO attempts (
                    delivery, started_at, finished_at, duration, dns, connect, tls, first_byte, checksum, number, status,
                    outcome, error, truncated, reused, http_version, remote_address, url, detail, headers, response_body
                )
                SELECT delivery, started_at, finished_at, duration, dns, connect, tls, first_byte, checksum, number,
                    status, outcome, error, truncated, reused, http_version, remote_address, url, attempt_detail,
                    headers, response_body
                FROM finished
            )
            SELECT delivery, is_cancelled FROM finished
            """
        )

        /// Records attempts of different deliveries.
        ///
        /// - Parameter take: gets an outcome for each, in order.
        static func record(
            _ writes: [AttemptWrite],
            in pipeline: inout Pipeline,
            _ take: @escaping ([AttemptWriteResult]) -> Void
        ) {
            let attempts = writes.map(\.attempt)
            let headers = attempts.map {
                HeaderCoding.encode(request: $0.requestHeaders, response: $0.responseHeaders)
            }
            func durations(_ path: KeyPath<Attempt, Duration?>) -> Parameter {
                .int8s(attempts.map { $0[keyPath: path]?.wholeMicroseconds })
            }
            let follows = writes.map { Follow($0) }
            let parameters: [Parameter] = [
                .int8s(writes.map(\.delivery.rawValue)), .int4s(attempts.map(\.number)),
                .int2s(follows.map(\.state.code)), .int2s(follows.map(\.cancelledState.code)),
                .int8s(follows.map(\.dueAt?.milliseconds)), .int8s(follows.map(\.wait)),
                .int8s(follows.map(\.settledAt?.milliseconds)), .int8s(follows.map(\.endedAt.milliseconds)),
                .int4s(attempts.map(\.status)), .int2s(follows.map(\.error?.code)), .int2s(attempts.map(\.error?.code)),
                .int4s(writes.map(\.uncountedAttempts)), .int4s(writes.map(\.interruptions)),
                .texts(follows.map(\.cancelledDetail)), .int2s(attempts.map(\.outcome?.code)),
                .int8s(attempts.map(\.startedAt.milliseconds)), .int8s(attempts.map(\.finishedAt?.milliseconds)),
                durations(\.duration), durations(\.phases.dns), durations(\.phases.connect), durations(\.phases.tls),
                durations(\.phases.firstByte), .bools(attempts.map(\.responseTruncated)),
                .bools(attempts.map(\.connectionReused)), .texts(attempts.map(\.httpVersion)),
                .texts(attempts.map(\.remoteAddress)), .texts(attempts.map(\.url)), .utf8s(attempts.map(\.detail)),
                .int8s(zip(headers, attempts).map { Checksum(headers: $0, responseBody: $1.responseBody).value }),
                .byteStrings(headers), .byteStrings(attempts.map(\.responseBody)),
            ]
            pipeline.add(record, parameters) { rows in
                var found: [Int64: Bool] = [:]
                for row in rows { found[row.int64(0)] = row.bool(1) }
                take(
                    writes.map { write in found[write.delivery.rawValue].map { $0 ? .cancelled : .recorded } ?? .refused
                    }
                )
            }
        }

        /// The row's next state: as the attempt has it, and where its delivery was cancelled meanwhile.
        private struct Follow {
            var state: DeliveryState
            var dueAt: Timestamp?
            var wait: Int64?
            var settledAt: Timestamp?
            var error: FailureKind?
            var endedAt: Timestamp
            var cancelledState = DeliveryState.cancelled
            /// `nil`: nothing is different because it was cancelled.
            var cancelledDetail: String?

            init(_ write: AttemptWrite) {
                endedAt = write.attempt.finishedAt ?? write.attempt.startedAt
                error = write.attempt.error
                switch write.next {
                case .settled(let settled):
                    (state, settledAt) = (settled, endedAt)
                    if settled == .cancelled { error = .disabled }
                case .waiting(let instant):
                    (state, dueAt, wait) = (.waiting, instant, write.wait.wholeMilliseconds)
                }
                if case .settled(let settled) = write.next.ifCancelled { cancelledState = settled }
                if write.next != write.next.ifCancelled { cancelledDetail = AttemptWrite.cancelledDetail }
            }
        }

        static let claim = Statement(
            """
            WITH claimed AS (
                UPDATE deliveries d SET state = 2, attempts = d.attempts + 1, claimed_at = x.at, due_at = NULL
                FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::bool[]) AS x (id, number, at, needs_body)
                WHERE d.id = x.id AND d.attempts = x.number - 1 AND d.state::int4 < 2
                RETURNING d.id, d.event, d.body, x.needs_body
            )
            SELECT \(BodyRow.columns), c.id
            FROM claimed c LEFT JOIN bodies b ON c.needs_body AND b.event = c.event AND b.number = c.body \(BodyRow.join)
            """
        )

        // Whatever the order of acceptance has before a delivery: an event that is due and waits for its fan-out, placed or
        // not; a delivery of its subscription that waits for a retry, or stands at an earlier place. One view of the tables
        // decides: an event's row goes in the transaction that brings its deliveries.
        static let claimInOrder = Statement(
            """
            WITH open AS MATERIALIZED (
                SELECT d.id, x.number, x.at, x.needs_body, x.in_order AND d.due_at BETWEEN 1 AND $6::int8 - 1 AND (
                    EXISTS (
                        SELECT 1 FROM pending p
                        WHERE p.place IS NOT NULL AND p.set_aside IS NULL AND p.place < d.due_at
                    ) OR EXISTS (
                        SELECT 1 FROM pending p
                        WHERE p.place IS NULL AND p.due_at IS NULL AND p.set_aside IS NULL AND p.event < d.due_at
                    ) OR EXISTS (
                        SELECT 1 FROM deliveries o WHERE o.subscription = d.subscription AND o.state = 1
                    ) OR EXISTS (
                        SELECT 1 FROM deliveries o
                        WHERE o.subscription = d.subscription AND o.due_at >= 1 AND (o.due_at, o.id) < (d.due_at, d.id)
                    )
                ) AS is_behind
                FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::bool[], $5::bool[])
                    AS x (id, number, at, needs_body, in_order)
                JOIN deliveries d ON d.id = x.id AND d.attempts = x.number - 1 AND d.state::int4 < 2
            ), claimed AS (
                UPDATE deliveries d SET state = 2, attempts = d.attempts + 1, claimed_at = x.at, due_at = NULL
                FROM open x
                WHERE NOT x.is_behind AND d.id = x.id AND d.attempts = x.number - 1 AND d.state::int4 < 2
                RETURNING d.id, d.event, d.body, x.needs_body
            )
            SELECT \(BodyRow.columns), c.id, false
            FROM claimed c LEFT JOIN bodies b ON c.needs_body AND b.event = c.event AND b.number = c.body \(BodyRow.join)
            UNION ALL SELECT NULL, NULL, NULL, NULL, id, true FROM open WHERE is_behind
            """
        )

        /// Claims attempts of different deliveries.
        ///
        /// - Parameter take: gets an outcome for each, in order. Where a body is damaged, the pipeline fails with ``BodyDamage``.
        static func claim(
            _ claims: [Claim],
            in pipeline: inout Pipeline,
            _ take: @escaping ([ClaimResult]) -> Void
        ) {
            var parameters: [Parameter] = [
                .int8s(claims.map(\.delivery.rawValue)), .int4s(claims.map(\.number)),
                .int8s(claims.map(\.at.milliseconds)), .bools(claims.map(\.needsBody)),
            ]
            let isOrdered = claims.contains(where: \.isOrdered)
            if isOrdered {
                parameters += [.bools(claims.map(\.isOrdered)), .int8(AcceptancePlace.end.milliseconds)]
            }
            pipeline.add(isOrdered ? claimInOrder : claim, parameters) { rows in
                var found: [Int64: ByteString?] = [:]
                var behind: Set<Int64> = []
                for row in rows {
                    let id = row.int64(BodyRow.end)
                    if isOrdered, row.bool(BodyRow.end + 1) {
                        behind.insert(id)
                        continue
                    }
                    do throws(StoreError) {
                        found[id] = .some(try BodyRow.read(row, "the body of \(Delivery.ID(rawValue: id))"))
                    } catch {
                        throw BodyDamage()
                    }
                }
                take(
                    claims.map { claim in
                        let id = claim.delivery.rawValue
                        return found[id].map { .claimed(body: $0) } ?? (behind.contains(id) ? .behind : .refused)
                    }
                )
            }
        }

        /// A body that was to be sent is not as it was written: its claim has to be looked at alone.
        struct BodyDamage: Error {}

        private static let readBody = Statement(
            """
            SELECT \(BodyRow.columns)
            FROM deliveries d JOIN bodies b ON b.event = d.event AND b.number = d.body \(BodyRow.join)
            WHERE d.id = $1::int8
            """
        )

        /// Reads the body of a delivery.
        static func body(_ delivery: Delivery.ID, _ connection: PostgresConnection) throws -> ByteString? {
            let rows = try connection.run(readBody, [.int8(delivery.rawValue)])
            return try rows.first.flatMap { try BodyRow.read($0, "the body of \(delivery)") }
        }
    }

    extension Duration {
        /// The duration in microseconds, rounded towards zero.
        var wholeMicroseconds: Int64 {
            let (seconds, attoseconds) = components
            return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        }
    }

    /// Reads a body from a row of bodies (`b`) and events (`e`).
    enum BodyRow {
        /// The columns to select, before anything else.
        static let columns = "b.content, b.checksum, b.split, e.data"
        /// The first column behind them.
        static let end: Int32 = 4
        /// The events whose data stand in bodies.
        static let join = "LEFT JOIN events e ON b.split IS NOT NULL AND e.id = b.event"

        /// The bytes to send, as they were when they were stored; `nil`: there is no body.
        ///
        /// - Parameter name: says whose body it is.
        /// - Throws: ``StoreError`` with `damaged`.
        static func read(_ row: Row, _ name: @autoclosure () -> String) throws(StoreError) -> ByteString? {
            guard !row.isNull(0) else { return nil }
            let body: ByteString
            if let split = row.optionalInt32(2) {
                let joined: ByteString? = row.withBytes(0) { outer in
                    row.withBytes(3) { inner in
                        guard let outer, let inner else { return nil }
                        return StoredBody.joined(outer, with: inner, at: split)
                    }
                }
                guard let joined else { throw StoreError.damaged("\(name()) is not as it was written") }
                body = joined
            } else {
                body = row.bytes(0)
            }
            try Checksum(body: body).verify(row.int64(1), name())
            return body
        }
    }
#endif
