internal import GRDB
package import WebhookCore

extension SQLiteStore {
    package func events(_ query: EventQuery) async throws(StoreError) -> [LoggedEvent] {
        try await read { try EventSearch(db: $0, query: query).run() }
    }

    package func event(_ id: String) async throws(StoreError) -> Event? {
        try await read { db in
            let sql = "SELECT \(EventRow.columns) FROM webhooks_events e WHERE e.event_id = ?"
            let statement = try PreparedStatement(db, sql)
            try statement.bind(id)
            guard try statement.next() else { return nil }
            defer { statement.reset() }
            return try EventRow.read(statement)
        }
    }

    package func progress(ofEvents ids: [String]) async throws(StoreError) -> EventProgress {
        let now = clock.now
        return try await read { db in
            var progress = EventProgress()
            let event = try PreparedStatement(
                db,
                """
                SELECT e.id, EXISTS (SELECT 1 FROM webhooks_pending p WHERE p.event = e.id)
                FROM webhooks_events e WHERE e.event_id = ?
                """
            )
            let deliveries = try PreparedStatement(
                db,
                // In flight with number 1, or never attempted.
                """
                SELECT count(*) FILTER (WHERE attempts = 0 OR (attempts = 1 AND state = 2)),
                    count(*) FILTER (WHERE state = 0 AND paused_at IS NOT NULL AND coalesce(paused_until > ?, 1))
                FROM webhooks_deliveries d JOIN webhooks_subscriptions s ON s.id = d.subscription
                WHERE event = ? AND state < 3
                """
            )
            for id in Set(ids) {
                try event.bind(id)
                guard try event.next() else { continue }
                let (row, waits) = (event.int64(0), event.bool(1))
                event.reset()
                if waits { progress.waitingForFanOut += 1 }
                try deliveries.bind(now)
                try deliveries.bind(row)
                if try deliveries.next() {
                    progress.withoutFirstAttempt += deliveries.int(0)
                    progress.paused += deliveries.int(1)
                }
                deliveries.reset()
            }
            return progress
        }
    }

    package func unmatchedEvents(at instant: Timestamp) async throws(StoreError) -> UnmatchedEvents {
        try await read { db in
            let count = try PreparedStatement(
                db,
                """
                SELECT count(*) FILTER (WHERE place IS NOT NULL OR due_at <= ?1),
                    count(*) FILTER (WHERE place IS NULL AND due_at > ?1)
                FROM webhooks_pending WHERE set_aside IS NULL
                """
            )
            try count.bind(instant)
            defer { count.reset() }
            guard try count.next() else { return UnmatchedEvents(due: 0, later: 0) }
            return UnmatchedEvents(due: count.int(0), later: count.int(1))
        }
    }

    package func health() async throws(StoreError) -> [SubscriptionHealth] {
        try await read { try HealthRow.all($0) }
    }

    package func health(of subscriptions: Set<String>) async throws(StoreError) -> [SubscriptionHealth] {
        try await read { try HealthRow.of(subscriptions, $0) }
    }
}

extension SQLiteStore {
    package func append(_ event: Event, target: String?) async throws(StoreError) -> AcceptanceResult {
        let now = clock.now
        return try await write { session in
            try session.accept(Acceptance(event: event, createdAt: now, target: target, deliveries: nil))
        }
    }

    package func append(_ events: [Event]) async throws(StoreError) -> [AcceptanceResult] {
        let now = clock.now
        return try await writeItems { session, trial in
            try events.enumerated().map { index, event in
                let acceptance = Acceptance(event: event, createdAt: now, deliveries: nil)
                switch try session.item(trial, .event, index, { try session.accept(acceptance) }) {
                case .success(let result): return result
                case .failure(let row): return .refused(reason: row.reason)
                }
            }
        }
    }
}
