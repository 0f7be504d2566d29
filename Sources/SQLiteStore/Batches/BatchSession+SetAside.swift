internal import GRDB
internal import WebhookCore

extension BatchSession {
    /// Sets an event aside that waits for its fan-out, or counts towards it.
    func setAside(_ setAside: SetAside) throws -> SetAsideResult {
        let update: RawStatement
        switch setAside.cause {
        case .refused(let reason):
            update = try RawStatement(db, "UPDATE webhooks_pending SET set_aside = ? WHERE event = ?")
            try update.bind(reason as String?)
        case .renderingEnded:
            update = try RawStatement(
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
        let select = try RawStatement(
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
