#if PostgreSQL
    internal import WebhookCore

    /// Changes of single deliveries without an attempt.
    enum DeliveryUpdates {
        private static let settle = Statement(
            """
            UPDATE deliveries SET state = $2::int2, last_error = coalesce($3::int2, last_error), detail = $4::text,
                settled_at = $5::int8, due_at = NULL
            WHERE id = $1::int8 AND state < 2 RETURNING subscription
            """
        )

        /// Settles a pending or waiting delivery.
        static func settle(
            _ settlement: Settlement,
            in pipeline: inout Pipeline,
            _ take: @escaping (Bool) -> Void
        ) {
            let bound = settled(settlement)
            pipeline.add(bound.statement, bound.parameters) { take($0.count == 1) }
        }

        /// As a statement that returns the subscription's row.
        static func settled(_ settlement: Settlement) -> BoundStatement {
            BoundStatement(
                settle,
                [
                    .int8(settlement.delivery.rawValue), .int2(settlement.state.code), .int2(settlement.error?.code),
                    .text(settlement.detail), .int8(settlement.at.milliseconds),
                ]
            )
        }

        private static let cancelOpen = Statement(
            """
            UPDATE deliveries SET state = $3::int2, last_error = $4::int2, detail = NULL, settled_at = $5::int8, due_at = NULL
            WHERE state < 2 AND id IN (
                SELECT id FROM deliveries WHERE subscription = $1::int4 AND due_at IS NOT NULL AND \(isMeant("$6::bool"))
                ORDER BY due_at, id LIMIT $2::int8
            )
            """
        )

        /// The condition that the subscription of a cancellation, `$1`, is disabled, where it asks for that.
        private static func isMeant(_ whileDisabled: String) -> String {
            """
            (NOT \(whileDisabled) OR EXISTS (
                SELECT 1 FROM subscriptions WHERE id = $1::int4 AND disabled_cause IS NOT NULL
            ))
            """
        }

        /// Settles what waits of a subscription, up to a limit.
        static func cancelOpen(
            _ cancellation: OpenCancellation,
            of subscription: Int,
            in pipeline: inout Pipeline,
            _ take: @escaping (Int) -> Void
        ) {
            pipeline.add(
                cancelOpen,
                [
                    .int4(Int32(subscription)), .int8(Int64(cancellation.limit)), .int2(DeliveryState.cancelled.code),
                    .int2(FailureKind.disabled.code), .int8(cancellation.at.milliseconds),
                    .bool(cancellation.whileDisabled),
                ]
            ) { take($0.changedCount) }
        }

        /// The deliveries that ``cancelOpen(_:of:in:_:)`` would settle.
        static func open(
            _ cancellation: OpenCancellation,
            of subscription: Int,
            _ connection: PostgresConnection
        ) throws -> [Delivery.ID] {
            let rows = try connection.run(
                Statement(
                    """
                    SELECT id FROM deliveries
                    WHERE subscription = $1::int4 AND due_at IS NOT NULL AND \(isMeant("$2::bool")) ORDER BY due_at, id
                    """
                ),
                [.int4(Int32(subscription)), .bool(cancellation.whileDisabled)]
            )
            return rows.map { Delivery.ID(rawValue: $0.int64(0)) }
        }
    }
#endif
