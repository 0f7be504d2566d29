#if PostgreSQL
    internal import WebhookCore

    /// Events that wait for their fan-out.
    ///
    /// Their rows become visible in another order than that of their numbers, for a transaction may end long after it took one.
    /// So each takes its place when a dispatcher first reads it: its row, or behind everything that was given out before
    /// (`meta.front`). Reading and placing is one statement, with one view of the tables: nothing can come up in between.
    enum PendingRows {
        /// Gives events whose `deliverAt` has come their place: behind the last one so far.
        static let placeDue = Statement(
            """
            UPDATE pending SET place = greatest(
                (SELECT front FROM meta), (SELECT id FROM events ORDER BY id DESC LIMIT 1)
            )
            WHERE place IS NULL AND due_at IS NOT NULL AND due_at <= $1::int8
            """
        )

        /// A page of what waits and is due, placed.
        private static let page = page(isGiven: false)
        /// The same for a node ($3) among several: what another living node was given is left out, and what is read is given
        /// to this one.
        private static let givenPage = page(isGiven: true)

        private static func page(isGiven: Bool) -> Statement {
            func given(_ sql: String) -> String { isGiven ? sql : "" }
            let isFree = given(
                """
                 AND (given_to IS NULL OR given_to = $3::text OR NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.id = given_to))
                """
            )
            return Statement(
                """
                WITH known AS MATERIALIZED (
                    SELECT front, coalesce((SELECT id FROM events ORDER BY id DESC LIMIT 1), 0) AS last
                        \(given(", (SELECT id FROM nodes WHERE id = $3::text) AS node"))
                    FROM meta
                ), candidates AS (
                    (
                        SELECT event, place, given_to, false AS is_new FROM pending
                        WHERE place IS NOT NULL AND set_aside IS NULL AND event <> ALL ($2::int8[])\(isFree)
                        ORDER BY place, event < place, event LIMIT $1::int8
                    ) UNION ALL (
                        SELECT event, greatest(event, front), given_to, true FROM pending, known
                        WHERE place IS NULL AND due_at IS NULL AND set_aside IS NULL AND event <> ALL ($2::int8[])\(isFree)
                        ORDER BY event LIMIT $1::int8
                    )
                ), page AS MATERIALIZED (
                    SELECT * FROM candidates ORDER BY place, event < place, event LIMIT $1::int8
                ), placed AS (
                    UPDATE pending p SET place = page.place \(given(", given_to = coalesce(known.node, p.given_to)"))
                    FROM page \(given(", known"))
                    WHERE p.event = page.event AND \(
                        isGiven
                            ? """
                            (page.is_new OR page.given_to IS DISTINCT FROM known.node)
                                AND (p.given_to IS NOT DISTINCT FROM page.given_to)
                            """ : "page.is_new"
                    )
                    RETURNING p.event
                ), moved AS (
                    UPDATE meta SET front = new.front
                    FROM (
                        SELECT CASE WHEN (SELECT count(*) FROM page) < $1::int8 THEN last
                            ELSE (SELECT max(place) FROM page) END AS front
                        FROM known
                    ) new
                    WHERE meta.front < new.front
                )
                SELECT \(EventRow.columns), e.id, page.place, e.target, known.last
                FROM known LEFT JOIN (page JOIN events e ON e.id = page.event)
                    ON \(
                        isGiven
                            ? "known.node IS NULL OR page.given_to = known.node OR page.event IN (SELECT event FROM placed)"
                            : "true"
                    )
                ORDER BY page.place, page.event < page.place, page.event
                """
            )
        }

        /// One event, if it waits and is due, placed.
        private static let one = Statement(
            """
            WITH placed AS (
                UPDATE pending p SET place = coalesce(p.place, greatest(p.event, m.front)) FROM meta m
                WHERE p.event = ANY ($1::int8[]) AND (p.place IS NOT NULL OR p.due_at IS NULL) AND p.set_aside IS NULL
                RETURNING p.event, p.place
            )
            SELECT \(EventRow.columns), e.id, p.place, e.target FROM placed p JOIN events e ON e.id = p.event ORDER BY e.id
            """
        )

        private static let nextDue = Statement(
            "SELECT due_at FROM pending WHERE place IS NULL AND due_at IS NOT NULL ORDER BY due_at LIMIT 1"
        )

        /// The results of a read.
        struct Found {
            var events: [PendingEvent] = []
            var damaged: [(row: Int64, reason: String)] = []
            var last: Int64 = 0
            var nextDue: Timestamp?
        }

        /// Reads events that are due.
        ///
        /// - Parameter node: gets them, where there are several.
        static func read(
            atMost limit: Int,
            excluding rows: Set<Int64>,
            for node: NodeID?,
            in pipeline: inout Pipeline,
            _ take: @escaping (Found) -> Void
        ) {
            var found = Found()
            var parameters: [Parameter] = [.int8(Int64(limit)), .int8s(rows.sorted())]
            if let node { parameters.append(.text(node.rawValue)) }
            pipeline.add(node == nil ? page : givenPage, parameters) { rows in
                found.last = rows.first?.int64(Event.columnCount + 3) ?? 0
                add(rows.lazy.filter { !$0.isNull(Event.columnCount) }, to: &found)
            }
            pipeline.add(nextDue) { rows in
                found.nextDue = rows.first?.timestamp(0)
                take(found)
            }
        }

        /// Reads single events, where they are due.
        static func read(_ events: [Int64], in pipeline: inout Pipeline, _ take: @escaping (Found) -> Void) {
            pipeline.add(one, [.int8s(events)]) { rows in
                var found = Found()
                add(rows, to: &found)
                take(found)
            }
        }

        private static func add(_ rows: some Sequence<Row>, to found: inout Found) {
            for row in rows {
                do throws(StoreError) {
                    found.events.append(
                        PendingEvent(
                            row: row.int64(Event.columnCount),
                            place: row.int64(Event.columnCount + 1),
                            event: try EventRow.read(row),
                            target: row.optionalText(Event.columnCount + 2)
                        )
                    )
                } catch {
                    found.damaged.append((row.int64(Event.columnCount), error.message))
                }
            }
        }

        // MARK: Setting aside

        private static let refuse = Statement(
            """
            UPDATE pending p SET set_aside = $2::text FROM events e WHERE p.event = $1::int8 AND e.id = p.event
            RETURNING e.event_id, true
            """
        )
        private static let countEnd = Statement(
            """
            UPDATE pending p
            SET ends = ends + 1, set_aside = CASE WHEN ends + 1 >= $2::int4 THEN $3::text ELSE set_aside END
            FROM events e WHERE p.event = $1::int8 AND e.id = p.event
            RETURNING e.event_id, set_aside IS NOT NULL
            """
        )

        /// Sets an event aside that waits for its fan-out, or counts towards it.
        static func setAside(
            _ setAside: SetAside,
            in pipeline: inout Pipeline,
            _ take: @escaping (SetAsideResult) -> Void
        ) {
            func result(_ rows: Rows) {
                let row = rows.first
                take(SetAsideResult(event: row?.text(0), isSetAside: row?.bool(1) ?? false))
            }
            switch setAside.cause {
            case .refused(let reason):
                pipeline.add(refuse, [.int8(setAside.event), .text(reason)], result)
            case .renderingEnded:
                pipeline.add(
                    countEnd,
                    [.int8(setAside.event), .int4(Int32(SetAside.mostEnds)), .text(SetAside.endedReason)],
                    result
                )
            }
        }
    }
#endif
