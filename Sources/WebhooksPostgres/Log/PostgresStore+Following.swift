#if PostgreSQL
    package import WebhookCore

    extension PostgresStore {
        package func followDeliveries() async throws(StoreError) -> any DeliveryFollower {
            let seen = try await read { try Followed.read($0) }
            return PostgresFollower(store: self, seen: seen)
        }
    }

    /// Looks what has changed since the last look.
    private struct PostgresFollower: DeliveryFollower {
        let store: PostgresStore
        var seen: Followed

        mutating func next() async throws(StoreError) -> [Delivery] {
            let before = seen
            let (deliveries, after) = try await store.read { connection in
                try Followed.changes(connection, since: before)
            }
            seen = after
            return deliveries
        }
    }

    /// The deliveries as they were at the last look.
    private struct Followed: Sendable {
        /// The progress of a delivery at the last look.
        struct Step: Sendable, Equatable {
            var state: Int
            var attempts: Int
        }

        /// Open ones, at most ``mostOpen``: those that are due first.
        var open: [Int64: Step] = [:]
        /// The newest that was seen.
        var newest: Int64 = 0
        /// The ids among the last ``window`` that were seen: one whose transaction ends late becomes visible behind
        /// others.
        var recent: Set<Int64> = []

        private static let mostOpen: Int64 = 20_000
        private static let window: Int64 = 10_000

        /// Reads how far deliveries are now.
        static func read(_ connection: PostgresConnection) throws -> Followed {
            var followed = Followed()
            for row in try connection.run(Statement(openSteps), [.int8(mostOpen)]) {
                followed.open[row.int64(0)] = Step(state: row.int16(1), attempts: row.int32(2))
            }
            let newest = try connection.run(Statement("SELECT coalesce(max(id), 0) FROM deliveries"))
            followed.newest = newest[0].int64(0)
            let rows = try connection.run(
                Statement("SELECT id FROM deliveries WHERE id > $1::int8"),
                [.int8(followed.newest - window)]
            )
            followed.recent = Set(rows.map { $0.int64(0) })
            return followed
        }

        static func changes(
            _ connection: PostgresConnection,
            since before: Followed
        ) throws -> (deliveries: [Delivery], followed: Followed) {
            var after = Followed()
            for row in try connection.run(Statement(openSteps), [.int8(mostOpen)]) {
                after.open[row.int64(0)] = Step(state: row.int16(1), attempts: row.int32(2))
            }
            let new = try connection.run(
                Statement("SELECT id FROM deliveries WHERE id > $1::int8"),
                [.int8(before.newest - window)]
            )
            .map { $0.int64(0) }
            after.newest = max(before.newest, new.max() ?? 0)
            after.recent = Set(new.filter { $0 > after.newest - window })
            // What is open no more, or has moved on; and what is new.
            let moved = Set(before.open.filter { after.open[$0.key] != $0.value }.map(\.key))
            let ids = moved.union(new.filter { !before.recent.contains($0) })
            guard !ids.isEmpty else { return ([], after) }
            let found = try connection.run(
                Statement("\(DeliveryRow.select) WHERE d.id = ANY ($1::int8[]) ORDER BY d.id"),
                [.int8s(ids.sorted())]
            )
            // One that is beyond the limit now has not changed by that.
            let deliveries = try found.map { try Delivery($0) }.filter { delivery in
                before.open[delivery.id.rawValue] != Step(state: delivery.state.code, attempts: delivery.attempts)
            }
            return (deliveries, after)
        }

        /// A share for each subscription, so that the backlog of one hides no other's.
        private static let openSteps = """
            (SELECT id, state, attempts FROM deliveries WHERE state = 2 LIMIT $1::int8)
            UNION ALL
            (SELECT d.id, d.state, d.attempts FROM subscriptions s CROSS JOIN LATERAL (
                SELECT o.id, o.state, o.attempts FROM deliveries o WHERE o.subscription = s.id AND o.due_at IS NOT NULL
                ORDER BY o.due_at LIMIT greatest(100, $1::int8 / greatest(1, (SELECT count(*) FROM subscriptions)))
            ) d LIMIT $1::int8)
            """
    }
#endif
