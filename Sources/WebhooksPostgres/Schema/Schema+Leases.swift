#if PostgreSQL
    extension Schema {
        /// Several dispatchers on one database.
        ///
        /// - `nodes`: dispatchers that are alive, by process and term (`NodeID`). `expires_at` is in UTC milliseconds of the
        ///   server's clock; whoever comes after that removes the row. A transaction that claims keeps it from being removed.
        /// - `leases`: subscriptions and the nodes that serve them. A lease whose node has no row is free.
        /// - `pending.given_to`: the node that has read the event and fans it out.
        /// - `writers.leased`: a dispatcher among several, which needs no other to end.
        static let leaseTables = """
            CREATE TABLE nodes (
                started_at bigint NOT NULL,
                heartbeat_at bigint NOT NULL,
                expires_at bigint NOT NULL,
                lag bigint,
                pid integer NOT NULL,
                subscriptions integer NOT NULL,
                id text COLLATE "C" PRIMARY KEY,
                host text NOT NULL,
                configuration text NOT NULL
            ) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

            CREATE TABLE leases (
                subscription text COLLATE "C" PRIMARY KEY,
                node text COLLATE "C" NOT NULL
            ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

            ALTER TABLE pending ADD COLUMN given_to text COLLATE "C";
            ALTER TABLE writers ADD COLUMN leased boolean NOT NULL DEFAULT false;
            """

        /// - `writers.held`: the subscriptions that a dispatcher can't send to because of their settings, a line each: held, or `!` and
        ///   the name of one that is refused.
        static let heldSubscriptions = """
            ALTER TABLE writers ADD COLUMN held text;
            """

        /// - `writers.refused`: the number of problems of the configuration that a dispatcher was to load again and has refused.
        static let refusedConfigurations = """
            ALTER TABLE writers ADD COLUMN refused integer;
            """

        /// - `nodes.configured_at`: the time since which a node has its configuration; 0 where an older program doesn't say.
        static let configurationTimes = """
            ALTER TABLE nodes ADD COLUMN configured_at bigint NOT NULL DEFAULT 0;
            """
    }
#endif
