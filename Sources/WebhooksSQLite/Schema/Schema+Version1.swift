extension Schema {
    /// Times are UTC milliseconds, durations microseconds; small numbers stand for terms (`StoredEnum`).
    ///
    /// - `webhooks_schema`: the version; which store this is (`StoreIdentity`); the highest ids that were ever deleted, so that none is given out again; up to
    ///   which ids the log's indexes go (`LogIndexer`), and the latest times in them; a number that a dispatcher changes
    ///   before it checkpoints (`Checkpointer`).
    /// - `webhooks_pending`: events that wait for their fan-out. Apart from the events, for changing a row rewrites it
    ///   with all its data. `place` (`AcceptancePlace`) is set once an event is due; `ends` counts the processes that ended
    ///   while it was being rendered; `set_aside` says why it is given out no more.
    /// - `webhooks_cancellations`: subscriptions that get nothing of the events from one row to another, because theirs was
    ///   cancelled before those were matched; gone once nothing between them waits.
    /// - `webhooks_subscriptions`: `breaker_failures` and `breaker_until` are what the dispatcher that runs, or has run last,
    ///   tells of an open breaker.
    /// - `webhooks_bodies`: each distinct body of an event once. Where the event's data stand in it, `content` is only what
    ///   stands around them, and they belong at `split` (`StoredBody`); `checksum` is that of the whole body.
    /// - `webhooks_deliveries`: `due_at` exactly while pending or waiting (states 0 and 1), which is what the index of
    ///   open deliveries holds (a place instead of a time for first attempts where order matters); `settled_at` exactly
    ///   once settled (3 and above); 2 is in flight. The index of states holds what is `indexed`, but for what is in
    ///   flight.
    ///   `cancelled_at`: when it was cancelled in flight; then it never waits again.
    ///   `wait`: the last wait for a retry, in milliseconds, which `due_at` alone doesn't tell where a clock was wrong.
    /// - `webhooks_terms`: indexed rows by topic or tenant (`Term`).
    /// - `webhooks_clock_steps`: indexed rows at which the clock had been put back.
    /// - `webhooks_attempts`: finished ones. One in flight is its delivery's `attempts` and `claimed_at`.
    ///
    /// `checksum` is a checksum (`Checksum`). Columns that change stand behind those that don't, large ones last.
    static let version1 = """
        CREATE TABLE IF NOT EXISTS webhooks_schema (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            version INTEGER NOT NULL,
            identity INTEGER NOT NULL,
            last_event INTEGER NOT NULL DEFAULT 0,
            last_delivery INTEGER NOT NULL DEFAULT 0,
            indexed_event INTEGER NOT NULL DEFAULT 0,
            indexed_delivery INTEGER NOT NULL DEFAULT 0,
            latest_event INTEGER NOT NULL DEFAULT 0,
            latest_delivery INTEGER NOT NULL DEFAULT 0,
            checkpoints INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE IF NOT EXISTS webhooks_events (
            id INTEGER PRIMARY KEY,
            event_id TEXT NOT NULL UNIQUE,
            topic TEXT NOT NULL,
            tenant TEXT,
            occurred_at INTEGER NOT NULL,
            occurred_given INTEGER NOT NULL CHECK (occurred_given IN (0, 1)),
            created_at INTEGER NOT NULL,
            deliver_at INTEGER,
            test INTEGER NOT NULL CHECK (test IN (0, 1)),
            target TEXT,
            trace TEXT,
            cancelled INTEGER NOT NULL DEFAULT 0 CHECK (cancelled IN (0, 1)),
            checksum INTEGER NOT NULL,
            data BLOB NOT NULL
        ) STRICT;
        CREATE INDEX IF NOT EXISTS webhooks_events_test ON webhooks_events (test) WHERE test = 1;

        CREATE TABLE IF NOT EXISTS webhooks_pending (
            event INTEGER PRIMARY KEY,
            due_at INTEGER NOT NULL,
            place INTEGER,
            ends INTEGER NOT NULL DEFAULT 0,
            set_aside TEXT
        ) STRICT;
        CREATE INDEX IF NOT EXISTS webhooks_pending_place ON webhooks_pending (place) WHERE place IS NOT NULL;
        CREATE INDEX IF NOT EXISTS webhooks_pending_due ON webhooks_pending (due_at) WHERE place IS NULL;

        CREATE TABLE IF NOT EXISTS webhooks_cancellations (
            subscription TEXT NOT NULL,
            from_event INTEGER NOT NULL,
            up_to_event INTEGER NOT NULL,
            PRIMARY KEY (subscription, from_event)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE IF NOT EXISTS webhooks_subscriptions (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            disabled_cause TEXT CHECK (disabled_cause IN ('manual', 'gone', 'failing')),
            disabled_at INTEGER,
            enabled_at INTEGER,
            failing_since INTEGER,
            has_succeeded INTEGER NOT NULL DEFAULT 0 CHECK (has_succeeded IN (0, 1)),
            paused_at INTEGER,
            paused_until INTEGER,
            resumed_at INTEGER,
            retries INTEGER NOT NULL DEFAULT 0,
            breaker_failures INTEGER,
            breaker_until INTEGER,
            last_start_at INTEGER,
            CHECK (paused_until IS NULL OR paused_at IS NOT NULL),
            CHECK ((disabled_cause IS NULL) = (disabled_at IS NULL)),
            CHECK ((breaker_failures IS NULL) = (breaker_until IS NULL))
        ) STRICT;

        CREATE TABLE IF NOT EXISTS webhooks_bodies (
            id INTEGER PRIMARY KEY,
            event INTEGER,
            split INTEGER,
            checksum INTEGER NOT NULL,
            content BLOB NOT NULL,
            CHECK ((event IS NULL) = (split IS NULL))
        ) STRICT;

        CREATE TABLE IF NOT EXISTS webhooks_deliveries (
            id INTEGER PRIMARY KEY,
            event INTEGER NOT NULL,
            subscription INTEGER NOT NULL,
            body INTEGER,
            content_type INTEGER NOT NULL,
            mode INTEGER NOT NULL,
            test INTEGER NOT NULL CHECK (test IN (0, 1)),
            retrigger_of INTEGER,
            created_at INTEGER NOT NULL,
            indexed INTEGER NOT NULL DEFAULT 0 CHECK (indexed IN (0, 1)),
            state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 6),
            attempts INTEGER NOT NULL DEFAULT 0,
            uncounted_attempts INTEGER NOT NULL DEFAULT 0,
            interruptions INTEGER NOT NULL DEFAULT 0,
            due_at INTEGER,
            wait INTEGER,
            claimed_at INTEGER,
            cancelled_at INTEGER,
            settled_at INTEGER,
            last_status INTEGER,
            last_error INTEGER,
            detail TEXT,
            CHECK ((state < 2) = (due_at IS NOT NULL)),
            CHECK ((state > 2) = (settled_at IS NOT NULL)),
            CHECK ((attempts > 0) = (claimed_at IS NOT NULL)),
            CHECK (cancelled_at IS NULL OR (state >= 2 AND attempts > 0)),
            CHECK (CASE state WHEN 0 THEN attempts = 0 WHEN 1 THEN attempts > 0 WHEN 2 THEN attempts > 0 ELSE 1 END)
        ) STRICT;
        CREATE INDEX IF NOT EXISTS webhooks_deliveries_event ON webhooks_deliveries (event);
        CREATE INDEX IF NOT EXISTS webhooks_deliveries_open ON webhooks_deliveries (subscription, due_at)
            WHERE due_at IS NOT NULL;
        CREATE INDEX IF NOT EXISTS webhooks_deliveries_in_flight ON webhooks_deliveries (subscription)
            WHERE state = 2;
        CREATE INDEX IF NOT EXISTS webhooks_deliveries_state ON webhooks_deliveries (subscription, state, indexed)
            WHERE indexed = 1 AND state <> 2;
        CREATE INDEX IF NOT EXISTS webhooks_deliveries_test ON webhooks_deliveries (test) WHERE test = 1;

        CREATE TABLE IF NOT EXISTS webhooks_terms (
            kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),
            term TEXT NOT NULL,
            id INTEGER NOT NULL,
            PRIMARY KEY (kind, term, id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE IF NOT EXISTS webhooks_clock_steps (
            of_event INTEGER NOT NULL CHECK (of_event IN (0, 1)),
            id INTEGER NOT NULL,
            PRIMARY KEY (of_event, id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE IF NOT EXISTS webhooks_attempts (
            delivery INTEGER NOT NULL,
            number INTEGER NOT NULL CHECK (number > 0),
            outcome INTEGER,
            status INTEGER,
            error INTEGER,
            started_at INTEGER NOT NULL,
            finished_at INTEGER,
            duration INTEGER,
            dns INTEGER,
            connect INTEGER,
            tls INTEGER,
            first_byte INTEGER,
            truncated INTEGER NOT NULL,
            reused INTEGER NOT NULL,
            http_version TEXT,
            remote_address TEXT,
            url TEXT NOT NULL,
            detail TEXT,
            checksum INTEGER NOT NULL,
            headers BLOB NOT NULL,
            response_body BLOB NOT NULL,
            PRIMARY KEY (delivery, number)
        ) STRICT, WITHOUT ROWID;
        """
}
