#if PostgreSQL
    internal import WebhookCore

    /// The deliveries that dead nodes have left in flight, of subscriptions that nobody serves.
    enum AbandonedDeliveries {
        private static let bury = Statement(NodeRow.deleteExpired(except: "$1::text"))
        // A command that delivers holds no leases: it has the lock that nodes share, for itself. Whoever has claimed something and
        // holds neither now is over, or learns of it before it claims again.
        private static let find = Statement(
            """
            SELECT \(OpenDelivery.columns), s.name
            FROM deliveries d JOIN events e ON e.id = d.event JOIN subscriptions s ON s.id = d.subscription
            WHERE d.state = 2
                AND NOT EXISTS (
                    SELECT 1 FROM leases l JOIN nodes n ON n.id = l.node WHERE l.subscription = s.name
                )
                AND NOT EXISTS (
                    SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock'
                        AND pid <> pg_backend_pid() AND classid = $2::int4::oid AND objid = $3::int4::oid AND objsubid = 2
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                )
            ORDER BY d.id LIMIT $1::int8
            """
        )

        /// Removes the rows of nodes that have expired, and reads what they have left, each statement with a view of its own.
        ///
        /// - Parameters:
        ///   - node: the one that asks, where it is one.
        ///   - identity: the store's, which its locks are named by.
        static func add(
            atMost count: Int,
            for node: NodeID?,
            identity: Parameter,
            to pipeline: inout Pipeline,
            _ take: @escaping (Rows) -> Void
        ) {
            pipeline.add(bury, [.text(node?.rawValue ?? "")])
            pipeline.add(find, [.int8(Int64(count)), .int4(Schema.dispatcherLockClass), identity], take)
        }
    }
#endif
