internal import GRDB
internal import WebhookCore

extension BatchSession {
    /// Events that wait for their fan-out: those that are due, those that are taken over, and when the next one is due.
    func readEvents(_ reads: StoreReads, into result: inout StoreReadResult) throws {
        if reads.pendingEvents > 0 { result.pendingEvents = try dueEvents(reads) }
        var rows = Set(result.pendingEvents.map(\.row))
        for row in reads.takeovers where !rows.contains(row) {
            guard let event = try dueEvent(row) else { continue }
            result.pendingEvents.append(event)
            rows.insert(row)
        }
        if reads.pendingEvents > 0 {
            result.nextEventDue = try nextDue()
            result.lastEvent = try nextEventID() - 1
        }
    }

    private static let columns = "\(EventRow.columns), e.id, p.place, e.target"

    private func dueEvents(_ reads: StoreReads) throws -> [PendingEvent] {
        // At the same place, the event whose row it is stands before those that took it when their time had come.
        let select = try PreparedStatement(
            db,
            """
            SELECT \(Self.columns)
            FROM webhooks_pending p CROSS JOIN webhooks_events e ON e.id = p.event
            WHERE p.place IS NOT NULL AND p.set_aside IS NULL ORDER BY p.place, p.event < p.place, p.event
            """
        )
        defer { select.reset() }
        var events: [PendingEvent] = []
        var damaged: [(row: Int64, damage: RowDamage)] = []
        while events.count < reads.pendingEvents, try select.next() {
            if reads.excludedEvents.contains(select.int64(Event.columnCount)) { continue }
            switch try Self.readable({ try event(select) }) {
            case .success(let event): events.append(event)
            case .failure(let damage): damaged.append((select.int64(Event.columnCount), damage))
            }
        }
        select.reset()
        for event in damaged { try giveUp(event: event.row, event.damage) }
        return events
    }

    private func dueEvent(_ row: Int64) throws -> PendingEvent? {
        let select = try PreparedStatement(
            db,
            """
            SELECT \(Self.columns)
            FROM webhooks_pending p CROSS JOIN webhooks_events e ON e.id = p.event
            WHERE p.event = ? AND p.place IS NOT NULL AND p.set_aside IS NULL
            """
        )
        try select.bind(row)
        guard try select.next() else { return nil }
        let found = try Self.readable { try event(select) }
        select.reset()
        if case .failure(let damage) = found { try giveUp(event: row, damage) }
        return try? found.get()
    }

    private func event(_ row: PreparedStatement) throws -> PendingEvent {
        PendingEvent(
            row: row.int64(Event.columnCount),
            place: row.int64(Event.columnCount + 1),
            event: try EventRow.read(row),
            target: row.optionalText(Event.columnCount + 2)
        )
    }

    private func nextDue() throws -> Timestamp? {
        let select = try PreparedStatement(
            db,
            "SELECT due_at FROM webhooks_pending WHERE place IS NULL ORDER BY due_at LIMIT 1"
        )
        defer { select.reset() }
        return try select.next() ? select.timestamp(0) : nil
    }
}

extension BatchSession {
    /// Sets an event aside that waits for its fan-out, or counts towards it.
    func setAside(_ setAside: SetAside) throws -> SetAsideResult {
        let update: PreparedStatement
        switch setAside.cause {
        case .refused(let reason):
            update = try PreparedStatement(db, "UPDATE webhooks_pending SET set_aside = ? WHERE event = ?")
            try update.bind(reason as String?)
        case .renderingEnded:
            update = try PreparedStatement(
                db,
                """
                UPDATE webhooks_pending
                SET ends = ends + 1, set_aside = CASE WHEN ends + 1 >= ? THEN ? ELSE set_aside END WHERE event = ?
                """
            )
            try update.bind(SetAside.mostEnds)
            try update.bind(SetAside.endedReason as String?)
        }
        try update.bind(setAside.event)
        guard try update.run() == 1 else { return SetAsideResult(event: nil, isSetAside: false) }
        let select = try PreparedStatement(
            db,
            """
            SELECT e.event_id, p.set_aside IS NOT NULL
            FROM webhooks_pending p JOIN webhooks_events e ON e.id = p.event WHERE p.event = ?
            """
        )
        try select.bind(setAside.event)
        guard try select.next() else { return SetAsideResult(event: nil, isSetAside: false) }
        defer { select.reset() }
        return SetAsideResult(event: select.text(0), isSetAside: select.bool(1))
    }
}
