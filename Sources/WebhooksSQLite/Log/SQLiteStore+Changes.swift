internal import GRDB
package import WebhookCore

extension SQLiteStore {
    package func setDisabled(
        _ disabled: SubscriptionHealth.Disabled?,
        subscription: String,
        at instant: Timestamp
    ) async throws(StoreError) {
        try await write { session in
            try HealthRow.setDisabled(disabled, of: subscription, at: instant, session.db)
            try SubscriptionWriter(db: session.db).setDisabled(disabled?.cause == .manual, subscription, at: instant)
        }
    }

    package func insertRetriggers(
        _ retriggers: [Retrigger],
        at instant: Timestamp
    ) async throws(StoreError) -> RetriggerResult {
        try await writeItems { session, trial in try session.insert(retriggers, trial, at: instant) }
    }

    package func cancel(
        events: [String],
        deliveries: [Delivery.ID],
        subscription: String?,
        at instant: Timestamp
    ) async throws(StoreError) -> CancelResult {
        let isWhole = events.isEmpty && deliveries.isEmpty
        let result = try await writeItems { session, trial in
            var cancellation = Cancellation(session: session, trial: trial, instant: instant)
            if let subscription, !isWhole {
                for id in events { try cancellation.cancel(event: id, subscription: subscription) }
                for id in deliveries { try cancellation.cancel(id, subscription: subscription) }
                try cancellation.tellEngines()
                return cancellation.result
            }
            for id in events { try cancellation.cancel(event: id) }
            for id in deliveries { try cancellation.cancel(id) }
            if let subscription { try cancellation.cancelUnmatched(subscription: subscription) }
            try cancellation.tellEngines()
            return cancellation.result
        }
        guard let subscription, isWhole else { return result }
        return try await cancelAll(of: subscription, at: instant, result)
    }
}

extension SQLiteStore: BatchedCancellation {
    package func cancelOpen(
        of subscription: String,
        after position: Refill.Position,
        detail: String?,
        at instant: Timestamp,
        _ result: CancelResult
    ) async throws(StoreError) -> (result: CancelResult, end: Refill.Position?) {
        try await writeItems { session, trial in
            var cancellation = Cancellation(
                session: session,
                trial: trial,
                instant: instant,
                detail: detail,
                result: result
            )
            let end = try cancellation.cancel(
                subscription: subscription,
                after: position,
                limit: Self.cancellationBatch
            )
            try cancellation.tellEngines()
            return (cancellation.result, end)
        }
    }

    package func cancel(
        _ deliveries: [Delivery.ID],
        at instant: Timestamp,
        _ result: CancelResult
    ) async throws(StoreError) -> CancelResult {
        try await writeItems { session, trial in
            var cancellation = Cancellation(session: session, trial: trial, instant: instant, result: result)
            for id in deliveries { try cancellation.cancel(id) }
            return cancellation.result
        }
    }
}

extension BatchSession {
    /// Inserts deliveries that send others again, each by itself where the store refuses one.
    func insert(_ retriggers: [Retrigger], _ trial: RowTrial?, at instant: Timestamp) throws -> RetriggerResult {
        var result = RetriggerResult(made: [])
        for (index, retrigger) in retriggers.enumerated() {
            switch try item(trial, .delivery, index, { try insert(retrigger, at: instant) }) {
            case .success(let made): if let made { result.made.append(made) }
            case .failure(let row):
                result.refused.append(RefusedItem(id: retrigger.delivery.description, reason: row.reason))
            }
        }
        return result
    }

    /// Inserts a delivery that sends another one again; `nil` where that one is gone.
    func insert(_ retrigger: Retrigger, at instant: Timestamp) throws -> Retriggered? {
        let insert = try PreparedStatement(
            db,
            """
            INSERT INTO webhooks_deliveries
            (id, event, subscription, body, content_type, mode, test, retrigger_of, created_at, state, due_at)
            SELECT ?, event, subscription, body, content_type, mode, test, id, ?, 0, ?
            FROM webhooks_deliveries WHERE id = ?
            """
        )
        let id = try takeDeliveryID()
        try insert.bind(id)
        try insert.bind(instant)
        try insert.bind(instant)
        try insert.bind(retrigger.delivery.rawValue)
        guard try insert.run() == 1 else { return nil }
        let select = try PreparedStatement(db, "SELECT event, body IS NULL FROM webhooks_deliveries WHERE id = ?")
        try select.bind(id)
        guard try select.next() else { return nil }
        let (event, lacksBody) = (select.int64(0), select.bool(1))
        select.reset()
        if lacksBody, let rendering = retrigger.rendering { try setBody(rendering, of: id, event) }
        return Retriggered(id: Delivery.ID(rawValue: id), event: event)
    }
}
