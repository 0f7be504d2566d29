#if PostgreSQL
    internal import WebhookCore

    extension Conditions {
        /// Adds bounds of the time at which a row was made.
        mutating func add(_ column: String, since: Timestamp?, until: Timestamp?) {
            if let since { add("\(column) >= ?::int8", .int8(since.milliseconds)) }
            if let until { add("\(column) < ?::int8", .int8(until.milliseconds)) }
        }
    }

    /// Leads through the deliveries (`d`) of a subscription (`s`) in one state, the newest first, by the index that has them
    /// in this order.
    ///
    /// The primary key has the same order, and to the planner all subscriptions are alike, and fail alike: with few
    /// subscriptions it would rather go down the whole table for the one that has no such delivery. Neither `= ANY` nor an
    /// order by the subscription can be had from the primary key.
    enum NewestDeliveries {
        /// The state is a constant, so that the index serves that has these states alone.
        static func condition(state: Int) -> String { "d.subscription = ANY (ARRAY[s.id]) AND d.state = \(state)" }
        static let order = "ORDER BY d.subscription DESC, d.id DESC"
    }

    extension PostgresConnection {
        /// Runs a search, planned for its values: which index is best depends on how rare they are.
        func search(_ sql: String, _ parameters: [Parameter]) throws -> Rows {
            do {
                let results = try run([
                    BoundStatement(.begin), BoundStatement(Statement("SET LOCAL plan_cache_mode = force_custom_plan")),
                    BoundStatement(Statement(sql), parameters), BoundStatement(.commit),
                ])
                return results[2]
            } catch {
                if !isLost { _ = try? run(.rollback) }
                throw error
            }
        }
    }
#endif
