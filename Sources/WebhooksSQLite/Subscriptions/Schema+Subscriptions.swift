extension Schema {
    /// Subscriptions that are kept in the store.
    ///
    /// - `webhooks_stored_subscriptions`: `version` is the number of the change that made a row what it is, so that the
    ///   highest is the store's. A deleted row stays with its id, name and tenant alone: deliveries refer
    ///   to its name.
    /// - `webhooks_stored_secrets`: sealed signing secrets, the newest first by `place`.
    static let subscriptions = """
        CREATE TABLE IF NOT EXISTS webhooks_stored_subscriptions (
            id TEXT PRIMARY KEY NOT NULL,
            version INTEGER NOT NULL,
            name TEXT NOT NULL,
            uid TEXT,
            tenant TEXT,
            definition TEXT NOT NULL,
            credentials BLOB,
            credentials_key TEXT,
            channels TEXT,
            disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
            metadata TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            deleted_at INTEGER,
            CHECK ((credentials IS NULL) = (credentials_key IS NULL)),
            CHECK (deleted_at IS NULL OR credentials IS NULL)
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX IF NOT EXISTS webhooks_stored_subscriptions_version
            ON webhooks_stored_subscriptions (version);
        CREATE UNIQUE INDEX IF NOT EXISTS webhooks_stored_subscriptions_name ON webhooks_stored_subscriptions (name)
            WHERE deleted_at IS NULL;
        CREATE UNIQUE INDEX IF NOT EXISTS webhooks_stored_subscriptions_uid
            ON webhooks_stored_subscriptions (coalesce(tenant, ''), uid) WHERE uid IS NOT NULL AND deleted_at IS NULL;
        CREATE INDEX IF NOT EXISTS webhooks_stored_subscriptions_tenant ON webhooks_stored_subscriptions (tenant, id)
            WHERE deleted_at IS NULL;

        CREATE TABLE IF NOT EXISTS webhooks_stored_secrets (
            subscription TEXT NOT NULL,
            place INTEGER NOT NULL,
            key TEXT NOT NULL,
            sealed BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            PRIMARY KEY (subscription, place)
        ) STRICT, WITHOUT ROWID;
        """
}
