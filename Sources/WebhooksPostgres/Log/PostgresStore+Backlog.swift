#if PostgreSQL
    package import WebhookCore

    /// Counts what waits, and the room that all of it takes.
    extension PostgresStore {
        package func backlog(at now: Timestamp, late: Timestamp) async throws(StoreError) -> StoreBacklog {
            try await read { connection in
                var backlog = StoreBacklog()
                let parameters = [
                    Parameter.int8(now.milliseconds), .int8(late.milliseconds), .int8(AcceptancePlace.end.milliseconds),
                ]
                if let row = try connection.run(Statement(Self.waitingEvents), [parameters[0]]).first {
                    (backlog.events, backlog.setAside) = (Int(row.int64(0)), Int(row.int64(2)))
                    backlog.oldestEventAt = row.optionalTimestamp(1)
                }
                for row in try connection.search(Self.openDeliveries, parameters) {
                    var subscription = StoreBacklog.Subscription(name: row.text(0))
                    subscription.waiting = Int(row.int64(1))
                    subscription.inFlight = Int(row.int64(2))
                    // What stands behind one that is tried again is left out of what is due.
                    let due: Int32 = row.bool(4) ? 8 : 5
                    subscription.behind = row.bool(4) ? Int(row.int64(3)) : 0
                    subscription.due = Int(row.int64(due))
                    subscription.late = Int(row.int64(due + 1))
                    subscription.oldestDueAt = row.optionalTimestamp(due + 2)
                    backlog.subscriptions.append(subscription)
                }
                return backlog
            }
        }

        package func approximateRows() async throws(StoreError) -> Int {
            try await read { connection in
                let rows = try connection.run(
                    Statement(
                        """
                        SELECT greatest(
                            (SELECT max(id) - min(id) + 1 FROM deliveries), (SELECT max(id) - min(id) + 1 FROM events), 0)
                        """
                    )
                )
                return Int(rows[0].int64(0))
            }
        }

        package func size() async throws(StoreError) -> StoreSize {
            try await read { connection in
                let rows = try connection.run(
                    Statement(
                        """
                        SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::int8
                        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname = $1::text AND c.relkind = 'r'
                        """
                    ),
                    [.text(connection.target.schema.name)]
                )
                return StoreSize(bytes: rows[0].int64(0))
            }
        }

        private static let waitingEvents = """
            SELECT count(*) FILTER (WHERE set_aside IS NULL AND (place IS NOT NULL OR due_at IS NULL OR due_at <= $1::int8)),
                least(
                    min(due_at) FILTER (WHERE set_aside IS NULL AND due_at <= $1::int8),
                    (SELECT e.created_at FROM events e WHERE e.id = (
                        SELECT min(p.event) FROM pending p WHERE p.set_aside IS NULL AND p.due_at IS NULL))),
                count(set_aside)
            FROM pending
            """

        /// A place in the order of acceptance stands below every time: such a delivery is due since it was made. What is due is
        /// counted with and without these.
        private static let openDeliveries = """
            SELECT s.name, coalesce(w.waiting, 0), coalesce(f.count, 0), coalesce(w.in_order, 0),
                coalesce(w.is_tried_again, false) OR coalesce(f.is_tried_again, false),
                coalesce(w.due, 0), coalesce(w.late, 0), w.oldest, coalesce(w.due_by_time, 0), coalesce(w.late_by_time, 0),
                w.oldest_by_time
            FROM subscriptions s
            LEFT JOIN (
                SELECT d.subscription, count(*) AS waiting, bool_or(d.state = 1) AS is_tried_again,
                    count(*) FILTER (WHERE p.ordered) AS in_order,
                    count(*) FILTER (WHERE d.due_at <= $1::int8) AS due,
                    count(*) FILTER (WHERE p.since <= $2::int8) AS late,
                    min(p.since) FILTER (WHERE d.due_at <= $1::int8) AS oldest,
                    count(*) FILTER (WHERE NOT p.ordered AND d.due_at <= $1::int8) AS due_by_time,
                    count(*) FILTER (WHERE NOT p.ordered AND p.since <= $2::int8) AS late_by_time,
                    min(p.since) FILTER (WHERE NOT p.ordered AND d.due_at <= $1::int8) AS oldest_by_time
                FROM deliveries d
                CROSS JOIN LATERAL (
                    SELECT d.due_at > 0 AND d.due_at < $3::int8 AS ordered, \(DeliveryRow.due) AS since
                ) p
                WHERE d.due_at IS NOT NULL GROUP BY d.subscription
            ) w ON w.subscription = s.id
            LEFT JOIN (
                SELECT d.subscription, count(*), bool_or(d.attempts > 1) AS is_tried_again
                FROM deliveries d WHERE d.state = 2 GROUP BY d.subscription
            ) f ON f.subscription = s.id
            WHERE w.subscription IS NOT NULL OR f.subscription IS NOT NULL ORDER BY s.name
            """

        package func deliveriesBehind(among ids: [Delivery.ID]) async throws(StoreError) -> Set<Delivery.ID> {
            try await read { connection in
                let rows = try connection.search(
                    Self.behind,
                    [.int8s(ids.map(\.rawValue)), .int8(AcceptancePlace.end.milliseconds)]
                )
                return Set(rows.map { Delivery.ID(rawValue: $0.int64(0)) })
            }
        }

        private static let behind = """
            SELECT d.id FROM deliveries d
            WHERE d.id = ANY ($1::int8[]) AND d.due_at > 0 AND d.due_at < $2::int8 AND (
                EXISTS (
                    SELECT FROM deliveries w
                    WHERE w.subscription = d.subscription AND w.state = 1 AND w.due_at IS NOT NULL
                        AND (w.due_at >= $2::int8 OR w.due_at <= 0))
                OR EXISTS (
                    SELECT FROM deliveries f WHERE f.subscription = d.subscription AND f.state = 2 AND f.attempts > 1))
            """
    }
#endif
