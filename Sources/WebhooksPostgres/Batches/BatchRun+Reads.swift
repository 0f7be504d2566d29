#if PostgreSQL
    internal import WebhookCore

    extension BatchRun {
        /// Adds everything that the batch reads.
        func addReads(to pipeline: inout Pipeline) {
            let reads = batch.reads
            let damaged = result.reads.damaged
            result.reads = StoreReadResult()
            result.reads.damaged = damaged
            if reads.interrupted || !reads.acquired.isEmpty { addInterrupted(to: &pipeline) }
            if reads.abandoned > 0 {
                AbandonedDeliveries.add(
                    atMost: reads.abandoned,
                    for: batch.node,
                    identity: locks[1],
                    to: &pipeline
                ) { [self] in result.reads.abandoned = interrupted($0) }
            }
            if reads.health || !reads.healthOf.isEmpty {
                pipeline.add(
                    reads.health ? HealthRow.all : HealthRow.some,
                    reads.health ? [] : [.texts(Array(reads.healthOf))]
                ) { [self] rows in result.reads.health = rows.map { HealthRow.read($0) } }
            }
            if reads.pendingEvents > 0 {
                let excluded = reads.excludedEvents.union(leftOut)
                PendingRows.read(
                    atMost: reads.pendingEvents,
                    excluding: excluded,
                    for: batch.node,
                    in: &pipeline
                ) { [self] found in
                    take(found)
                    result.reads.lastEvent = found.last
                    result.reads.nextEventDue = found.nextDue
                }
            }
            if !reads.takeovers.isEmpty {
                PendingRows.read(reads.takeovers.filter { !leftOut.contains($0) }, in: &pipeline) { [self] in take($0) }
            }
            if reads.openSubscriptions || !reads.acquired.isEmpty {
                let bound = Self.openSubscriptions(of: reads.openSubscriptions ? nil : reads.acquired)
                pipeline.add(bound.statement, bound.parameters) { [self] rows in
                    result.reads.openSubscriptions = rows.map { $0.text(0) }
                }
            }
            if let id = reads.newDeliveriesAbove { addNewDeliveries(above: id, to: &pipeline) }
            addRefills(to: &pipeline)
            if !reads.takeovers.isEmpty { addTakenOver(to: &pipeline) }
        }

        private func take(_ found: PendingRows.Found) {
            let known = Set(result.reads.pendingEvents.map(\.row))
            result.reads.pendingEvents += found.events.filter { !known.contains($0.row) }
            damage += found.damaged.map { .event($0.row, reason: $0.reason) }
        }

        private func open(_ rows: Rows, name: (Row) -> String) -> [OpenDelivery] {
            rows.compactMap { row in
                do throws(StoreError) {
                    return try OpenDelivery(row, subscription: name(row))
                } catch {
                    if !unreadable.contains(row.int64(0)) {
                        damage.append(.delivery(row.int64(0), reason: error.message))
                    }
                    return nil
                }
            }
        }

        // MARK: At the start

        private static let interrupted = Statement(
            """
            SELECT \(OpenDelivery.columns), s.name
            FROM deliveries d JOIN events e ON e.id = d.event JOIN subscriptions s ON s.id = d.subscription
            WHERE d.state = 2 ORDER BY d.id
            """
        )
        private static let interruptedOfSome = Statement(
            """
            SELECT \(OpenDelivery.columns), s.name
            FROM subscriptions s JOIN deliveries d ON d.subscription = s.id JOIN events e ON e.id = d.event
            WHERE s.name = ANY ($1::text[]) AND d.state = 2 ORDER BY d.id
            """
        )

        private func addInterrupted(to pipeline: inout Pipeline) {
            let isForAll = batch.reads.interrupted
            pipeline.add(
                isForAll ? Self.interrupted : Self.interruptedOfSome,
                isForAll ? [] : [.texts(batch.reads.acquired)]
            ) { [self] in result.reads.interrupted = interrupted($0) }
        }

        private func interrupted(_ rows: Rows) -> [InterruptedDelivery] {
            open(rows) { $0.text(OpenDelivery.columnCount) }
                .map { InterruptedDelivery(delivery: $0, claimedAt: $0.dueAt) }
        }

        // One step in the index for each subscription, however many deliveries wait.
        private static let openSubscriptions = Statement(
            """
            SELECT name FROM subscriptions s WHERE EXISTS (
                SELECT 1 FROM deliveries d WHERE d.subscription = s.id AND d.due_at IS NOT NULL
            )
            ORDER BY name
            """
        )

        private static let openSubscriptionsOfSome = Statement(
            """
            SELECT name FROM subscriptions s WHERE name = ANY ($1::text[]) AND EXISTS (
                SELECT 1 FROM deliveries d WHERE d.subscription = s.id AND d.due_at IS NOT NULL
            )
            ORDER BY name
            """
        )

        /// - Parameter names: those to look at; `nil`: all.
        private static func openSubscriptions(of names: [String]?) -> BoundStatement {
            names.map { BoundStatement(openSubscriptionsOfSome, [.texts($0)]) } ?? BoundStatement(openSubscriptions)
        }

        // MARK: What others have inserted

        private static let highest = Statement("SELECT id FROM deliveries ORDER BY id DESC LIMIT 1")
        private static let inserting = Statement(
            """
            SELECT virtualtransaction FROM pg_locks
            WHERE locktype = 'advisory' AND classid = $1::int4::oid AND objid = $2::int4::oid AND objsubid = 2
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND mode = 'ShareLock' AND granted AND pid <> pg_backend_pid()
            """
        )
        /// The most new deliveries that are read themselves.
        private static let mostNewDeliveries = 512
        /// The most ids that are looked at once more for one that may have become visible among them.
        private static let nearby: Int64 = 1000
        // New rows alone, however many wait: with the state in the inner query, an index would do that has all that are open.
        // Where they are few, they come themselves, and nothing else of their subscriptions has to be read.
        static let touched = touched(isLeased: false)
        /// The same for a node ($2) among several: what others serve is left out.
        static let touchedOfNode = touched(isLeased: true)

        // Names and leases are asked for row by row: joined, one side would be gone through for each row of the other, as soon as
        // the planner is wrong about how many there are.
        private static func touched(isLeased: Bool) -> Statement {
            let noDelivery = Array(repeating: "NULL", count: Int(OpenDelivery.columnCount)).joined(separator: ", ")
            func name(of row: String) -> String {
                "(SELECT s.name FROM subscriptions s WHERE s.id = \(row).subscription)"
            }
            let lease = """
                AND (SELECT l.node FROM leases l WHERE l.subscription = \(name(of: "d"))) = $2::text
                """
            return Statement(
                """
                WITH new AS MATERIALIZED (
                    SELECT * FROM (SELECT * FROM deliveries WHERE id > $1::int8 OFFSET 0) d
                    WHERE state < 2 \(isLeased ? lease : "")
                ), counted AS MATERIALIZED (SELECT count(*) <= \(mostNewDeliveries) AS are_few FROM new)
                SELECT \(OpenDelivery.columns), \(name(of: "d")) FROM counted CROSS JOIN new d
                CROSS JOIN LATERAL (SELECT * FROM events WHERE id = d.event OFFSET 0) e
                WHERE are_few
                UNION ALL
                SELECT \(noDelivery), \(name(of: "many"))
                FROM (SELECT DISTINCT subscription FROM counted CROSS JOIN new WHERE NOT are_few) many
                """
            )
        }

        /// Adds a look at what is open of the deliveries above an id; 0: of all, which are found without the settled ones.
        private func addTouched(above id: Int64, to pipeline: inout Pipeline) {
            guard id > 0 else {
                return pipeline.add(Self.openSubscriptions) { [self] rows in
                    result.reads.touchedSubscriptions = rows.map { $0.text(0) }
                    result.reads.newDeliveries = nil
                }
            }
            let node = batch.node.map { Parameter.text($0.rawValue) }
            let statement = node == nil ? Self.touched : Self.touchedOfNode
            pipeline.add(statement, [.int8(id)] + (node.map { [$0] } ?? [])) { [self] rows in
                func name(_ row: Row) -> String { row.text(OpenDelivery.columnCount) }
                result.reads.touchedSubscriptions = Set(rows.lazy.map(name)).sorted()
                let areFew = rows.first.map { !$0.isNull(0) } ?? true
                result.reads.newDeliveries = areFew ? open(rows, name: name) : nil
            }
        }

        /// The highest id says nothing of a transaction that has taken a lower one and still runs. So this also notes who was
        /// inserting then: between the highest id and the look at what is new, so that one that ended in between is seen. Once
        /// one of those has ended, what is new is looked at from further back (``readAfterInserters(_:)``): its ids are higher than
        /// where the first look that met it began, for it was not there at the one before. What the very first look meets may
        /// have taken any.
        private func addNewDeliveries(above id: Delivery.ID, to pipeline: inout Pipeline) {
            pipeline.add(Self.highest) { [self] rows in
                result.reads.highestDelivery = rows.first.map { Delivery.ID(rawValue: $0.int64(0)) }
            }
            pipeline.add(Self.inserting, locks) { [self] rows in
                let begin = earlierInserters == nil ? 0 : id.rawValue
                let noted = rows.map { ($0.text(0), earlierInserters?[$0.text(0)] ?? begin) }
                inserters = Dictionary(noted) { min($0, $1) }
            }
            // Most transactions are over by the next look: a few rows are read again rather than in another round trip.
            let begin = earlierInserters?.values.min() ?? id.rawValue
            lookedAbove = begin > 0 && id.rawValue - begin <= Self.nearby ? min(begin, id.rawValue) : id.rawValue
            addTouched(above: lookedAbove, to: &pipeline)
        }

        /// Looks once more, from further back, where somebody was inserting at an earlier look and has ended since.
        func readAfterInserters(_ connection: PostgresConnection) throws {
            guard let inserters, let begin = earlierInserters?.filter({ inserters[$0.key] == nil }).values.min(),
                begin < lookedAbove
            else { return }
            var pipeline = Pipeline()
            addTouched(above: begin, to: &pipeline)
            try connection.run(pipeline)
            guard !damage.isEmpty else { return }
            // Given up by whoever reads their subscriptions.
            damage = []
            result.reads.newDeliveries = nil
        }

        // MARK: Refills

        private static let refill = Statement(
            """
            SELECT \(OpenDelivery.columns), r.position::int4
            FROM unnest($1::int4[], $2::int8[], $3::int8[], $4::int8[]) WITH ORDINALITY
                AS r (subscription, due_at, id, count, position)
            CROSS JOIN LATERAL (
                SELECT * FROM deliveries
                WHERE subscription = r.subscription AND due_at IS NOT NULL
                    AND (deliveries.due_at, deliveries.id) > (r.due_at, r.id)
                ORDER BY due_at, id LIMIT r.count
            ) d
            JOIN events e ON e.id = d.event
            ORDER BY r.position, d.due_at, d.id
            """
        )

        private static let givePlaces = Statement(
            // Two ranges of the index, and nothing of what has its place.
            """
            UPDATE deliveries SET due_at = event WHERE state = 0 AND id IN (
                (SELECT id FROM deliveries WHERE subscription = $1::int4 AND due_at <= 0 AND state = 0 LIMIT $3::int8)
                UNION ALL (
                    SELECT id FROM deliveries WHERE subscription = $1::int4 AND due_at >= $2::int8 AND state = 0
                    ORDER BY due_at LIMIT $3::int8
                )
            )
            """
        )

        private static let attempted = Statement(
            """
            SELECT \(OpenDelivery.columns)
            FROM deliveries d JOIN events e ON e.id = d.event
            WHERE d.subscription = $1::int4 AND d.state = 1 ORDER BY d.id LIMIT 1
            """
        )

        private func addRefills(to pipeline: inout Pipeline) {
            let refills = batch.reads.refills
            result.reads.refills = Array(repeating: [], count: refills.count)
            let known = refills.indices.compactMap { index in names[refills[index].subscription].map { (index, $0) } }
            guard !known.isEmpty else { return }
            for (index, row) in known where refills[index].isOrdered && refills[index].after == nil {
                pipeline.add(
                    Self.givePlaces,
                    [
                        .int4(Int32(row)), .int8(AcceptancePlace.end.milliseconds), .int8(Int64(refills[index].limit)),
                    ]
                )
            }
            let positions = known.map { refills[$0.0].after }
            pipeline.add(
                Self.refill,
                [
                    .int4s(known.map(\.1)), .int8s(positions.map { $0?.dueAt.milliseconds ?? .min }),
                    .int8s(positions.map { $0?.delivery.rawValue ?? .min }),
                    .int8s(known.map { Int64(refills[$0.0].limit + unreadable.count) }),
                ]
            ) { [self] rows in
                for row in rows {
                    let index = known[row.int32(OpenDelivery.columnCount) - 1].0
                    do throws(StoreError) {
                        let delivery = try OpenDelivery(row, subscription: refills[index].subscription)
                        if result.reads.refills[index].count < refills[index].limit {
                            result.reads.refills[index].append(delivery)
                        }
                    } catch  where !unreadable.contains(row.int64(0)) {
                        damage.append(.delivery(row.int64(0), reason: error.message))
                    } catch {}
                }
            }
            for (index, row) in known where refills[index].isOrdered {
                pipeline.add(Self.attempted, [.int4(Int32(row))]) { [self] rows in
                    let found = open(rows) { _ in refills[index].subscription }
                    let ids = Set(result.reads.refills[index].map(\.id))
                    result.reads.refills[index] += found.filter { !ids.contains($0.id) }
                }
            }
        }

        private static let ofEvents = Statement(
            """
            SELECT \(OpenDelivery.columns), s.name
            FROM unnest($1::int8[]) WITH ORDINALITY AS x (event, position) JOIN deliveries d ON d.event = x.event
            JOIN events e ON e.id = d.event JOIN subscriptions s ON s.id = d.subscription
            WHERE d.state < 2 ORDER BY x.position, d.id
            """
        )

        private func addTakenOver(to pipeline: inout Pipeline) {
            pipeline.add(Self.ofEvents, [.int8s(batch.reads.takeovers)]) { [self] rows in
                result.reads.takenOver = open(rows) { $0.text(OpenDelivery.columnCount) }
            }
        }

        // MARK: Damage

        /// Settles deliveries and sets events aside whose rows are damaged, so that nothing of them is ever sent, and reads
        /// again.
        func giveUpDamaged(_ connection: PostgresConnection) throws {
            while !damage.isEmpty {
                let found = damage
                damage = []
                for damage in found {
                    switch damage {
                    case .delivery(let row, let reason): try giveUp(row, reason, connection)
                    case .event(let row, let reason): try giveUp(event: row, reason, connection)
                    }
                }
                var pipeline = Pipeline()
                addReads(to: &pipeline)
                try connection.run(pipeline)
            }
        }

        private func giveUp(_ delivery: Int64, _ reason: String, _ connection: PostgresConnection) throws {
            // One in flight may have been sent, and by a mode that can't be read perhaps once only.
            let update = Statement(
                """
                UPDATE deliveries SET state = CASE state WHEN 2 THEN 5 ELSE 4 END, last_error = $2::int2,
                    detail = $3::text, settled_at = $4::int8, due_at = NULL
                WHERE id = $1::int8 AND state < 3
                """
            )
            let parameters: [Parameter] = [
                .int8(delivery), .int2(FailureKind.internal.code), .text(reason), .int8(clock.now.milliseconds),
            ]
            let taken = try RowTrial(connection).take(.delivery) { try connection.run(update, parameters).changedCount }
            let isGivenUp = (try? taken.get()) == 1
            if !isGivenUp { unreadable.insert(delivery) }
            let rows = try connection.run(
                Statement(
                    """
                    SELECT d.event, e.event_id, s.name FROM deliveries d
                    LEFT JOIN events e ON e.id = d.event LEFT JOIN subscriptions s ON s.id = d.subscription
                    WHERE d.id = $1::int8
                    """
                ),
                [.int8(delivery)]
            )
            guard let row = rows.first else { return }
            result.reads.damaged.append(
                DamagedRow(
                    delivery: Delivery.ID(rawValue: delivery),
                    eventRow: row.int64(0),
                    event: row.text(1),
                    subscription: row.optionalText(2),
                    reason: reason,
                    isGivenUp: isGivenUp
                )
            )
        }

        private func giveUp(event: Int64, _ reason: String, _ connection: PostgresConnection) throws {
            let update = Statement("UPDATE pending SET set_aside = $2::text WHERE event = $1::int8")
            let taken = try RowTrial(connection).take(.event) {
                try connection.run(update, [.int8(event), .text(reason)]).changedCount
            }
            let rows = try connection.run(Statement("SELECT event_id FROM events WHERE id = $1::int8"), [.int8(event)])
            let isGivenUp = (try? taken.get()) == 1
            result.reads.damaged.append(
                DamagedRow(eventRow: event, event: rows.first?.text(0) ?? "", reason: reason, isGivenUp: isGivenUp)
            )
            // Else it would be read for ever.
            if !isGivenUp { leftOut.insert(event) }
        }
    }
#endif
