#if PostgreSQL
    internal import WebhookCore

    /// Notices what others have written.
    ///
    /// Every transaction of a store's raises the number of its session's row; what a function in the database has stored waits
    /// unplaced. One look costs two small reads. Heartbeats of dispatchers are nothing to look for.
    final class ExternalWrites {
        private var sum: Int64?
        /// Events (rows) that wait unplaced and were told of, or are our own.
        private var known: Set<Int64> = []
        private var lastLook = ContinuousClock.now

        private static let look = Statement(
            """
            SELECT (SELECT coalesce(sum(last), 0)::int8 FROM writers WHERE id <> $1::int8 AND purpose <> '\(LeaseSession.purpose)'),
                ARRAY(SELECT event FROM pending WHERE place IS NULL AND due_at IS NULL ORDER BY event DESC LIMIT 200)
                || ARRAY(SELECT event FROM pending WHERE place IS NULL AND due_at IS NOT NULL ORDER BY due_at LIMIT 50)
            """
        )

        /// Tells whether somebody else has committed since the last call.
        func check(_ session: PostgresWriter) throws -> Bool {
            let row = try session.connected().run(Self.look, [.int8(session.id)])[0]
            let waiting = Set(row.int64s(1))
            defer { (sum, known) = (row.int64(0), waiting) }
            return sum != nil && (row.int64(0) != sum || !waiting.isSubset(of: known))
        }

        /// Tells whether it is time to look whatever is known: once a second, beside others.
        func isDue(at now: ContinuousClock.Instant) -> Bool {
            guard now - lastLook >= .seconds(1) else { return false }
            lastLook = now
            return true
        }

        /// Events of our own wait.
        func add(_ events: some Sequence<Int64>) { known.formUnion(events) }
    }
#endif
