#if PostgreSQL
    internal import WebhookCore

    /// Finds deliveries, newest first.
    ///
    /// Where states or a subscription are asked for, each pair of the two has an index that is in the order wanted: a page
    /// of each is taken, and the newest of these are the page. The rest is the planner's, which knows how rare a tenant is.
    struct DeliverySearch {
        let query: DeliveryQuery

        func run(_ connection: PostgresConnection) throws -> [Delivery] {
            let (sql, parameters) = statement
            return try connection.search(sql, parameters).map { try Delivery($0) }
        }

        var statement: (sql: String, parameters: [Parameter]) {
            var conditions = conditions
            guard !branches.isEmpty else {
                let clause = conditions.clause
                let limit = conditions.mark(.int8(Int64(query.limit)))
                let sql = "\(DeliveryRow.select) \(clause) ORDER BY d.id DESC LIMIT \(limit)::int8"
                return (conditions.head + sql, conditions.parameters)
            }
            let own = query.subscription.map { _ in "WHERE s.name = " } ?? ""
            let name = query.subscription.map { conditions.mark(.text($0)) + "::text" } ?? ""
            let needsEvent = !query.topics.isEmpty || query.tenant != nil
            let source = "deliveries d" + (needsEvent ? " JOIN events e ON e.id = d.event" : "")
            let clause = conditions.clause.isEmpty ? "" : " AND " + conditions.clause.dropFirst("WHERE ".count)
            let limit = conditions.mark(.int8(Int64(query.limit))) + "::int8"
            let pages = branches.map { state in
                """
                (SELECT d.* FROM \(source) WHERE \(NewestDeliveries.condition(state: state))\(clause)
                \(NewestDeliveries.order) LIMIT \(limit))
                """
            }
            let newest = """
                SELECT d.* FROM subscriptions s CROSS JOIN LATERAL (\(pages.joined(separator: " UNION ALL "))) d
                \(own)\(name) ORDER BY d.id DESC LIMIT \(limit)
                """
            let sql = "\(conditions.head)\(DeliveryRow.select(from: "(\(newest))")) ORDER BY d.id DESC"
            return (sql, conditions.parameters)
        }

        /// The states whose pages are put together; none: nothing to go by but the id.
        private var branches: [Int] {
            // Deliveries missed while a subscription was disabled are cancelled: for them, no other.
            let states = query.states.isEmpty && query.errors == [.disabled] ? [.cancelled] : query.states
            if !query.events.isEmpty || query.isTest == true { return [] }
            if query.subscription != nil {
                return (states.isEmpty ? Set(DeliveryState.allCases) : states).map(\.code).sorted()
            }
            return states.contains(.delivered) ? [] : states.map(\.code).sorted()
        }

        /// The conditions that every row must meet, whatever has led to it.
        private var conditions: Conditions {
            var conditions = Conditions()
            if let after = query.after { conditions.add("d.id < ?::int8", .int8(after.rawValue)) }
            if !query.events.isEmpty {
                conditions.add(
                    "d.event = ANY (ARRAY(SELECT id FROM events WHERE event_id = ANY (?::text[])))",
                    .texts(query.events)
                )
            }
            if branches.isEmpty {
                if let name = query.subscription {
                    conditions.add("d.subscription = (SELECT id FROM subscriptions WHERE name = ?::text)", .text(name))
                }
                if !query.states.isEmpty {
                    conditions.add("d.state = ANY (?::int2[])", .int2s(query.states.map(\.code).sorted()))
                }
            }
            if !query.errors.isEmpty {
                conditions.add("d.last_error = ANY (?::int2[])", .int2s(query.errors.map(\.code).sorted()))
            }
            conditions.add(timeOf: "d", in: "deliveries", since: query.since, until: query.until)
            if !query.topics.isEmpty { conditions.add("e.topic = ANY (?::text[])", .texts(query.topics)) }
            if let tenant = query.tenant { conditions.add("e.tenant = ?::text", .text(tenant)) }
            if query.newestOnly {
                conditions.add(
                    """
                    NOT EXISTS (
                        SELECT 1 FROM deliveries n
                        WHERE n.event = d.event AND n.id > d.id AND n.subscription = d.subscription
                    )
                    """
                )
            }
            // As a constant, so that the index of tests serves.
            if let isTest = query.isTest { conditions.add(isTest ? "d.test" : "NOT d.test") }
            return conditions
        }
    }
#endif
