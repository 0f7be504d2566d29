internal import GRDB
internal import WebhookCore

/// An event whose id is in the store already.
enum KnownEvent {
    /// What storing an event again means.
    static func compare(_ event: Event, _ db: Database) throws -> AcceptanceResult {
        let sql = "SELECT \(EventRow.columns), e.id FROM webhooks_events e WHERE e.event_id = ?"
        let statement = try RawStatement(db, sql)
        try statement.bind(event.id)
        guard try statement.next() else {
            throw StoreError.damaged("an event's id is indexed and the event isn't there")
        }
        defer { statement.reset() }
        let known = try EventRow.read(statement)
        let differences = known.differences(from: event)
        return differences.isEmpty
            ? .duplicate(event: statement.int64(EventRow.end)) : .conflict(differences: differences)
    }
}
