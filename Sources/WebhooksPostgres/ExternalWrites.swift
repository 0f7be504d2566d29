#if PostgreSQL
    internal import WebhookCore

    /// Notices what others have written.
    ///
    /// Every transaction of a store's raises the number of its session's row; what a function in the database has stored waits
    /// unplaced. One look costs two small reads. Heartbeats of dispatchers are nothing to look for.
    final class ExternalWrites {
        /// The kinds of writes that others have committed since the last look.
        enum News {
            case nothing
            /// Other dispatchers have, that share the store: events and deliveries. What else they change they say, and once a second
            /// everything is looked at.
            case dispatchers
            case anything
        }

        private var sums: (dispatchers: Int64, others: Int64)?
        /// Events (rows) that wait unplaced and were told of, or are our own.
        private var known: Set<Int64> = []
        private var lastLook = ContinuousClock.now

        private static let look = Statement(
            """
            SELECT coalesce(sum(last) FILTER (WHERE leased), 0)::int8, coalesce(sum(last) FILTER (WHERE NOT leased), 0)::int8,
                ARRAY(SELECT event FROM pending WHERE place IS NULL AND due_at IS NULL ORDER BY event DESC LIMIT 200)
                || ARRAY(SELECT event FROM pending WHERE place IS NULL AND due_at IS NOT NULL ORDER BY due_at LIMIT 50)
            FROM writers WHERE id <> $1::int8 AND purpose <> '\(LeaseSession.purpose)'
            """
        )

        /// Tells what somebody else has committed since the last call.
        func check(_ session: PostgresWriter) throws -> News {
            let connection = try session.connected()
            let row: Row
            do {
                row = try connection.run(Self.look, [.int8(session.id)])[0]
            } catch {
                throw connection.explained(error)
            }
            let (now, waiting) = ((dispatchers: row.int64(0), others: row.int64(1)), Set(row.int64s(2)))
            defer { (sums, known) = (now, waiting) }
            guard let sums else { return .nothing }
            if now.others != sums.others || !waiting.isSubset(of: known) { return .anything }
            return now.dispatchers == sums.dispatchers ? .nothing : .dispatchers
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
