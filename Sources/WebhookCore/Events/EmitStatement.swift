/// An emit as SQL with bindings, for a host's own PostgreSQL driver: on its connection, in its transaction. The event exists if
/// and only if that commits.
///
/// Every binding is a text or NULL, so that any driver can bind it, and `PQexecParams` on an open connection of libpq takes them as
/// they are. What `webhooks.emit` refuses, it refuses with its SQLSTATE.
///
/// ```swift
/// let statement = try Event(topic: "course.created", data: "{\"id\":101}").emitStatement()
/// ```
public struct EmitStatement: Sendable, Hashable {
    /// One statement with the placeholders `$1` and so on; it gives one row with one column, the event's id.
    public let sql: String
    /// The values of the placeholders in order; `nil`: NULL.
    public let bindings: [String?]
}

extension Event {
    /// Makes the statement that stores the event in a store on PostgreSQL, in the transaction in which it is run.
    ///
    /// An event with ``deliverIn`` is due that long after the statement, by the server's clock; such a one is not the same when it
    /// comes again under its id.
    ///
    /// - Parameter schema: the store's, as it is configured.
    public func emitStatement(schema: String = "webhooks") -> EmitStatement {
        let quoted =
            "\"" + schema.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        let sql = """
            SELECT \(quoted).emit(topic => $1::text, data => $2::text, id => $3::text, tenant => $4::text, \
            occurred_at => $5::text::timestamptz, \
            deliver_at => coalesce($6::text::timestamptz, clock_timestamp() + $7::text::interval), test => $8::text::boolean)
            """
        return EmitStatement(
            sql: sql,
            bindings: [
                topic, data.text, id, tenant, occurredAtIsGiven ? occurredAt.description : nil, deliverAt?.description,
                deliverIn.map { "\($0.wholeMilliseconds) milliseconds" }, isTest ? "true" : "false",
            ]
        )
    }
}
