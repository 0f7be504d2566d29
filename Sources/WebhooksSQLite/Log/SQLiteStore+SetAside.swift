internal import GRDB
package import WebhookCore

extension SQLiteStore {
    package func setAsideEvents(limit: Int) async throws(StoreError) -> [SetAsideEvent] {
        try await read { db in
            let rows = try PreparedStatement(
                db,
                """
                SELECT e.event_id, e.topic, p.set_aside
                FROM webhooks_pending p JOIN webhooks_events e ON e.id = p.event
                WHERE p.set_aside IS NOT NULL ORDER BY p.event LIMIT ?
                """
            )
            try rows.bind(limit)
            var events: [SetAsideEvent] = []
            while try rows.next() {
                events.append(SetAsideEvent(id: rows.text(0), topic: rows.text(1), reason: rows.text(2)))
            }
            return events
        }
    }

    package func scheduledEvents(after instant: Timestamp) async throws(StoreError) -> ScheduledEvents {
        try await read { db in
            let row = try PreparedStatement(
                db,
                "SELECT COUNT(*), MIN(due_at) FROM webhooks_pending WHERE place IS NULL AND due_at > ?"
            )
            // Not stepped to its end, it would go on holding what it has read from.
            defer { row.reset() }
            try row.bind(instant)
            guard try row.next(), row.int64(0) > 0 else { return ScheduledEvents() }
            return ScheduledEvents(count: row.int(0), next: row.timestamp(1))
        }
    }

    package func releaseSetAside(_ events: [String]) async throws(StoreError) -> [Int64] {
        try await write { session in
            let update = try PreparedStatement(
                session.db,
                """
                UPDATE webhooks_pending SET set_aside = NULL, ends = 0
                WHERE set_aside IS NOT NULL AND event = (SELECT id FROM webhooks_events WHERE event_id = ?)
                RETURNING event
                """
            )
            return try events.compactMap { id in
                try update.bind(id as String?)
                defer { update.reset() }
                return try update.next() ? update.int64(0) : nil
            }
        }
    }
}
