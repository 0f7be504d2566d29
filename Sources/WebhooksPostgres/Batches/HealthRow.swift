#if PostgreSQL
    internal import WebhookCore

    /// A subscription's health, as a row.
    enum HealthRow {
        /// Takes over what an engine knows, except where a decision by hand is newer (``StoreBatch/health``).
        static func update(_ health: SubscriptionHealth, row: Int) -> BoundStatement {
            // All expressions see the row as it was: the cause and its time change together or not at all.
            BoundStatement(
                Statement(
                    """
                    UPDATE subscriptions SET
                        disabled_cause = CASE WHEN disabled_cause IS NOT NULL OR $3::int8 < enabled_at
                            THEN disabled_cause ELSE $2::text END,
                        disabled_at = CASE WHEN disabled_cause IS NOT NULL OR $3::int8 < enabled_at
                            THEN disabled_at ELSE $3::int8 END,
                        failing_since = CASE WHEN $4::int8 < greatest(enabled_at, resumed_at)
                            THEN greatest(enabled_at, resumed_at) ELSE $4::int8 END,
                        has_succeeded = $5::bool, breaker_failures = $6::int4, breaker_until = $7::int8,
                        last_start_at = coalesce($8::int8, last_start_at)
                    WHERE id = $1::int4
                    """
                ),
                [
                    .int4(Int32(row)), .text(health.disabled?.cause.rawValue), .int8(health.disabled?.at.milliseconds),
                    .int8(health.failingSince?.milliseconds), .bool(health.hasSucceeded),
                    .int4(health.breaker.map { Int32(clamping: $0.failures) }),
                    .int8(health.breaker?.until.milliseconds), .int8(health.lastStartAt?.milliseconds),
                ]
            )
        }

        /// Decides by hand, where the subscription has a row.
        static func setDisabled(
            _ disabled: SubscriptionHealth.Disabled?,
            of name: String,
            at instant: Timestamp
        ) -> BoundStatement {
            guard let disabled else {
                return BoundStatement(
                    Statement(
                        """
                        UPDATE subscriptions SET disabled_cause = NULL, disabled_at = NULL, failing_since = NULL,
                            enabled_at = $2::int8
                        WHERE name = $1::text
                        """
                    ),
                    [.text(name), .int8(instant.milliseconds)]
                )
            }
            return BoundStatement(
                Statement(
                    "UPDATE subscriptions SET disabled_cause = $2::text, disabled_at = $3::int8 WHERE name = $1::text"
                ),
                [.text(name), .text(disabled.cause.rawValue), .int8(disabled.at.milliseconds)]
            )
        }

        /// Lifts a disabling, for whatever reason it was; what is enabled stays as it is.
        static func enable(_ name: String, at instant: Timestamp) -> BoundStatement {
            BoundStatement(
                Statement(
                    """
                    UPDATE subscriptions SET disabled_cause = NULL, disabled_at = NULL, failing_since = NULL,
                        enabled_at = $2::int8
                    WHERE name = $1::text AND disabled_cause IS NOT NULL
                    """
                ),
                [.text(name), .int8(instant.milliseconds)]
            )
        }

        /// Pauses, by hand.
        static func pause(_ paused: SubscriptionHealth.Paused, row: Int) -> BoundStatement {
            BoundStatement(
                Statement("UPDATE subscriptions SET paused_at = $2::int8, paused_until = $3::int8 WHERE id = $1::int4"),
                [.int4(Int32(row)), .int8(paused.at.milliseconds), .int8(paused.until?.milliseconds)]
            )
        }

        /// Ends a pause.
        ///
        /// - Parameter only: this one alone; `nil` for any.
        static func resume(_ only: SubscriptionHealth.Paused?, row: Int, at instant: Timestamp) -> BoundStatement {
            BoundStatement(
                Statement(
                    """
                    UPDATE subscriptions
                    SET paused_at = NULL, paused_until = NULL, failing_since = NULL, resumed_at = $2::int8
                    WHERE id = $1::int4 AND paused_at IS NOT NULL
                        AND ($3::int8 IS NULL OR (paused_at = $3::int8 AND paused_until IS NOT DISTINCT FROM $4::int8))
                    """
                ),
                [
                    .int4(Int32(row)), .int8(instant.milliseconds), .int8(only?.at.milliseconds),
                    .int8(only?.until?.milliseconds),
                ]
            )
        }

        /// The pause of a subscription, over or not.
        static func pause(row: Int, _ connection: PostgresConnection) throws -> SubscriptionHealth.Paused? {
            let rows = try connection.run(
                Statement(
                    """
                    SELECT paused_at, paused_until FROM subscriptions WHERE id = $1::int4 AND paused_at IS NOT NULL
                    FOR UPDATE
                    """
                ),
                [.int4(Int32(row))]
            )
            return rows.first.map { .init(at: $0.timestamp(0), until: $0.optionalTimestamp(1)) }
        }

        /// Forgets what is remembered of a stored subscription, whose id is $1.
        static let forget = Statement(
            """
            UPDATE subscriptions
            SET disabled_cause = NULL, disabled_at = NULL, failing_since = NULL, has_succeeded = false, paused_at = NULL,
                paused_until = NULL, retries = 0, breaker_failures = NULL, breaker_until = NULL, last_start_at = NULL
            WHERE name = (SELECT name FROM stored_subscriptions WHERE id = $1::text)
            """
        )

        /// Every subscription's health, by name; those without any are left out.
        static let all = Statement("\(select) ORDER BY name")

        /// The same of those whose names are in $1.
        static let some = Statement("\(select) AND name = ANY ($1::text[]) ORDER BY name")

        private static let select = """
            SELECT name, disabled_cause, disabled_at, failing_since, has_succeeded, paused_at, paused_until, retries,
                breaker_failures, breaker_until, last_start_at
            FROM subscriptions
            WHERE (disabled_cause IS NOT NULL OR failing_since IS NOT NULL OR has_succeeded OR paused_at IS NOT NULL
                OR retries > 0 OR breaker_until IS NOT NULL OR last_start_at IS NOT NULL)
            """

        /// Reads a row of either.
        static func read(_ row: Row) -> SubscriptionHealth {
            let cause = row.optionalText(1).flatMap(SubscriptionHealth.Disabled.Cause.init)
            return SubscriptionHealth(
                subscription: row.text(0),
                disabled: cause.map { SubscriptionHealth.Disabled(cause: $0, at: row.timestamp(2)) },
                failingSince: row.optionalTimestamp(3),
                hasSucceeded: row.bool(4),
                paused: row.optionalTimestamp(5).map {
                    SubscriptionHealth.Paused(at: $0, until: row.optionalTimestamp(6))
                },
                retries: Int(row.int64(7)),
                breaker: row.optionalTimestamp(9).map {
                    SubscriptionHealth.Breaker(failures: row.int32(8), until: $0)
                },
                lastStartAt: row.optionalTimestamp(10)
            )
        }
    }
#endif
