extension Schema {
    /// The tables of the HTTP API. Nothing of it is touched by those who only emit.
    ///
    /// - `webhooks_applications`: `tenant` is that of its events, for ever. A deleted one stays without what
    ///   was given with it, so that its tenant is known.
    /// - `webhooks_messages`: what an event has as a message; gone with its event.
    /// - `webhooks_answers`: answers that are given again, by the digest of token, key and path; written with their effect.
    /// - `webhooks_tokens`: tokens of applications, by their digest.
    /// - `webhooks_tasks`: `owner` works on it (`NodeID`), until `claimed_until` has come and somebody else claims it.
    ///   `due_at`: nobody claims it before. `attempts`: the claims since it last got anywhere.
    static let platform = """
        CREATE TABLE IF NOT EXISTS webhooks_applications (
            id TEXT PRIMARY KEY NOT NULL,
            uid TEXT,
            tenant TEXT NOT NULL,
            name TEXT NOT NULL,
            throttle INTEGER,
            metadata TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            events_since INTEGER,
            deleted_at INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX IF NOT EXISTS webhooks_applications_uid ON webhooks_applications (uid)
            WHERE uid IS NOT NULL AND deleted_at IS NULL;
        CREATE UNIQUE INDEX IF NOT EXISTS webhooks_applications_tenant ON webhooks_applications (tenant)
            WHERE deleted_at IS NULL;
        CREATE INDEX IF NOT EXISTS webhooks_applications_former ON webhooks_applications (tenant)
            WHERE deleted_at IS NOT NULL;

        CREATE TABLE IF NOT EXISTS webhooks_event_types (
            name TEXT PRIMARY KEY NOT NULL,
            description TEXT NOT NULL,
            archived INTEGER NOT NULL CHECK (archived IN (0, 1)),
            deprecated INTEGER NOT NULL CHECK (deprecated IN (0, 1)),
            schemas TEXT,
            family TEXT,
            feature_flags TEXT,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE IF NOT EXISTS webhooks_messages (
            event INTEGER PRIMARY KEY,
            application TEXT NOT NULL,
            event_id TEXT,
            channels TEXT,
            tags TEXT,
            expires_at INTEGER,
            expunged_at INTEGER
        ) STRICT;
        CREATE INDEX IF NOT EXISTS webhooks_messages_application ON webhooks_messages (application, event);
        CREATE UNIQUE INDEX IF NOT EXISTS webhooks_messages_event_id ON webhooks_messages (application, event_id)
            WHERE event_id IS NOT NULL;
        CREATE INDEX IF NOT EXISTS webhooks_messages_expiry ON webhooks_messages (expires_at)
            WHERE expires_at IS NOT NULL AND expunged_at IS NULL;

        CREATE TABLE IF NOT EXISTS webhooks_answers (
            key BLOB PRIMARY KEY NOT NULL,
            request BLOB NOT NULL,
            status INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            body BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS webhooks_answers_expiry ON webhooks_answers (expires_at);

        CREATE TABLE IF NOT EXISTS webhooks_tokens (
            digest BLOB PRIMARY KEY NOT NULL,
            application TEXT NOT NULL,
            capabilities TEXT,
            read_only INTEGER NOT NULL CHECK (read_only IN (0, 1)),
            session TEXT,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS webhooks_tokens_application ON webhooks_tokens (application);

        CREATE TABLE IF NOT EXISTS webhooks_tasks (
            id TEXT PRIMARY KEY NOT NULL,
            kind TEXT NOT NULL,
            application TEXT,
            subject TEXT,
            state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'failed')),
            parameters TEXT NOT NULL,
            done INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            data TEXT NOT NULL,
            updated_at INTEGER NOT NULL,
            owner TEXT,
            claimed_until INTEGER,
            due_at INTEGER,
            CHECK ((owner IS NULL) = (claimed_until IS NULL)),
            CHECK (owner IS NULL OR state = 'running')
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS webhooks_tasks_running ON webhooks_tasks (id) WHERE state = 'running';
        CREATE INDEX IF NOT EXISTS webhooks_tasks_ended ON webhooks_tasks (updated_at) WHERE state <> 'running';
        """
}
