#if PostgreSQL
    internal import WebhookCore

    /// The mark of a store that is an unfinished copy: a table that is there until the copy is complete.
    enum UnfinishedCopy {
        static let table = "copying"

        /// The store that is being copied; `nil`: this is no unfinished copy.
        static func origin(_ connection: PostgresConnection) throws -> CopyOrigin? {
            let schema = connection.target.schema
            let exists = try connection.run(
                Statement(
                    """
                    SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = $1::text AND c.relname = '\(table)'
                    """
                ),
                [.text(schema.name)]
            )
            guard !exists.isEmpty else { return nil }
            let rows = try connection.run(Statement("SELECT identity, name FROM \(schema.quoted).\(table)"))
            return rows.first.map { CopyOrigin(identity: $0.int64(0), name: $0.text(1)) }
        }

        /// Throws where the store is an unfinished copy: half of it is missing, and what is added would be in the way.
        ///
        /// - Throws: ``StoreError`` with `unavailable`.
        static func refuse(_ connection: PostgresConnection) throws {
            guard let origin = try origin(connection) else { return }
            throw StoreError.unfinishedCopy(connection.target.description, of: origin)
        }

        /// Sets the mark.
        static func mark(_ connection: PostgresConnection, _ origin: CopyOrigin) throws {
            try connection.run(
                Statement("CREATE TABLE IF NOT EXISTS \(table) (identity bigint NOT NULL, name text NOT NULL)")
            )
            try connection.run(Statement("DELETE FROM \(table)"))
            try connection.run(
                Statement("INSERT INTO \(table) VALUES ($1::int8, $2::text)"),
                [.int8(origin.identity), .text(origin.name)]
            )
        }

        /// Takes the mark away.
        static func unmark(_ connection: PostgresConnection) throws {
            try connection.run(Statement("DROP TABLE \(table)"))
        }
    }
#endif
