#if PostgreSQL
    internal import WebhookCore

    extension Conditions {
        /// Adds bounds of the time at which rows were made, and where to begin.
        ///
        /// The planner takes rows and times for independent, and goes down the whole table to a page of long ago. Where the time
        /// asked for is shorter than the one that has passed since, its highest row is found first, by the index by time.
        mutating func add(timeOf alias: String, in table: String, since: Timestamp?, until: Timestamp?) {
            if let since { add("\(alias).created_at >= ?::int8", .int8(since.milliseconds)) }
            guard let until else { return }
            add("\(alias).created_at < ?::int8", .int8(until.milliseconds))
            let end = mark(.int8(until.milliseconds)) + "::int8"
            let given = since.map { mark(.int8($0.milliseconds)) + "::int8" }
            let start = given ?? "(SELECT created_at FROM \(table) ORDER BY id LIMIT 1)"
            let bound = given.map { "created_at >= \($0) AND " } ?? ""
            // Without `+ 0`, the highest row would be looked for from the table's end, too.
            head = """
                WITH highest AS MATERIALIZED (
                    SELECT CASE WHEN \(end)::float8 - \(start)::float8
                        < (SELECT created_at FROM \(table) ORDER BY id DESC LIMIT 1)::float8 - \(end)::float8
                    THEN (SELECT max(id + 0) FROM \(table) WHERE \(bound)created_at < \(end))
                    ELSE \(Int64.max) END AS id
                )

                """
            add("\(alias).id <= (SELECT id FROM highest)")
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
