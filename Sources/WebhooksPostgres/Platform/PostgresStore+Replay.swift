#if PostgreSQL
    package import WebhookCore

    extension PostgresStore: ReplayStore {
        package func insertRetriggers(
            _ retriggers: [Retrigger],
            answer: StoredAnswer,
            at instant: Timestamp
        ) async throws(StoreError) -> RetriggerResult? {
            try await write(.inserts) { session in
                let platform = PlatformWriter(connection: session.connection, identity: session.identity)
                guard try platform.insert(answer, at: instant) else { return nil }
                var result = RetriggerResult(made: [])
                for retrigger in retriggers {
                    if let made = try session.insert(retrigger, at: instant) { result.made.append(made) }
                }
                return result
            }
        }

        package func insertRetriggers(
            _ retriggers: [Retrigger],
            for claim: TaskClaim,
            at instant: Timestamp
        ) async throws(StoreError) -> RetriggerResult? {
            try await write(.inserts) { session in
                try session.step(claim, \.made.count) { try session.insert(retriggers, at: instant) }
            }
        }

        package func insertMissing(
            _ missing: [MissingDelivery],
            at instant: Timestamp
        ) async throws(StoreError) -> RetriggerResult {
            try await write(.inserts, making: Set(missing.map(\.subscription))) { session in
                try session.insert(missing, at: instant)
            }
        }

        package func insertMissing(
            _ missing: [MissingDelivery],
            for claim: TaskClaim,
            at instant: Timestamp
        ) async throws(StoreError) -> RetriggerResult? {
            try await write(.inserts, making: Set(missing.map(\.subscription))) { session in
                try session.step(claim, \.made.count) { try session.insert(missing, at: instant) }
            }
        }

        package func expunge(
            events ids: [String],
            for claim: TaskClaim,
            at instant: Timestamp
        ) async throws(StoreError) -> ExpungeResult? {
            try await write(telling: nil) { session in
                try session.step(claim, \.events.count) { try session.expunge(ids, at: instant) }
            }
        }
    }

    extension PostgresStore.Session {
        /// Does a task's work with its step; `nil` where the claim doesn't hold any more.
        ///
        /// - Parameter count: the number of messages that the work was about.
        fileprivate func step<Value>(
            _ claim: TaskClaim,
            _ count: (Value) -> Int,
            _ work: () throws -> Value
        ) throws -> Value? {
            // From here to the end nobody else claims it.
            guard try TaskRow.take(.advance(by: 0), claim, connection) else { return nil }
            let value = try work()
            _ = try TaskRow.take(.advance(by: count(value)), claim, connection)
            return value
        }

        fileprivate func insert(_ missing: [MissingDelivery], at instant: Timestamp) throws -> RetriggerResult {
            var result = RetriggerResult(made: [])
            for missing in missing {
                switch try item(.delivery, { try insert(missing, at: instant) }) {
                case .success(let made): if let made { result.made.append(made) }
                case .failure(let refused):
                    result.refused.append(RefusedItem(id: missing.event, reason: refused.reason))
                }
            }
            return result
        }

        /// Inserts a delivery that an event lacks; `nil` where it has one, gets it by its fan-out, or is for another
        /// subscription alone.
        private func insert(_ missing: MissingDelivery, at instant: Timestamp) throws -> Retriggered? {
            guard let subscription = names[missing.subscription] else { return nil }
            // Whoever adds another waits here, and finds this one.
            let found = try run(
                BoundStatement(
                    Statement(
                        """
                        SELECT id, test FROM events
                        WHERE event_id = $1::text AND (target IS NULL OR target = $2::text) FOR NO KEY UPDATE
                        """
                    ),
                    [.text(missing.event), .text(missing.subscription)]
                )
            )
            guard let event = found.first else { return nil }
            let body = missing.rendering.body
            let made = try run(
                BoundStatement(
                    Statement(
                        """
                        WITH inserted AS (
                            INSERT INTO bodies (event, number, checksum, content)
                            SELECT $1::int8, coalesce((SELECT max(number) + 1 FROM bodies WHERE event = $1::int8), 0),
                                $2::int8, $3::bytea
                            WHERE NOT EXISTS (SELECT 1 FROM pending WHERE event = $1::int8)
                                AND NOT EXISTS (
                                    SELECT 1 FROM deliveries WHERE event = $1::int8 AND subscription = $4::int4
                                )
                            RETURNING number
                        )
                        INSERT INTO deliveries
                            (event, subscription, body, content_type, mode, test, created_at, state, due_at)
                        SELECT $1::int8, $4::int4, number, $5::int2, $6::int2, $7::bool, $8::int8, 0, $8::int8
                        FROM inserted RETURNING id
                        """
                    ),
                    [
                        .int8(event.int64(0)), .int8(Checksum(body: body).value), .bytes(body),
                        .int4(Int32(subscription)), .int2(missing.rendering.contentType.code),
                        .int2(missing.mode.code), .bool(event.bool(1)), .int8(instant.milliseconds),
                    ]
                )
            )
            return made.first.map { Retriggered(id: Delivery.ID(rawValue: $0.int64(0)), event: event.int64(0)) }
        }
    }
#endif
