#if PostgreSQL
    package import WebhookCore

    /// Cancels within one transaction, and keeps the account.
    struct Cancellation {
        let session: PostgresStore.Session
        let instant: Timestamp
        /// The reason, in words; `nil`: somebody wanted it so.
        let detail: String?
        var result = CancelResult()
        /// The subscriptions (rows) of what was cancelled.
        private var touched: Set<Int> = []

        init(
            session: PostgresStore.Session,
            instant: Timestamp,
            detail: String? = nil,
            result: CancelResult = CancelResult()
        ) {
            self.session = session
            self.instant = instant
            self.detail = detail
            self.result = result
        }

        /// An event that waits for its fan-out, or its deliveries; or what of it is one subscription's.
        mutating func cancel(event id: String, subscription: String? = nil) throws {
            let found = try session.run(
                BoundStatement(Statement("SELECT id, cancelled FROM events WHERE event_id = $1::text"), [.text(id)])
            )
            guard let row = found.first?.int64(0) else {
                result.unknown.append(id)
                return
            }
            let wasCancelled = found[0].bool(1)
            if let subscription {
                return try cancel(event: row, named: id, wasCancelled: wasCancelled, subscription: subscription)
            }
            let wasWaiting = try session.item(.event) {
                // Also one that was set aside.
                let gone = BoundStatement(Statement("DELETE FROM pending WHERE event = $1::int8"), [.int8(row)])
                guard try session.run(gone).changedCount == 1 else { return false }
                let mark = Statement("UPDATE events SET cancelled = true WHERE id = $1::int8")
                try session.run(BoundStatement(mark, [.int8(row)]))
                return true
            }
            switch wasWaiting {
            case .success(true): result.events.append(id)
            case .success(false): break
            case .failure(let refused): result.refused.append(RefusedItem(id: id, reason: refused.reason))
            }
            let select = Statement("SELECT id FROM deliveries WHERE event = $1::int8 ORDER BY id")
            let deliveries = ids(try session.run(BoundStatement(select, [.int8(row)])))
            if wasCancelled, deliveries.isEmpty { result.add(cancelledBefore: id) }
            try cancel(deliveries)
        }

        private mutating func cancel(
            event row: Int64,
            named id: String,
            wasCancelled: Bool,
            subscription: String
        ) throws {
            if try addUnmatched(subscription, event: row) {
                result.unmatchedEvents += 1
                return
            }
            let select = Statement(
                """
                SELECT id FROM deliveries WHERE event = $1::int8
                    AND subscription = (SELECT id FROM subscriptions WHERE name = $2::text) ORDER BY id
                """
            )
            let deliveries = ids(try session.run(BoundStatement(select, [.int8(row), .text(subscription)])))
            if deliveries.isEmpty { wasCancelled ? result.add(cancelledBefore: id) : result.unknown.append(id) }
            try cancel(deliveries)
        }

        /// A delivery, if it is one subscription's.
        mutating func cancel(_ id: Delivery.ID, subscription: String) throws {
            let select = Statement(
                """
                SELECT id FROM deliveries WHERE id = $1::int8
                    AND subscription = (SELECT id FROM subscriptions WHERE name = $2::text)
                """
            )
            let found = try session.run(BoundStatement(select, [.int8(id.rawValue), .text(subscription)]))
            guard !found.isEmpty else {
                result.unknown.append(id.description)
                return
            }
            try cancel([id])
        }

        private func ids(_ rows: Rows) -> [Delivery.ID] { rows.map { Delivery.ID(rawValue: $0.int64(0)) } }

        // MARK: Deliveries

        /// Deliveries: at once where they are pending or waiting, after their attempts where they are in flight.
        mutating func cancel(_ deliveries: [Delivery.ID]) throws {
            guard session.trial != nil else { return try cancelTogether(deliveries) }
            for id in deliveries {
                let before = (result, touched)
                var copy = self
                switch try session.item(.settlement, { try copy.cancelTogether([id]) }) {
                case .success: self = copy
                case .failure(let refused):
                    (result, touched) = before
                    result.refused.append(RefusedItem(id: id.description, reason: refused.reason))
                }
            }
        }

        private static let settle = Statement(
            """
            UPDATE deliveries SET state = $2::int2, detail = $4::text, settled_at = $3::int8, due_at = NULL
            WHERE id = ANY ($1::int8[]) AND state < 2 RETURNING id, subscription
            """
        )
        // What a disabling had cancelled is cancelled by hand from now on.
        private static let markByHand = Statement(
            """
            UPDATE deliveries SET last_error = NULL
            WHERE id = ANY ($1::int8[]) AND state = $2::int2 AND last_error = $3::int2 RETURNING id
            """
        )
        // Takes care that no retry follows the attempt that is under way.
        private static let markInFlight = Statement(
            """
            UPDATE deliveries SET cancelled_at = coalesce(cancelled_at, $2::int8)
            WHERE id = ANY ($1::int8[]) AND state = 2
            """
        )
        private static let missed = Statement(
            """
            SELECT d.id, d.state, s.name, d.settled_at FROM deliveries d JOIN subscriptions s ON s.id = d.subscription
            WHERE d.id = ANY ($1::int8[])
            """
        )

        private mutating func cancelTogether(_ deliveries: [Delivery.ID]) throws {
            guard !deliveries.isEmpty else { return }
            let all: Parameter = .int8s(deliveries.map(\.rawValue))
            let cancelled = DeliveryState.cancelled.code
            let results = try session.connection.run([
                BoundStatement(
                    Self.settle,
                    [all, .int2(cancelled), .int8(instant.milliseconds), .text(detail)]
                ),
                BoundStatement(Self.markByHand, [all, .int2(cancelled), .int2(FailureKind.disabled.code)]),
                BoundStatement(Self.markInFlight, [all, .int8(instant.milliseconds)]),
                BoundStatement(Self.missed, [all]),
            ])
            let settled = Set(results[0].map { $0.int64(0) })
            touched.formUnion(results[0].map { $0.int32(1) })
            let byHand = Set(results[1].map { $0.int64(0) })
            var rest: [Int64: CancelResult.Missed] = [:]
            for row in results[3] {
                rest[row.int64(0)] = CancelResult.Missed(
                    delivery: Delivery.ID(rawValue: row.int64(0)),
                    subscription: row.text(2),
                    state: try DeliveryState(code: row.int16(1)),
                    settledAt: row.optionalTimestamp(3)
                )
            }
            for id in deliveries {
                if settled.contains(id.rawValue) || byHand.contains(id.rawValue) {
                    result.deliveries.append(id)
                } else if let missed = rest[id.rawValue] {
                    result.add(missed)
                } else {
                    result.unknown.append(id.description)
                }
            }
        }

        /// Tells engines whose deliveries wait no more. To be called at the end.
        func tellEngines() throws {
            guard !touched.isEmpty else { return }
            try session.run(PostgresStore.touch(touched))
        }

        // MARK: Subscriptions

        private static let addCancellation = Statement(
            """
            INSERT INTO cancellations (subscription, from_event, up_to_event) VALUES ($1::text, $2::int8, $3::int8)
            ON CONFLICT (subscription, from_event)
            DO UPDATE SET up_to_event = greatest(cancellations.up_to_event, excluded.up_to_event)
            """
        )

        /// Cancels what an event that waits now would bring a subscription.
        ///
        /// - Returns: whether it waits, and would bring it something.
        private func addUnmatched(_ subscription: String, event: Int64) throws -> Bool {
            let select = Statement(
                """
                SELECT 1 FROM pending p JOIN events e ON e.id = p.event
                WHERE p.event = $1::int8 AND (e.target IS NULL OR e.target = $2::text)
                """
            )
            guard try !session.run(BoundStatement(select, [.int8(event), .text(subscription)])).isEmpty else {
                return false
            }
            try session.run(BoundStatement(Self.addCancellation, [.text(subscription), .int8(event), .int8(event)]))
            return true
        }

        /// Cancels what events that wait for their fan-out would bring a subscription.
        mutating func cancelUnmatched(subscription name: String) throws {
            let select = Statement(
                """
                SELECT count(*), max(p.event) FROM pending p JOIN events e ON e.id = p.event
                WHERE e.target IS NULL OR e.target = $1::text
                """
            )
            let row = try session.run(BoundStatement(select, [.text(name)]))[0]
            guard let last = row.optionalInt64(1) else { return }
            try session.run(BoundStatement(Self.addCancellation, [.text(name), .int8(0), .int8(last)]))
            result.unmatchedEvents = Int(row.int64(0))
        }

        /// Cancels what waits of a subscription, at most `limit` deliveries; then what is in flight.
        /// - Returns: where to go on; `nil`: all is done.
        mutating func cancel(
            subscription name: String,
            after position: Refill.Position,
            limit: Int
        ) throws -> Refill.Position? {
            guard let row = session.names[name] else { return nil }
            let select = Statement(
                """
                SELECT id, due_at FROM deliveries
                WHERE subscription = $1::int4 AND due_at IS NOT NULL AND (due_at, id) > ($2::int8, $3::int8)
                ORDER BY due_at, id LIMIT $4::int8
                """
            )
            let rows = try session.run(
                BoundStatement(
                    select,
                    [
                        .int4(Int32(row)), .int8(position.dueAt.milliseconds), .int8(position.delivery.rawValue),
                        .int8(Int64(limit)),
                    ]
                )
            )
            try cancel(ids(rows))
            if rows.count == limit, let last = rows.last {
                return Refill.Position(dueAt: last.timestamp(1), delivery: Delivery.ID(rawValue: last.int64(0)))
            }
            let inFlight = Statement(
                "SELECT id FROM deliveries WHERE subscription = $1::int4 AND state = 2 ORDER BY id"
            )
            try cancel(ids(try session.run(BoundStatement(inFlight, [.int4(Int32(row))]))))
            return nil
        }
    }

    extension PostgresStore {
        /// Raises the count by which engines learn to read a subscription's deliveries again.
        static func touch(_ subscriptions: Set<Int>) -> BoundStatement {
            // Locked in order, so that two that touch the same don't wait for each other.
            BoundStatement(
                Statement(
                    """
                    UPDATE subscriptions SET retries = retries + 1 WHERE id IN (
                        SELECT id FROM subscriptions WHERE id = ANY ($1::int4[]) ORDER BY id FOR NO KEY UPDATE
                    )
                    """
                ),
                [.int4s(subscriptions.sorted().map { Optional($0) })]
            )
        }

        package func cancel(
            events: [String],
            deliveries: [Delivery.ID],
            subscription: String?,
            at instant: Timestamp
        ) async throws(StoreError) -> CancelResult {
            let isWhole = events.isEmpty && deliveries.isEmpty
            let result = try await write(subscription == nil ? .changes : .excludesInserts) { session in
                var cancellation = Cancellation(session: session, instant: instant)
                if let subscription, !isWhole {
                    for id in events { try cancellation.cancel(event: id, subscription: subscription) }
                    for id in deliveries { try cancellation.cancel(id, subscription: subscription) }
                    try cancellation.tellEngines()
                    return cancellation.result
                }
                for id in events { try cancellation.cancel(event: id) }
                for id in deliveries { try cancellation.cancel([id]) }
                if let subscription { try cancellation.cancelUnmatched(subscription: subscription) }
                try cancellation.tellEngines()
                return cancellation.result
            }
            guard let subscription, isWhole else { return result }
            return try await cancelAll(of: subscription, at: instant, result)
        }
    }

    extension PostgresStore: BatchedCancellation {
        package func cancelOpen(
            of subscription: String,
            after position: Refill.Position,
            detail: String?,
            at instant: Timestamp,
            _ result: CancelResult
        ) async throws(StoreError) -> (result: CancelResult, end: Refill.Position?) {
            try await write(looking: [subscription]) { session in
                var cancellation = Cancellation(session: session, instant: instant, detail: detail, result: result)
                let end = try cancellation.cancel(
                    subscription: subscription,
                    after: position,
                    limit: Self.cancellationBatch
                )
                try cancellation.tellEngines()
                return (cancellation.result, end)
            }
        }

        package func cancel(
            _ deliveries: [Delivery.ID],
            at instant: Timestamp,
            _ result: CancelResult
        ) async throws(StoreError) -> CancelResult {
            try await write { session in
                var cancellation = Cancellation(session: session, instant: instant, result: result)
                try cancellation.cancel(deliveries)
                return cancellation.result
            }
        }
    }
#endif
