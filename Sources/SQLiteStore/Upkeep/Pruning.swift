internal import GRDB
internal import WebhookCore

/// Deletes within one transaction, and keeps the account. Each row is looked at again: it was found before.
struct Pruning {
    let db: Database
    let moment: Timestamp
    let limit: Int
    var result = PruneResult()
    /// The first event that the limit kept from being looked at.
    private(set) var firstSkippedEvent: Int64?

    /// Writes down the highest ids, which nothing may get again.
    func keepIDs() throws {
        try db.execute(
            sql: """
                UPDATE webhooks_schema SET
                    last_event = max(last_event, coalesce((SELECT max(id) FROM webhooks_events), 0)),
                    last_delivery = max(last_delivery, coalesce((SELECT max(id) FROM webhooks_deliveries), 0))
                """
        )
    }

    init(db: Database, moment: Timestamp, limit: Int) {
        self.db = db
        self.moment = moment
        self.limit = limit
    }

    /// Deletes a delivery with its attempts, its body where no other needs it, and its event where it was the last.
    mutating func deleteDelivery(_ id: Int64) throws {
        let select = try RawStatement(
            db,
            "SELECT event, body FROM webhooks_deliveries WHERE id = ? AND settled_at < ?"
        )
        try select.bind(id)
        try select.bind(moment)
        guard try select.next() else { return }
        let event = select.int64(0)
        let body = select.isNull(1) ? nil : select.int64(1)
        select.reset()

        try forgetDelivery(id, of: event)
        result.attempts += try run("DELETE FROM webhooks_attempts WHERE delivery = ?", id)
        result.deliveries += try run("DELETE FROM webhooks_deliveries WHERE id = ?", id)
        if let body {
            // Bodies are shared within an event only.
            let sql = """
                DELETE FROM webhooks_bodies WHERE id = ?1
                AND NOT EXISTS (SELECT 1 FROM webhooks_deliveries WHERE event = ?2 AND body = ?1)
                """
            _ = try run(sql, body, event)
        }
        try deleteEvent(event)
    }

    /// Deletes an event that has no deliveries and doesn't wait for any, within the limit.
    mutating func deleteEvent(_ row: Int64) throws {
        guard result.events < limit else {
            firstSkippedEvent = min(firstSkippedEvent ?? row, row)
            return
        }
        let select = try RawStatement(
            db,
            """
            SELECT topic, tenant FROM webhooks_events WHERE id = ?1 AND created_at < ?2
            AND NOT EXISTS (SELECT 1 FROM webhooks_deliveries WHERE event = ?1)
            AND NOT EXISTS (SELECT 1 FROM webhooks_pending WHERE event = ?1)
            """
        )
        try select.bind(row)
        try select.bind(moment)
        guard try select.next() else { return }
        let words = [(Word.eventTopic, select.optionalText(0)), (.eventTenant, select.optionalText(1))]
        select.reset()
        try forget(row, words)
        result.events += try run("DELETE FROM webhooks_events WHERE id = ?", row)
    }

    /// Names what the store won't delete.
    mutating func refused(_ kind: RowTrial.Step.Kind, _ row: Int64, _ reason: String) throws {
        var id = Delivery.ID(rawValue: row).description
        if kind == .event {
            let sql = "SELECT event_id FROM webhooks_events WHERE id = ?"
            id = try String.fetchOne(db, sql: sql, arguments: [row]) ?? id
        }
        result.refused.append(RefusedItem(id: id, reason: reason))
    }

    private func forgetDelivery(_ id: Int64, of event: Int64) throws {
        let select = try RawStatement(db, "SELECT topic, tenant FROM webhooks_events WHERE id = ?")
        try select.bind(event)
        guard try select.next() else { return }
        let words = [(Word.deliveryTopic, select.optionalText(0)), (.deliveryTenant, select.optionalText(1))]
        select.reset()
        try forget(id, words)
    }

    private func forget(_ id: Int64, _ words: [(Word, String?)]) throws {
        let delete = try RawStatement(db, "DELETE FROM webhooks_words WHERE kind = ? AND word = ? AND id = ?")
        for case (let kind, let word?) in words {
            try delete.bind(kind.rawValue)
            try delete.bind(word)
            try delete.bind(id)
            try delete.run()
        }
    }

    private func run(_ sql: String, _ values: Int64...) throws -> Int {
        let statement = try RawStatement(db, sql)
        for value in values { try statement.bind(value) }
        return try statement.run()
    }
}
