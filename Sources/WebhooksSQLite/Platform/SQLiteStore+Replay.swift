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

    package func insertRetriggers(
        _ retriggers: [Retrigger],
        for claim: TaskClaim,
        at instant: Timestamp
    ) async throws(StoreError) -> RetriggerResult? {
        try await writeItems { session, trial in
            try session.step(claim, \.made.count) { try session.insert(retriggers, trial, at: instant) }
        }
    }

    package func insertMissing(
        _ missing: [MissingDelivery],
        at instant: Timestamp
    ) async throws(StoreError) -> RetriggerResult {
        try await writeItems { session, trial in try session.insert(missing, trial, at: instant) }
    }

    package func insertMissing(
        _ missing: [MissingDelivery],
        for claim: TaskClaim,
        at instant: Timestamp
    ) async throws(StoreError) -> RetriggerResult? {
        try await writeItems { session, trial in
            try session.step(claim, \.made.count) { try session.insert(missing, trial, at: instant) }
        }
    }

    package func expunge(
        events ids: [String],
        for claim: TaskClaim,
        at instant: Timestamp
    ) async throws(StoreError) -> ExpungeResult? {
        try await write { session in
            try session.step(claim, \.events.count) { try session.expunge(ids, at: instant) }
        }
    }
}

extension BatchSession {
    /// Does a task's work with its step; `nil` where the claim doesn't hold any more.
    ///
    /// - Parameter count: the number of messages that the work was about.
    fileprivate func step<Value>(
        _ claim: TaskClaim,
        _ count: (Value) -> Int,
        _ work: () throws -> Value
    ) throws -> Value? {
        let now = clock.now
        guard try TaskRow.take(.advance(by: 0), claim, at: now, db) else { return nil }
        let value = try work()
        _ = try TaskRow.take(.advance(by: count(value)), claim, at: now, db)
        return value
    }

    fileprivate func insert(
        _ missing: [MissingDelivery],
        _ trial: RowTrial?,
        at instant: Timestamp
    ) throws -> RetriggerResult {
        var result = RetriggerResult(made: [])
        for (index, missing) in missing.enumerated() {
            switch try item(trial, .delivery, index, { try insert(missing, at: instant) }) {
            case .success(let made): if let made { result.made.append(made) }
            case .failure(let row): result.refused.append(RefusedItem(id: missing.event, reason: row.reason))
            }
        }
        return result
    }

    /// Inserts a delivery that an event lacks; `nil` where it has one, gets it by its fan-out, or is for another
    /// subscription alone.
    private func insert(_ missing: MissingDelivery, at instant: Timestamp) throws -> Retriggered? {
        let select = try PreparedStatement(
            db,
            """
            SELECT e.id, e.test FROM webhooks_events e
            WHERE e.event_id = ?1 AND (e.target IS NULL OR e.target = ?3)
                AND NOT EXISTS (SELECT 1 FROM webhooks_pending p WHERE p.event = e.id)
                AND NOT EXISTS (SELECT 1 FROM webhooks_deliveries d WHERE d.event = e.id AND d.subscription = ?2)
            """
        )
        try select.bind(missing.event)
        try select.bind(try names.row(of: missing.subscription, db))
        try select.bind(missing.subscription)
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
