#if PostgreSQL
    package import WebhookCore

    extension PostgresStore {
        package func event(_ id: String) async throws(StoreError) -> Event? {
            try await read { connection in
                let select = Statement("SELECT \(EventRow.columns) FROM events e WHERE e.event_id = $1::text")
                return try connection.run(select, [.text(id)]).first.map { try EventRow.read($0) }
            }
        }

        package func delivery(_ id: Delivery.ID) async throws(StoreError) -> Delivery? {
            try await read { connection in
                let select = Statement("\(DeliveryRow.select) WHERE d.id = $1::int8")
                return try connection.run(select, [.int8(id.rawValue)]).first.map { try Delivery($0) }
            }
        }

        package func newestDeliveries(ofEvent id: String) async throws(StoreError) -> [Delivery] {
            try await read { connection in
                let select = Statement(
                    """
                    \(DeliveryRow.select) WHERE d.id IN (
                        SELECT max(id) FROM deliveries WHERE event = (SELECT id FROM events WHERE event_id = $1::text)
                        GROUP BY subscription
                    ) ORDER BY d.id DESC
                    """
                )
                return try connection.run(select, [.text(id)]).map { try Delivery($0) }
            }
        }

        package func attempts(of delivery: Delivery.ID) async throws(StoreError) -> [Attempt] {
            try await read { try AttemptRow.fetch($0, delivery: delivery) }
        }

        package func progress(ofEvents ids: [String]) async throws(StoreError) -> EventProgress {
            let now = clock.now
            return try await read { connection in
                let select = Statement(
                    // In flight with number 1, or never attempted.
                    """
                    SELECT
                        (SELECT count(*) FROM pending p JOIN known k ON k.id = p.event),
                        count(*) FILTER (WHERE d.attempts = 0 OR (d.attempts = 1 AND d.state = 2)),
                        count(*) FILTER (
                            WHERE d.state = 0 AND s.paused_at IS NOT NULL AND coalesce(s.paused_until > $2::int8, true)
                        )
                    FROM known k JOIN deliveries d ON d.event = k.id JOIN subscriptions s ON s.id = d.subscription
                    WHERE d.state < 3
                    """
                )
                let known = "WITH known AS (SELECT id FROM events WHERE event_id = ANY ($1::text[]))"
                let row = try connection.run(
                    Statement("\(known) \(select.sql)"),
                    [.texts(Set(ids).map { Optional($0) }), .int8(now.milliseconds)]
                )[0]
                return EventProgress(
                    waitingForFanOut: Int(row.int64(0)),
                    withoutFirstAttempt: Int(row.int64(1)),
                    paused: Int(row.int64(2))
                )
            }
        }

        package func health() async throws(StoreError) -> [SubscriptionHealth] {
            try await read { try $0.run(HealthRow.all).map { HealthRow.read($0) } }
        }

        package func health(of subscriptions: Set<String>) async throws(StoreError) -> [SubscriptionHealth] {
            let names = Parameter.texts(Array(subscriptions))
            return try await read { try $0.run(HealthRow.some, [names]).map { HealthRow.read($0) } }
        }

        package func openDeliveries(of subscription: String) async throws(StoreError) -> OpenDeliveryCount {
            try await read { connection in
                let count = Statement(
                    """
                    SELECT (SELECT count(*) FROM deliveries WHERE subscription = s.id AND due_at IS NOT NULL),
                        (SELECT count(*) FROM deliveries WHERE subscription = s.id AND state = 2)
                    FROM subscriptions s WHERE name = $1::text
                    """
                )
                guard let row = try connection.run(count, [.text(subscription)]).first else {
                    return OpenDeliveryCount()
                }
                return OpenDeliveryCount(waiting: Int(row.int64(0)), inFlight: Int(row.int64(1)))
            }
        }

        package func subscriptionNames() async throws(StoreError) -> [String] {
            try await read { connection in
                try connection.run(Statement("SELECT name FROM subscriptions ORDER BY name")).map { $0.text(0) }
            }
        }
    }
#endif
