#if PostgreSQL
    internal import WebhookCore

    /// The rows of subscriptions by name. Rows are never deleted, so what was once found stays true.
    ///
    /// Confined to the writer's thread.
    final class SubscriptionRowCache {
        private var rows: [String: Int] = [:]

        /// The row of a name that ``learn(_:making:_:)`` has looked up; `nil`: there is none.
        subscript(name: String) -> Int? { rows[name] }

        /// Looks names up, and inserts those that are missing, in a transaction of its own: one that fails afterwards leaves a
        /// name without anything, which does no harm, and two that insert the same names don't wait for each other's ends.
        ///
        /// - Parameter making: those of the names that are needed.
        func learn(_ names: Set<String>, making needed: Set<String>, _ connection: PostgresConnection) throws {
            let unknown = names.union(needed).filter { rows[$0] == nil }
            guard !unknown.isEmpty else { return }
            try look(for: unknown.sorted(), connection)
            let missing = needed.filter { rows[$0] == nil }.sorted()
            guard !missing.isEmpty else { return }
            try connection.run(
                Statement(
                    """
                    INSERT INTO subscriptions (name) SELECT name FROM unnest($1::text[]) AS x (name)
                    ON CONFLICT (name) DO NOTHING
                    """
                ),
                [.texts(missing)]
            )
            try look(for: missing, connection)
        }

        private func look(for names: [String], _ connection: PostgresConnection) throws {
            let found = try connection.run(
                Statement("SELECT name, id FROM subscriptions WHERE name = ANY ($1::text[])"),
                [.texts(names)]
            )
            for row in found { rows[row.text(0)] = row.int32(1) }
        }
    }
#endif
