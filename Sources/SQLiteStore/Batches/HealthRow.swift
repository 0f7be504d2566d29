internal import GRDB
internal import WebhookCore

/// What is remembered about a subscription, in its row.
enum HealthRow {
    /// Takes over what an engine knows, except where a decision by hand is newer (``StoreBatch/health``).
    static func update(_ health: SubscriptionHealth, row: Int64, _ db: Database) throws {
        // All expressions see the row as it was: the cause and its moment change together or not at all.
        try db.execute(
            sql: """
                UPDATE webhooks_subscriptions SET
                    disabled_cause = CASE WHEN disabled_cause IS NOT NULL OR :at < enabled_at
                        THEN disabled_cause ELSE :cause END,
                    disabled_at = CASE WHEN disabled_cause IS NOT NULL OR :at < enabled_at
                        THEN disabled_at ELSE :at END,
                    failing_since = CASE WHEN :failing < enabled_at THEN enabled_at ELSE :failing END,
                    has_succeeded = :succeeded
                WHERE id = :row
                """,
            arguments: [
                "row": row, "cause": health.disabled?.cause.rawValue, "at": health.disabled?.at.milliseconds,
                "failing": health.failingSince?.milliseconds, "succeeded": health.hasSucceeded,
            ]
        )
    }

    /// Decides by hand.
    static func setDisabled(
        _ disabled: SubscriptionHealth.Disabled?,
        row: Int64,
        at moment: Timestamp,
        _ db: Database
    ) throws {
        if let disabled {
            try db.execute(
                sql: "UPDATE webhooks_subscriptions SET disabled_cause = ?, disabled_at = ? WHERE id = ?",
                arguments: [disabled.cause.rawValue, disabled.at.milliseconds, row]
            )
        } else {
            try db.execute(
                sql: """
                    UPDATE webhooks_subscriptions
                    SET disabled_cause = NULL, disabled_at = NULL, failing_since = NULL, enabled_at = ? WHERE id = ?
                    """,
                arguments: [moment.milliseconds, row]
            )
        }
    }

    /// Every subscription's health, by name, those of which nothing is remembered left out.
    static func all(_ db: Database) throws -> [SubscriptionHealth] {
        let rows = try RawStatement(
            db,
            """
            SELECT name, disabled_cause, disabled_at, failing_since, has_succeeded FROM webhooks_subscriptions
            WHERE disabled_cause IS NOT NULL OR failing_since IS NOT NULL OR has_succeeded ORDER BY name
            """
        )
        var health: [SubscriptionHealth] = []
        while try rows.next() {
            let cause = rows.optionalText(1).flatMap(SubscriptionHealth.Disabled.Cause.init)
            health.append(
                SubscriptionHealth(
                    subscription: rows.text(0),
                    disabled: cause.map { SubscriptionHealth.Disabled(cause: $0, at: rows.timestamp(2)) },
                    failingSince: rows.optionalTimestamp(3),
                    hasSucceeded: rows.bool(4)
                )
            )
        }
        return health
    }
}
