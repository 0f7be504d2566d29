internal import GRDB
internal import WebhookCore

/// A subscription's health, as a row.
enum HealthRow {
    /// Takes over what an engine knows, except where a decision by hand is newer (``StoreBatch/health``).
    static func update(_ health: SubscriptionHealth, row: Int64, _ db: StoreDatabase) throws {
        // All expressions see the row as it was: the cause and its time change together or not at all.
        try db.execute(
            sql: """
                UPDATE webhooks_subscriptions SET
                    disabled_cause = CASE WHEN disabled_cause IS NOT NULL OR :at < enabled_at
                        THEN disabled_cause ELSE :cause END,
                    disabled_at = CASE WHEN disabled_cause IS NOT NULL OR :at < enabled_at
                        THEN disabled_at ELSE :at END,
                    failing_since = CASE WHEN :failing < coalesce(max(enabled_at, resumed_at), enabled_at, resumed_at)
                        THEN coalesce(max(enabled_at, resumed_at), enabled_at, resumed_at) ELSE :failing END,
                    has_succeeded = :succeeded, breaker_failures = :failures, breaker_until = :until,
                    last_start_at = coalesce(:start, last_start_at)
                WHERE id = :row
                """,
            arguments: [
                "row": row, "cause": health.disabled?.cause.rawValue, "at": health.disabled?.at.milliseconds,
                "failing": health.failingSince?.milliseconds, "succeeded": health.hasSucceeded,
                "failures": health.breaker?.failures, "until": health.breaker?.until.milliseconds,
                "start": health.lastStartAt?.milliseconds,
            ]
        )
    }

    /// Decides by hand.
    static func setDisabled(
        _ disabled: SubscriptionHealth.Disabled?,
        of name: String,
        at instant: Timestamp,
        _ db: StoreDatabase
    ) throws {
        try db.execute(
            sql: "INSERT INTO webhooks_subscriptions (name) VALUES (?) ON CONFLICT (name) DO NOTHING",
            arguments: [name]
        )
        if let disabled {
            try db.execute(
                sql: "UPDATE webhooks_subscriptions SET disabled_cause = ?, disabled_at = ? WHERE name = ?",
                arguments: [disabled.cause.rawValue, disabled.at.milliseconds, name]
            )
        } else {
            try db.execute(
                sql: """
                    UPDATE webhooks_subscriptions
                    SET disabled_cause = NULL, disabled_at = NULL, failing_since = NULL, enabled_at = ? WHERE name = ?
                    """,
                arguments: [instant.milliseconds, name]
            )
        }
    }

    /// Lifts a disabling, for whatever reason it was; what is enabled stays as it is.
    static func enable(_ name: String, at instant: Timestamp, _ db: StoreDatabase) throws {
        try db.execute(
            sql: """
                UPDATE webhooks_subscriptions
                SET disabled_cause = NULL, disabled_at = NULL, failing_since = NULL, enabled_at = ?
                WHERE name = ? AND disabled_cause IS NOT NULL
                """,
            arguments: [instant.milliseconds, name]
        )
    }

    /// Tells whether it is disabled, for whatever reason.
    static func isDisabled(row: Int64, _ db: StoreDatabase) throws -> Bool {
        let select = try PreparedStatement(
            db,
            "SELECT 1 FROM webhooks_subscriptions WHERE id = ? AND disabled_cause IS NOT NULL"
        )
        try select.bind(row)
        defer { select.reset() }
        return try select.next()
    }

    /// Pauses, by hand.
    static func pause(_ paused: SubscriptionHealth.Paused, row: Int64, _ db: StoreDatabase) throws {
        try db.execute(
            sql: "UPDATE webhooks_subscriptions SET paused_at = ?, paused_until = ? WHERE id = ?",
            arguments: [paused.at.milliseconds, paused.until?.milliseconds, row]
        )
    }

    /// Ends a pause.
    ///
    /// - Parameter only: this one alone; `nil` for any.
    static func resume(_ only: SubscriptionHealth.Paused?, row: Int64, at instant: Timestamp, _ db: StoreDatabase)
        throws
    {
        try db.execute(
            sql: """
                UPDATE webhooks_subscriptions
                SET paused_at = NULL, paused_until = NULL, failing_since = NULL, resumed_at = :now
                WHERE id = :row AND paused_at IS NOT NULL
                AND (:any OR (paused_at = :at AND paused_until IS :until))
                """,
            arguments: [
                "row": row, "now": instant.milliseconds, "any": only == nil, "at": only?.at.milliseconds,
                "until": only?.until?.milliseconds,
            ]
        )
    }

    /// The pause of a subscription, over or not.
    static func pause(row: Int64, _ db: StoreDatabase) throws -> SubscriptionHealth.Paused? {
        let select = try PreparedStatement(
            db,
            "SELECT paused_at, paused_until FROM webhooks_subscriptions WHERE id = ? AND paused_at IS NOT NULL"
        )
        try select.bind(row)
        guard try select.next() else { return nil }
        defer { select.reset() }
        return SubscriptionHealth.Paused(at: select.timestamp(0), until: select.optionalTimestamp(1))
    }

    /// Forgets what is remembered of a subscription.
    static func forget(_ name: String, _ db: StoreDatabase) throws {
        try db.execute(
            sql: """
                UPDATE webhooks_subscriptions
                SET disabled_cause = NULL, disabled_at = NULL, failing_since = NULL, has_succeeded = 0, paused_at = NULL,
                    paused_until = NULL, retries = 0, breaker_failures = NULL, breaker_until = NULL, last_start_at = NULL
                WHERE name = ?
                """,
            arguments: [name]
        )
    }

    /// Every subscription's health, by name; those without any are left out.
    static func all(_ db: StoreDatabase) throws -> [SubscriptionHealth] {
        let rows = try PreparedStatement(db, "\(select) ORDER BY name")
        var health: [SubscriptionHealth] = []
        while try rows.next() { health.append(read(rows)) }
        return health
    }

    /// The same of some, each found by its name.
    static func of(_ names: Set<String>, _ db: StoreDatabase) throws -> [SubscriptionHealth] {
        if names.isEmpty { return [] }
        let row = try PreparedStatement(db, "\(select) AND name = ?")
        var health: [SubscriptionHealth] = []
        for name in names.sorted() {
            try row.bind(name)
            if try row.next() { health.append(read(row)) }
            row.reset()
        }
        return health
    }

    private static let select = """
        SELECT name, disabled_cause, disabled_at, failing_since, has_succeeded, paused_at, paused_until, retries,
            breaker_failures, breaker_until, last_start_at
        FROM webhooks_subscriptions
        WHERE (disabled_cause IS NOT NULL OR failing_since IS NOT NULL OR has_succeeded OR paused_at IS NOT NULL
            OR retries > 0 OR breaker_until IS NOT NULL OR last_start_at IS NOT NULL)
        """

    private static func read(_ row: PreparedStatement) -> SubscriptionHealth {
        let cause = row.optionalText(1).flatMap(SubscriptionHealth.Disabled.Cause.init)
        return SubscriptionHealth(
            subscription: row.text(0),
            disabled: cause.map { SubscriptionHealth.Disabled(cause: $0, at: row.timestamp(2)) },
            failingSince: row.optionalTimestamp(3),
            hasSucceeded: row.bool(4),
            paused: row.optionalTimestamp(5).map {
                SubscriptionHealth.Paused(at: $0, until: row.optionalTimestamp(6))
            },
            retries: row.int(7),
            breaker: row.optionalTimestamp(9).map {
                SubscriptionHealth.Breaker(failures: row.int(8), until: $0)
            },
            lastStartAt: row.optionalTimestamp(10)
        )
    }
}
