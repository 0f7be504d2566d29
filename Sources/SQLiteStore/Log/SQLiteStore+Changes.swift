internal import GRDB
public import WebhookCore

extension SQLiteStore {
    public func setDisabled(
        _ disabled: SubscriptionHealth.Disabled?,
        subscription: String,
        at moment: Timestamp
    ) async throws(StoreError) {
        try await write { session in
            let row = try session.names.row(of: subscription, session.db)
            try HealthRow.setDisabled(disabled, row: row, at: moment, session.db)
        }
    }

    public func insertRetriggers(
        _ retriggers: [Retrigger],
        at moment: Timestamp
    ) async throws(StoreError) -> [Retriggered] {
        try await write { session in
            let insert = try RawStatement(
                session.db,
                """
                INSERT INTO webhooks_deliveries
                (id, event, subscription, body, content_type, mode, test, retrigger_of, created_at, state, due_at)
                SELECT ?, event, subscription, body, content_type, mode, test, id, ?, 0, ?
                FROM webhooks_deliveries WHERE id = ?
                """
            )
            let select = try RawStatement(
                session.db,
                "SELECT event, body IS NULL FROM webhooks_deliveries WHERE id = ?"
            )
            return try retriggers.compactMap { retrigger in
                let id = try session.takeDeliveryID()
                try insert.bind(id)
                try insert.bind(moment)
                try insert.bind(moment)
                try insert.bind(retrigger.delivery.rawValue)
                guard try insert.run() == 1 else { return nil }
                try select.bind(id)
                guard try select.next() else { return nil }
                let (event, lacksBody) = (select.int64(0), select.bool(1))
                select.reset()
                if lacksBody, let rendering = retrigger.rendering { try session.setBody(rendering, of: id) }
                return Retriggered(id: Delivery.ID(rawValue: id), event: event)
            }
        }
    }

    public func cancel(
        events: [String],
        deliveries: [Delivery.ID],
        subscription: String?,
        at moment: Timestamp
    ) async throws(StoreError) -> CancelResult {
        var result = try await write { session in
            var cancellation = Cancellation(session: session, moment: moment)
            for id in events { try cancellation.cancel(event: id) }
            for id in deliveries { try cancellation.cancel(id) }
            if let subscription { try cancellation.cancelUnmatched(subscription: subscription) }
            try cancellation.tellEngines()
            return cancellation.result
        }
        guard let subscription else { return result }
        // In portions: a subscription may have a million waiting, and what is sent must go on in between.
        var isDone = false
        while !isDone {
            let found = result
            (result, isDone) = try await write { session in
                var cancellation = Cancellation(session: session, moment: moment, result: found)
                let isDone = try cancellation.cancel(subscription: subscription, limit: Self.portion)
                try cancellation.tellEngines()
                return (cancellation.result, isDone)
            }
        }
        return result
    }

    /// How many deliveries one transaction cancels.
    static let portion = 5_000
}
