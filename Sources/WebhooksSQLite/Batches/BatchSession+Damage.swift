internal import GRDB
internal import WebhookCore

/// Rows that are not as they were written: such a row is set aside, and the others go on. What SQLite itself finds damaged
/// is the store's fault, and stops everybody.
extension BatchSession {
    /// Reads something of a row.
    ///
    /// - Returns: why it can't be read, where the row is damaged.
    static func readable<Value>(_ body: () throws -> Value) throws -> Result<Value, RowDamage> {
        do {
            return .success(try body())
        } catch let error as StoreError where error.code == .damaged {
            return .failure(RowDamage(reason: error.message))
        }
    }

    /// Settles a delivery whose row is damaged, so that nothing of it is ever sent.
    ///
    /// - Returns: whether the store took that.
    func giveUp(_ delivery: Int64, _ damage: RowDamage) throws -> Bool {
        try prepareToWrite()
        // One in flight may have been sent, and by a mode that can't be read perhaps once only.
        let update = try PreparedStatement(
            db,
            """
            UPDATE webhooks_deliveries
            SET state = CASE state WHEN 2 THEN 5 ELSE 4 END, last_error = ?, detail = ?, settled_at = ?, due_at = NULL
            WHERE id = ? AND state < 3
            """
        )
        try update.bind(FailureKind.internal.code)
        try update.bind(damage.reason as String?)
        try update.bind(clock.now)
        try update.bind(delivery)
        let isGivenUp = try isTaken { try update.run() == 1 }
        let select = try PreparedStatement(
            db,
            """
            SELECT d.event, e.event_id, s.name FROM webhooks_deliveries d
            LEFT JOIN webhooks_events e ON e.id = d.event LEFT JOIN webhooks_subscriptions s ON s.id = d.subscription
            WHERE d.id = ?
            """
        )
        try select.bind(delivery)
        defer { select.reset() }
        guard try select.next() else { return isGivenUp }
        damaged.append(
            DamagedRow(
                delivery: Delivery.ID(rawValue: delivery),
                eventRow: select.int64(0),
                event: select.optionalText(1) ?? "",
                subscription: select.optionalText(2),
                reason: damage.reason,
                isGivenUp: isGivenUp
            )
        )
        return isGivenUp
    }

    /// Sets an event aside whose row is damaged.
    func giveUp(event: Int64, _ damage: RowDamage) throws {
        try prepareToWrite()
        let update = try PreparedStatement(db, "UPDATE webhooks_pending SET set_aside = ? WHERE event = ?")
        try update.bind(damage.reason as String?)
        try update.bind(event)
        // What the store won't write down is left out of this read at least.
        let isGivenUp = try isTaken { try update.run() == 1 }
        let select = try PreparedStatement(db, "SELECT event_id FROM webhooks_events WHERE id = ?")
        try select.bind(event)
        defer { select.reset() }
        let id = try select.next() ? select.optionalText(0) : nil
        damaged.append(DamagedRow(eventRow: event, event: id ?? "", reason: damage.reason, isGivenUp: isGivenUp))
    }

    private func isTaken(_ body: () throws -> Bool) throws -> Bool {
        do {
            return try body()
        } catch let error as DatabaseError where StoreFault(error) == .row && db.isInsideTransaction {
            return false
        }
    }
}

/// The reason why a row can't be read.
struct RowDamage: Error {
    var reason: String
}
