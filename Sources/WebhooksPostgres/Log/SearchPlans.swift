#if PostgreSQL
    internal import WebhookCore

    extension Conditions {
        /// Adds bounds of the time at which a row was made.
        mutating func add(_ column: String, since: Timestamp?, until: Timestamp?) {
            if let since { add("\(column) >= ?::int8", .int8(since.milliseconds)) }
            if let until { add("\(column) < ?::int8", .int8(until.milliseconds)) }
        }
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
