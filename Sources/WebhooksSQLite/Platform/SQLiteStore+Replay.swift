internal import GRDB
package import WebhookCore

extension SQLiteStore: ReplayStore {
    package func insertRetriggers(
        _ retriggers: [Retrigger],
        answer: StoredAnswer,
        at instant: Timestamp
    ) async throws(StoreError) -> RetriggerResult? {
        try await write { session in
            guard try PlatformWriter(db: session.db).insert(answer, at: instant) else { return nil }
            var result = RetriggerResult(made: [])
            for retrigger in retriggers {
                if let made = try session.insert(retrigger, at: instant) { result.made.append(made) }
            }
            return result
        }
    }

    package func insertMissing(
        _ missing: [MissingDelivery],
        at instant: Timestamp
    ) async throws(StoreError) -> RetriggerResult {
        try await writeItems { session, trial in
            var result = RetriggerResult(made: [])
            for (index, missing) in missing.enumerated() {
                switch try session.item(trial, .delivery, index, { try session.insert(missing, at: instant) }) {
                case .success(let made): if let made { result.made.append(made) }
                case .failure(let row): result.refused.append(RefusedItem(id: missing.event, reason: row.reason))
                }
            }
            return result
        }
    }
}

extension BatchSession {
    /// Inserts a delivery that an event lacks; `nil` where it has one, or gets it by its fan-out.
    fileprivate func insert(_ missing: MissingDelivery, at instant: Timestamp) throws -> Retriggered? {
        let select = try PreparedStatement(
            db,
            """
            SELECT e.id, e.test FROM webhooks_events e
            WHERE e.event_id = ?1 AND NOT EXISTS (SELECT 1 FROM webhooks_pending p WHERE p.event = e.id)
                AND NOT EXISTS (SELECT 1 FROM webhooks_deliveries d WHERE d.event = e.id AND d.subscription = ?2)
            """
        )
        try select.bind(missing.event)
        try select.bind(try names.row(of: missing.subscription, db))
        guard try select.next() else { return nil }
        let (event, isTest) = (select.int64(0), select.bool(1))
        select.reset()
        let body = try insert(body: missing.rendering.body, of: event, data: nil)
        let new = NewDelivery(
            subscription: missing.subscription,
            mode: missing.mode,
            body: 0,
            contentType: missing.rendering.contentType,
            start: .pending(dueAt: instant)
        )
        let id = try insert(new, body: body, of: (event, event, isTest, nil), at: instant)
        return Retriggered(id: id, event: event)
    }
}
