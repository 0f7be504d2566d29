internal import GRDB
internal import WebhookCore

extension BatchSession {
    /// Events that wait for their fan-out: those that are due, those that are adopted, and when the next one is due.
    func readEvents(_ reads: StoreReads, into result: inout StoreReadResult) throws {
        if reads.pendingEvents > 0 {
            result.pendingEvents = try dueEvents(by: reads.pendingEventsDueBy, limit: reads.pendingEvents)
        }
        var rows = Set(result.pendingEvents.map(\.row))
        for row in reads.adoptions where !rows.contains(row) {
            guard let event = try pendingEvent(row) else { continue }
            result.pendingEvents.append(event)
            rows.insert(row)
        }
        if reads.pendingEvents > 0 { result.nextEventDue = try nextDue(without: rows) }
    }

    private func dueEvents(by moment: Timestamp, limit: Int) throws -> [PendingEvent] {
        let select = try RawStatement(
            db,
            """
            SELECT \(EventRow.columns), e.id, e.target
            FROM webhooks_pending p CROSS JOIN webhooks_events e ON e.id = p.event
            WHERE p.due_at <= ? ORDER BY p.due_at, p.event LIMIT ?
            """
        )
        try select.bind(moment.milliseconds)
        try select.bind(limit)
        var events: [PendingEvent] = []
        while try select.next() { events.append(try event(select)) }
        return events
    }

    private func pendingEvent(_ row: Int64) throws -> PendingEvent? {
        let select = try RawStatement(
            db,
            """
            SELECT \(EventRow.columns), e.id, e.target
            FROM webhooks_pending p CROSS JOIN webhooks_events e ON e.id = p.event WHERE p.event = ?
            """
        )
        try select.bind(row)
        guard try select.next() else { return nil }
        defer { select.reset() }
        return try event(select)
    }

    private func event(_ row: RawStatement) throws -> PendingEvent {
        PendingEvent(
            row: row.int64(EventRow.end),
            event: try EventRow.read(row),
            target: row.optionalText(EventRow.end + 1)
        )
    }

    private func nextDue(without rows: Set<Int64>) throws -> Timestamp? {
        let select = try RawStatement(db, "SELECT event, due_at FROM webhooks_pending ORDER BY due_at, event")
        defer { select.reset() }
        while try select.next() {
            if !rows.contains(select.int64(0)) { return select.timestamp(1) }
        }
        return nil
    }
}
