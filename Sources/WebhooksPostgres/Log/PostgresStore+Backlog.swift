#if PostgreSQL
    package import WebhookCore

    /// Counts what waits, and the room that all of it takes.
    extension PostgresStore {
        package func backlog(at now: Timestamp, late: Timestamp) async throws(StoreError) -> StoreBacklog {
            try await read { connection in
                var backlog = StoreBacklog()
                let parameters = [Parameter.int8(now.milliseconds), .int8(late.milliseconds)]
                if let row = try connection.run(Statement(Self.waitingEvents), [parameters[0]]).first {
                    (backlog.events, backlog.setAside) = (Int(row.int64(0)), Int(row.int64(2)))
                    backlog.oldestEventAt = row.optionalTimestamp(1)
                }
                for row in try connection.search(Self.openDeliveries, parameters) {
                    var subscription = StoreBacklog.Subscription(name: row.text(0))
                    subscription.waiting = Int(row.int64(1))
                    subscription.due = Int(row.int64(2))
                    subscription.late = Int(row.int64(3))
                    subscription.oldestDueAt = row.optionalTimestamp(4)
                    subscription.inFlight = Int(row.int64(5))
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

        /// A place in the order of acceptance stands below every time: such a delivery is due since it was made.
        private static let openDeliveries = """
            SELECT s.name, coalesce(w.waiting, 0), coalesce(w.due, 0), coalesce(w.late, 0), w.oldest, coalesce(f.count, 0)
            FROM subscriptions s
            LEFT JOIN (
                SELECT d.subscription, count(*) AS waiting, count(*) FILTER (WHERE d.due_at <= $1::int8) AS due,
                    count(*) FILTER (WHERE \(DeliveryRow.due) <= $2::int8) AS late,
                    min(\(DeliveryRow.due)) FILTER (WHERE d.due_at <= $1::int8) AS oldest
                FROM deliveries d WHERE d.due_at IS NOT NULL GROUP BY d.subscription
            ) w ON w.subscription = s.id
            LEFT JOIN (
                SELECT d.subscription, count(*) FROM deliveries d WHERE d.state = 2 GROUP BY d.subscription
            ) f ON f.subscription = s.id
            WHERE w.subscription IS NOT NULL OR f.subscription IS NOT NULL ORDER BY s.name
            """
    }
#endif
