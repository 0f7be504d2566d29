#if PostgreSQL
    internal import CWebhooksPostgres
    package import WebhookCore

    /// A server and a role's rights on it, as an operator may want to know them. Read once; nothing is changed.
    package struct ServerFacts: Sendable, Hashable {
        /// Something that keeps the server from removing old versions of rows.
        package struct VacuumHolder: Sendable, Hashable {
            package enum Kind: String, Sendable {
                /// A session whose transaction has been open for long.
                case session
                /// A transaction that was prepared and never ended.
                case prepared
                /// A replication slot that nobody reads from.
                case slot
            }

            package var kind: Kind
            package var name: String
            /// The time for which it has done so; `nil` where the server doesn't know.
            package var age: Duration?
        }

        /// The version, such as 15.
        package var version = 0
        package var isStandby = false
        /// Tells whether sessions of the role may not write unless they say so (`default_transaction_read_only`).
        package var isReadOnly = false
        package var isFsyncOff = false
        /// The setting that the role's other sessions have.
        package var synchronousCommit = "on"
        /// Tells whether the session isn't the server's own: a pooler stands in between.
        package var isPooled = false
        /// The connection's `sslmode`, such as prefer.
        package var sslMode = ""
        package var isEncrypted = false
        /// True when the connection stays on this machine.
        package var isLocal = true
        /// Tells whether there is a schema for the tables.
        package var hasSchema = false
        /// The rights that the role lacks, such as `INSERT on events`.
        package var missingRights: [String] = []
        package var connections = 0
        package var mostConnections = 0
        package var vacuumHolders: [VacuumHolder] = []

        package init() {}
    }

    extension ServerFacts.VacuumHolder {
        fileprivate init?(_ row: Row) {
            guard let kind = Kind(rawValue: row.text(0)) else { return nil }
            self.init(kind: kind, name: row.text(1), age: row.optionalInt64(2).map { .milliseconds($0) })
        }
    }

    extension PostgresConnection {
        /// An option as libpq has it in force; `nil`: none of that name, or no value.
        fileprivate func option(_ name: String) -> String? {
            guard let options = PQconninfo(raw) else { return nil }
            defer { PQconninfoFree(options) }
            var option = options
            while let keyword = option.pointee.keyword {
                if String(cString: keyword) == name { return option.pointee.val.map { String(cString: $0) } }
                option += 1
            }
            return nil
        }

        /// True for a Unix socket and for this machine's own addresses.
        fileprivate var isLocal: Bool {
            if let host = PQhost(raw).map({ String(cString: $0) }), host.hasPrefix("/") || host.hasPrefix("@") {
                return true
            }
            let address = PQhostaddr(raw).map { String(cString: $0) } ?? ""
            return address.hasPrefix("127.") || address == "::1"
        }
    }

    extension PostgresStore {
        /// Everything that keeps the server from removing old versions of rows.
        ///
        /// - Parameter patience: the age from which an open transaction does.
        package func vacuumHolders(patience: Duration) async throws(StoreError) -> [ServerFacts.VacuumHolder] {
            try await read { try ServerFacts.vacuumHolders($0, patience) }
        }
    }

    extension ServerFacts {
        /// Connects, and asks.
        ///
        /// - Parameter patience: the age from which an open transaction is one that holds vacuum back.
        /// - Throws: ``StoreError``: why the server can't be used.
        package static func read(_ target: PostgresTarget, patience: Duration) throws(StoreError) -> ServerFacts {
            try target.access { try read(PostgresConnection(target, isWriter: false), patience) }
        }

        static func read(_ connection: PostgresConnection, _ patience: Duration) throws -> ServerFacts {
            let schema = Parameter.text(connection.target.schema.name)
            let results = try connection.run([
                BoundStatement(settings, [schema]), BoundStatement(rights, [schema]),
                BoundStatement(holders, [.int8(patience.wholeMilliseconds)]),
            ])
            var facts = ServerFacts()
            facts.version = Int(PQserverVersion(connection.raw)) / 10_000
            let row = results[0][0]
            (facts.isStandby, facts.isFsyncOff, facts.synchronousCommit) = (row.bool(0), row.bool(1), row.text(2))
            // A pooler gives its clients a number of its own.
            facts.isPooled = row.int32(3) != Int(connection.backend)
            (facts.sslMode, facts.isEncrypted) = (connection.option("sslmode") ?? "", PQsslInUse(connection.raw) == 1)
            facts.isLocal = connection.isLocal
            (facts.connections, facts.mostConnections) = (row.int32(4), row.int32(5))
            (facts.hasSchema, facts.isReadOnly) = (row.bool(6), row.bool(7))
            facts.missingRights = results[1].map { $0.text(0) }
            facts.vacuumHolders = results[2].compactMap { VacuumHolder($0) }
            return facts
        }

        static func vacuumHolders(_ connection: PostgresConnection, _ patience: Duration) throws -> [VacuumHolder] {
            try connection.run(holders, [.int8(patience.wholeMilliseconds)]).compactMap { VacuumHolder($0) }
        }

        /// `reset_val` is what the role's sessions begin with; our own have set theirs.
        private static let settings = Statement(
            """
            SELECT pg_is_in_recovery(), NOT current_setting('fsync')::bool,
                (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit'), pg_backend_pid(),
                (SELECT count(*)::int4 FROM pg_stat_activity WHERE backend_type = 'client backend'),
                current_setting('max_connections')::int4,
                EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1::text),
                current_setting('default_transaction_read_only')::bool
            """
        )
        private static let rights = Statement(
            """
            SELECT 'CREATE on the database ' || current_database()
            WHERE NOT has_database_privilege(current_database(), 'CREATE')
                AND NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1::text)
            UNION ALL
            SELECT 'USAGE on the schema ' || nspname FROM pg_namespace
            WHERE nspname = $1::text AND NOT has_schema_privilege(oid, 'USAGE')
            UNION ALL
            SELECT string_agg(p.name, ', ' ORDER BY p.place) || ' on ' || c.relname
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) WITH ORDINALITY AS p (name, place)
            WHERE n.nspname = $1::text AND c.relkind = 'r' AND NOT has_table_privilege(c.oid, p.name)
            GROUP BY c.relname
            """
        )
        /// A role sees the ages of others' transactions where it is theirs, or a member of `pg_read_all_stats`.
        private static let holders = Statement(
            """
            SELECT 'session', concat_ws(' ', 'process', pid, 'of', usename, nullif(application_name, '')),
                (extract(epoch FROM clock_timestamp() - xact_start) * 1000)::int8
            FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'
                AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
                AND extract(epoch FROM clock_timestamp() - xact_start) * 1000 >= $1::int8
            UNION ALL
            SELECT 'prepared', gid, (extract(epoch FROM clock_timestamp() - prepared) * 1000)::int8 FROM pg_prepared_xacts
            WHERE database = current_database() AND extract(epoch FROM clock_timestamp() - prepared) * 1000 >= $1::int8
            UNION ALL
            SELECT 'slot', slot_name, NULL FROM pg_replication_slots
            WHERE NOT active AND (restart_lsn IS NOT NULL OR xmin IS NOT NULL OR catalog_xmin IS NOT NULL)
                AND (database IS NULL OR database = current_database())
            ORDER BY 3 DESC NULLS LAST
            LIMIT 20
            """
        )
    }
#endif
