#if PostgreSQL
    package import WebhookCore

    extension PostgresStore {
        package func setDisabled(
            _ disabled: SubscriptionHealth.Disabled?,
            subscription: String,
            at instant: Timestamp
        ) async throws(StoreError) {
            try await write(making: [subscription]) { session in
                let writer = SubscriptionWriter(connection: session.connection)
                // First of all, as whoever changes one has it before its health.
                try writer.lock(session.identity)
                try writer.setDisabled(disabled?.cause == .manual, subscription, at: instant)
                try session.run(HealthRow.setDisabled(disabled, of: subscription, at: instant))
            }
        }

        package func setPaused(
            _ paused: SubscriptionHealth.Paused?,
            subscription: String,
            at instant: Timestamp
        ) async throws(StoreError) -> Bool {
            try await write(making: [subscription]) { session in
                guard let row = session.names[subscription] else { return false }
                let wasPaused = try HealthRow.pause(row: row, session.connection)?.isInForce(at: instant) ?? false
                if let paused {
                    try session.run(HealthRow.pause(paused, row: row))
                } else {
                    try session.run(HealthRow.resume(nil, row: row, at: instant))
                }
                return wasPaused
            }
        }

        package func retry(_ deliveries: [Delivery.ID]) async throws(StoreError) -> [RetryOutcome] {
            let dueAt = ByHand.dueAt(clock.now)
            return try await write { session in
                var subscriptions: Set<Int> = []
                let outcomes = try deliveries.map { id -> RetryOutcome in
                    switch try session.item(.delivery, { try session.retry(id, at: dueAt, &subscriptions) }) {
                    case .success(let outcome): return outcome
                    case .failure(let refused): return .refused(refused.reason)
                    }
                }
                guard !subscriptions.isEmpty else { return outcomes }
                // Where it is refused, a dispatcher reads them with what comes next.
                let touched = subscriptions
                _ = try session.item(.subscription) { try session.run(Self.touch(touched)) }
                return outcomes
            }
        }

        package func releaseSetAside(_ events: [String]) async throws(StoreError) -> [Int64] {
            try await write { session in
                try events.compactMap { id in
                    try session.run(
                        BoundStatement(
                            Statement(
                                """
                                UPDATE pending SET set_aside = NULL, ends = 0
                                WHERE set_aside IS NOT NULL
                                    AND event = (SELECT id FROM events WHERE event_id = $1::text)
                                RETURNING event
                                """
                            ),
                            [.text(id)]
                        )
                    ).first?.int64(0)
                }
            }
        }

        package func insertRetriggers(
            _ retriggers: [Retrigger],
            at instant: Timestamp
        ) async throws(StoreError) -> RetriggerResult {
            try await write(.inserts) { session in try session.insert(retriggers, at: instant) }
        }
    }

    extension PostgresStore.Session {
        /// Makes a delivery's next attempt due. Guarded: a claim that was faster has it in flight.
        fileprivate func retry(
            _ id: Delivery.ID,
            at dueAt: Timestamp,
            _ subscriptions: inout Set<Int>
        ) throws -> RetryOutcome {
            let updated = try run(
                BoundStatement(
                    // A place in the order of acceptance is due already, and stays.
                    Statement(
                        """
                        UPDATE deliveries SET due_at = CASE WHEN due_at > 0 AND due_at < $2::int8 THEN due_at ELSE $3::int8 END
                        WHERE id = $1::int8 AND state < 2 RETURNING subscription
                        """
                    ),
                    [.int8(id.rawValue), .int8(AcceptancePlace.end.milliseconds), .int8(dueAt.milliseconds)]
                )
            )
            if let row = updated.first {
                subscriptions.insert(row.int32(0))
                return .due
            }
            let found = try run(
                BoundStatement(Statement("SELECT state FROM deliveries WHERE id = $1::int8"), [.int8(id.rawValue)])
            )
            guard let row = found.first else { return .unknown }
            let state = try DeliveryState(code: row.int16(0))
            return state == .inFlight ? .inFlight : .settled(state)
        }

        /// Inserts deliveries that send others again, each by itself where the store refuses one.
        func insert(_ retriggers: [Retrigger], at instant: Timestamp) throws -> RetriggerResult {
            var result = RetriggerResult(made: [])
            for retrigger in retriggers {
                switch try item(.delivery, { try insert(retrigger, at: instant) }) {
                case .success(let made): if let made { result.made.append(made) }
                case .failure(let refused):
                    let id = retrigger.delivery.description
                    result.refused.append(RefusedItem(id: id, reason: refused.reason))
                }
            }
            return result
        }

        /// Inserts a delivery that sends another one again; `nil` where that one is gone.
        func insert(_ retrigger: Retrigger, at instant: Timestamp) throws -> Retriggered? {
            let made = try run(
                BoundStatement(
                    Statement(
                        """
                        INSERT INTO deliveries
                            (event, subscription, body, content_type, mode, test, retrigger_of, created_at, state, due_at)
                        SELECT event, subscription, body, content_type, mode, test, id, $2::int8, 0, $2::int8
                        FROM deliveries WHERE id = $1::int8
                        RETURNING id, event, body IS NULL
                        """
                    ),
                    [.int8(retrigger.delivery.rawValue), .int8(instant.milliseconds)]
                )
            )
            guard let row = made.first else { return nil }
            let result = Retriggered(id: Delivery.ID(rawValue: row.int64(0)), event: row.int64(1))
            guard row.bool(2), let rendering = retrigger.rendering else { return result }
            // It could not be rendered for the one that it repeats. Whoever adds another waits here, and counts on.
            try run(
                BoundStatement(
                    Statement("SELECT id FROM events WHERE id = $1::int8 FOR NO KEY UPDATE"),
                    [.int8(result.event)]
                )
            )
            try run(
                BoundStatement(
                    Statement(
                        """
                        WITH inserted AS (
                            INSERT INTO bodies (event, number, checksum, content)
                            SELECT $1::int8, coalesce((SELECT max(number) + 1 FROM bodies WHERE event = $1::int8), 0),
                                $2::int8, $3::bytea
                            RETURNING number
                        )
                        UPDATE deliveries SET body = inserted.number, content_type = $4::int2 FROM inserted
                        WHERE deliveries.id = $5::int8
                        """
                    ),
                    [
                        .int8(result.event), .int8(Checksum(body: rendering.body).value), .bytes(rendering.body),
                        .int2(rendering.contentType.code), .int8(result.id.rawValue),
                    ]
                )
            )
            return result
        }
    }
#endif
