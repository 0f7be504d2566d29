#if PostgreSQL
    package import WebhookCore

    extension PostgresStore: LeaseStore {
        package func hold(
            _ round: LeaseRound,
            completion: @escaping @Sendable (Result<LeaseRoundResult, StoreError>) -> Void
        ) {
            onLeases {
                completion($0.hold(round))
            } orElse: {
                completion(.failure($0))
            }
        }

        package func listen(_ tell: @escaping @Sendable (StoreHint) -> Void) { startListening(tell) }

        package func nodes() async throws(StoreError) -> [LivingNode] {
            try await read { connection in try connection.run(NodeRow.all).compactMap { NodeRow.read($0) } }
        }

        private static let standing = Statement(
            "SELECT l.subscription, l.node FROM leases l JOIN nodes n ON n.id = l.node ORDER BY l.subscription"
        )

        package func leases() async throws(StoreError) -> [Lease] {
            try await read { connection in
                try connection.run(Self.standing).compactMap { row in
                    NodeID(rawValue: row.text(1)).map { Lease(subscription: row.text(0), node: $0) }
                }
            }
        }
    }

    extension PostgresStore {
        // The first in each subscription's order of due times, of those made due by hand and of the others. A place in the order of
        // acceptance is no time.
        private static let oldestDue = Statement(
            """
            SELECT min(x.since) FROM leases l JOIN subscriptions s ON s.name = l.subscription
            CROSS JOIN LATERAL (
                (SELECT d.due_at + \(ByHand.offset) AS since FROM deliveries d
                WHERE d.subscription = s.id AND d.due_at < 0 ORDER BY d.due_at LIMIT 1)
                UNION ALL
                (SELECT CASE WHEN d.due_at < $3::int8 THEN d.created_at ELSE d.due_at END FROM deliveries d
                WHERE d.subscription = s.id AND d.due_at >= 0 ORDER BY d.due_at LIMIT 1)
            ) x
            WHERE l.node = $1::text AND x.since <= $2::int8 AND s.disabled_at IS NULL AND s.paused_at IS NULL
                AND coalesce(s.breaker_until <= $2::int8, true)
            """
        )

        package func lag(of node: NodeID, at now: Timestamp) async throws(StoreError) -> Duration? {
            let parameters: [Parameter] = [
                .text(node.rawValue), .int8(now.milliseconds), .int8(AcceptancePlace.end.milliseconds),
            ]
            let since = try await read { try $0.run(Self.oldestDue, parameters).first?.optionalInt64(0) }
            return since.map { .milliseconds(max(0, now.milliseconds - $0)) }
        }
    }

    /// The part of a batch that its node may not decide, because it doesn't hold the leases.
    struct LeaseFence {
        /// The subscriptions that the batch needs and that are not held.
        private(set) var unheld: Set<String> = []
        /// Deliveries of those that it would claim.
        private(set) var claims: Set<Int64> = []

        private static let keepNode = Statement("SELECT 1 FROM nodes WHERE id = $1::text FOR KEY SHARE")
        // A lease is asked for by its subscription: joined, all leases would be gone through for each.
        static let findUnheld = Statement(
            """
            SELECT x.name, x.delivery FROM (
                SELECT name, NULL::int8 AS delivery FROM unnest($2::text[]) AS w (name)
                UNION ALL
                SELECT s.name, d.id FROM unnest($3::int8[]) AS c (id)
                JOIN deliveries d ON d.id = c.id JOIN subscriptions s ON s.id = d.subscription
            ) x
            WHERE NOT EXISTS (SELECT 1 FROM nodes WHERE id = $1::text)
                OR (SELECT l.node FROM leases l WHERE l.subscription = x.name COLLATE "C") IS DISTINCT FROM $1::text
            """
        )

        /// Keeps the node's row until the transaction has ended, and looks for what it doesn't hold. To come before anything
        /// else of the batch.
        ///
        /// - Parameter take: gets the fence.
        static func add(
            for node: NodeID,
            _ batch: StoreBatch,
            to pipeline: inout Pipeline,
            _ take: @escaping (LeaseFence) throws -> Void
        ) {
            pipeline.add(keepNode, [.text(node.rawValue)])
            var names = Set(batch.health.map(\.subscription))
            names.formUnion(batch.resumptions.map(\.subscription))
            names.formUnion(batch.openCancellations.map(\.subscription))
            names.formUnion(batch.reads.acquired)
            for new in batch.acceptances.compactMap(\.deliveries) + batch.fanOuts.map(\.deliveries) {
                for delivery in new.deliveries {
                    if case .claimed = delivery.start { names.insert(delivery.subscription) }
                }
            }
            guard !names.isEmpty || !batch.claims.isEmpty else { return }
            let parameters: [Parameter] = [
                .text(node.rawValue), .texts(names.sorted()), .int8s(batch.claims.map(\.delivery.rawValue)),
            ]
            pipeline.add(findUnheld, parameters) { rows in
                var fence = LeaseFence()
                for row in rows {
                    fence.unheld.insert(row.text(0))
                    if let delivery = row.optionalInt64(1) { fence.claims.insert(delivery) }
                }
                try take(fence)
            }
        }

        /// Tells whether the node may not decide about a subscription.
        func stops(_ subscription: String) -> Bool { unheld.contains(subscription) }

        /// Tells whether the node may not claim a delivery.
        func stops(_ claim: Claim) -> Bool { claims.contains(claim.delivery.rawValue) }

        /// Lets wait what the node may not claim.
        func withoutClaims(_ new: NewDeliveries) -> NewDeliveries {
            guard !unheld.isEmpty else { return new }
            var new = new
            for index in new.deliveries.indices where stops(new.deliveries[index].subscription) {
                if case .claimed(let instant) = new.deliveries[index].start {
                    new.deliveries[index].start = .pending(dueAt: instant)
                }
            }
            return new
        }
    }
#endif
