#if PostgreSQL
    extension Schema {
        /// The HTTP API, and subscriptions that are kept in the store. Nothing of it is touched by those who only emit. The
        /// tables and columns are those of the store on SQLite, by the same names without their prefix.
        ///
        /// - `applications`: `tenant` is that of its events, for ever. A deleted one stays without what was
        ///   given with it, so that its tenant is known.
        /// - `messages`: what an event has as a message; gone with its event.
        /// - `answers`: answers that are given again, by the digest of token, key and path; written with their effect.
        /// - `tokens`: tokens of applications, by their digest.
        /// - `tasks`: `owner` works on it (`NodeID`), until `claimed_until`, in UTC milliseconds of the server's clock, has come
        ///   and somebody else claims it.
        /// - `stored_subscriptions`: `version` is the number of the change that made a row what it is, so that the highest is
        ///   the store's. Changes come one after the other, under a lock: a number is never visible before a lower one. A
        ///   deleted row stays with its id, name and tenant alone: deliveries refer to its name.
        /// - `stored_secrets`: sealed signing secrets, the newest first by `place`.
        static let platformTables = """
            CREATE TABLE applications (
                created_at bigint NOT NULL,
                updated_at bigint NOT NULL,
                events_since bigint,
                deleted_at bigint,
                throttle integer,
                id text COLLATE "C" PRIMARY KEY,
                uid text COLLATE "C",
                tenant text COLLATE "C" NOT NULL,
                name text NOT NULL,
                metadata text NOT NULL
            );
            CREATE UNIQUE INDEX applications_uid ON applications (uid) WHERE uid IS NOT NULL AND deleted_at IS NULL;
            CREATE UNIQUE INDEX applications_tenant ON applications (tenant) WHERE deleted_at IS NULL;
            CREATE INDEX applications_former ON applications (tenant) WHERE deleted_at IS NOT NULL;

            CREATE TABLE event_types (
                created_at bigint NOT NULL,
                updated_at bigint NOT NULL,
                archived boolean NOT NULL,
                deprecated boolean NOT NULL,
                name text COLLATE "C" PRIMARY KEY,
                description text NOT NULL,
                schemas text,
                family text,
                feature_flags text
            );

            CREATE TABLE messages (
                event bigint PRIMARY KEY,
                expires_at bigint,
                expunged_at bigint,
                application text COLLATE "C" NOT NULL,
                event_id text COLLATE "C",
                channels text COLLATE "C",
                tags text COLLATE "C"
            );
            CREATE INDEX messages_application ON messages (application, event);
            CREATE UNIQUE INDEX messages_event_id ON messages (application, event_id) WHERE event_id IS NOT NULL;
            CREATE INDEX messages_expiry ON messages (expires_at)
                WHERE expires_at IS NOT NULL AND expunged_at IS NULL;

            CREATE TABLE answers (
                expires_at bigint NOT NULL,
                status integer NOT NULL,
                key bytea PRIMARY KEY,
                request bytea NOT NULL,
                body bytea NOT NULL
            );
            CREATE INDEX answers_expiry ON answers (expires_at);

            CREATE TABLE tokens (
                expires_at bigint NOT NULL,
                read_only boolean NOT NULL,
                digest bytea PRIMARY KEY,
                application text COLLATE "C" NOT NULL,
                capabilities text,
                session text COLLATE "C"
            );
            CREATE INDEX tokens_application ON tokens (application);

            CREATE TABLE tasks (
                updated_at bigint NOT NULL,
                done bigint NOT NULL,
                claimed_until bigint,
                due_at bigint,
                attempts integer NOT NULL,
                id text COLLATE "C" PRIMARY KEY,
                kind text COLLATE "C" NOT NULL,
                application text COLLATE "C",
                subject text COLLATE "C",
                owner text COLLATE "C",
                state text NOT NULL CHECK (state IN ('running', 'finished', 'failed')),
                parameters text NOT NULL,
                data text NOT NULL,
                CHECK ((owner IS NULL) = (claimed_until IS NULL)),
                CHECK (owner IS NULL OR state = 'running')
            );
            CREATE INDEX tasks_running ON tasks (id) WHERE state = 'running';
            CREATE INDEX tasks_ended ON tasks (updated_at) WHERE state <> 'running';

            CREATE TABLE stored_subscriptions (
                version bigint NOT NULL,
                created_at bigint NOT NULL,
                updated_at bigint NOT NULL,
                deleted_at bigint,
                disabled boolean NOT NULL,
                id text COLLATE "C" PRIMARY KEY,
                name text COLLATE "C" NOT NULL,
                uid text COLLATE "C",
                tenant text COLLATE "C",
                channels text COLLATE "C",
                definition text NOT NULL,
                metadata text NOT NULL,
                credentials_key text,
                credentials bytea,
                CHECK ((credentials IS NULL) = (credentials_key IS NULL)),
                CHECK (deleted_at IS NULL OR credentials IS NULL)
            );
            CREATE UNIQUE INDEX stored_subscriptions_version ON stored_subscriptions (version);
            CREATE UNIQUE INDEX stored_subscriptions_name ON stored_subscriptions (name) WHERE deleted_at IS NULL;
            CREATE UNIQUE INDEX stored_subscriptions_uid ON stored_subscriptions (coalesce(tenant, ''), uid)
                WHERE uid IS NOT NULL AND deleted_at IS NULL;
            CREATE INDEX stored_subscriptions_tenant ON stored_subscriptions (tenant, id) WHERE deleted_at IS NULL;

            CREATE TABLE stored_secrets (
                created_at bigint NOT NULL,
                expires_at bigint,
                place integer NOT NULL,
                subscription text COLLATE "C" NOT NULL,
                key text NOT NULL,
                sealed bytea NOT NULL,
                PRIMARY KEY (subscription, place)
            );
            """
    }
#endif
