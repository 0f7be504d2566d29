#if PostgreSQL
    internal import WebhookCore

    /// Our tables, in a schema of their own in the host's database.
    ///
    /// Brought up to date in one transaction under an advisory lock: processes that start together wait for each other, and one
    /// that ends in the middle leaves nothing behind.
    enum Schema {
        /// The version that this program reads and writes.
        static let version = migrations.count

        /// Each brings the tables from its index to the next version.
        private static let migrations: [String] = [
            version1, leaseTables, heldSubscriptions, platformTables, refusedConfigurations, configurationTimes,
        ]

        /// The class of our advisory locks, so that they meet nobody else's: "whks". Their second key is the store's identity.
        ///
        /// Of this class is the lock that those who insert deliveries share.
        static let lockClass: Int32 = 0x7768_6B73
        /// The class of the lock that one dispatcher has.
        static let dispatcherLockClass = lockClass + 1
        /// The class of the lock under which the tables are made; its second key is the schema's name.
        static let migrationLockClass = lockClass + 2
        /// The class of the lock under which subscriptions that are kept in the store change, one change after the other.
        static let subscriptionsLockClass = lockClass + 3

        /// The store as it is known once its tables are there.
        struct Opened: Sendable {
            /// The number that tells this store from others.
            var identity: Int64
        }

        /// Brings the tables up to date, and makes them where they are missing.
        ///
        /// - Parameters:
        ///   - makes: whether to; a reader changes nothing.
        ///   - isCopying: whether the store may be an unfinished copy.
        /// - Throws: ``StoreError``: `missing`, `newerSchema`, `damaged`, or what the server says.
        static func open(_ connection: PostgresConnection, makes: Bool, isCopying: Bool = false) throws -> Opened {
            let schema = connection.target.schema
            if let found = try read(connection) {
                try check(found.version, connection)
                if !isCopying { try UnfinishedCopy.refuse(connection) }
                if found.version == version { return found.opened }
            }
            guard makes else {
                throw StoreError(
                    .missing,
                    "there is no store in the schema \(schema.name) of \(connection.target): a dispatcher or an emit makes it"
                )
            }
            return try connection.inTransaction {
                // Keyed by the schema's name: there is no identity yet.
                try connection.run(
                    Statement("SELECT pg_advisory_xact_lock($1::int4, hashtext($2::text))"),
                    [.int4(migrationLockClass), .text(schema.name)]
                )
                let found = try read(connection)
                if let found { try check(found.version, connection) }
                if try !exists(connection) { try connection.run(Statement("CREATE SCHEMA \(schema.quoted)")) }
                for migration in migrations[(found?.version ?? 0)...] + [functions(in: schema)] {
                    for statement in statements(migration) { try connection.run(Statement(statement)) }
                }
                let rows = try connection.run(
                    Statement(
                        """
                        INSERT INTO meta (id, version, identity) VALUES (1, $1::int4, $2::int8)
                        ON CONFLICT (id) DO UPDATE SET version = excluded.version RETURNING identity
                        """
                    ),
                    [.int4(Int32(version)), .int8(.random(in: .min ... .max))]
                )
                return Opened(identity: rows[0].int64(0))
            }
        }

        /// The statements of a migration: the server prepares them one by one. Each ends with a semicolon at a line's end.
        static func statements(_ migration: String) -> [String] {
            var statements: [String] = []
            var lines: [Substring] = []
            // A function's body has semicolons of its own: it stands between lines that end and begin with $$.
            var isQuoted = false
            for line in migration.split(separator: "\n", omittingEmptySubsequences: false) {
                lines.append(line)
                if line.split(separator: "$$", omittingEmptySubsequences: false).count.isMultiple(of: 2) {
                    isQuoted.toggle()
                }
                guard !isQuoted, line.hasSuffix(";") else { continue }
                statements.append(lines.joined(separator: "\n"))
                lines = []
            }
            return statements
        }

        private static func exists(_ connection: PostgresConnection) throws -> Bool {
            let rows = try connection.run(
                Statement("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1::text"),
                [.text(connection.target.schema.name)]
            )
            return rows.count == 1
        }

        /// The version and identity in the database; `nil`: none of our tables.
        private static func read(_ connection: PostgresConnection) throws -> (version: Int, opened: Opened)? {
            let table = "\(connection.target.schema.quoted).meta"
            // Read as a table: the names that a session remembers may be older than the lock that it has waited for.
            let found = try connection.run(
                Statement(
                    """
                    SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = $1::text AND c.relname = 'meta'
                    """
                ),
                [.text(connection.target.schema.name)]
            )
            guard !found.isEmpty else { return nil }
            let rows: Rows
            do {
                rows = try connection.run(Statement("SELECT version, identity FROM \(table) WHERE id = 1"))
            } catch let failure as PostgresFailure where failure.isSchemaMismatch {
                throw StoreError(
                    .damaged,
                    "\(connection.target): its table \(table) is not what this program makes",
                    remedy: .restoreDatabase
                )
            }
            guard rows.count == 1 else { return nil }
            return (Int(rows[0].int32(0)), Opened(identity: rows[0].int64(1)))
        }

        /// Throws where a newer program has changed the tables.
        private static func check(_ version: Int, _ connection: PostgresConnection) throws {
            guard version > Self.version else { return }
            throw StoreError(
                .newerSchema,
                """
                \(connection.target) has schema \(version) of the store, and this program knows \(Self.version): use the newer \
                program
                """
            )
        }
    }

    /// The name of a database schema: checked, so that it can be quoted and never means something else.
    package struct SchemaName: Sendable, Hashable {
        /// The name, as it is written in the configuration.
        package let name: String

        /// The name without being told otherwise.
        package static let standard = SchemaName(unchecked: "webhooks")

        /// - Returns: `nil` unless it begins with a lower-case letter or `_`, goes on with those, digits and `$`, has at
        ///   most 63 bytes, and is none of PostgreSQL's own.
        package init?(_ name: String) {
            let bytes = Array(name.utf8)
            guard let first = bytes.first, bytes.count <= 63, Self.isLetter(first) else { return nil }
            guard bytes.allSatisfy({ Self.isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x24 }) else {
                return nil
            }
            guard !name.hasPrefix("pg_"), name != "information_schema" else { return nil }
            self.name = name
        }

        private init(unchecked name: String) { self.name = name }

        private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || byte == 0x5F }

        /// As it stands in SQL.
        package var quoted: String { "\"\(name)\"" }
    }
#endif
