#if PostgreSQL
    internal import WebhookCore

    /// New events and their deliveries, many in one statement.
    enum EventRows {
        /// Bodies and deliveries of several events, as columns.
        private struct Children {
            private var bodyEvents: [Int?] = []
            private var bodyNumbers: [Int?] = []
            private var splits: [Int?] = []
            private var checksums: [Int64?] = []
            private var contents: [ByteString] = []
            private var events: [Int?] = []
            private var subscriptions: [Int?] = []
            private var names: [String?] = []
            private var bodies: [Int?] = []
            private var contentTypes: [Int?] = []
            private var modes: [Int?] = []
            private var createdAt: [Int64?] = []
            private var starts: [Start] = []

            /// Adds the children of an event.
            ///
            /// - Parameter position: its position in the statement, from 1.
            mutating func add(
                _ new: NewDeliveries,
                at instant: Timestamp,
                data: ByteString?,
                position: Int,
                _ names: SubscriptionRowCache
            ) {
                for (number, body) in new.bodies.enumerated() {
                    let stored = StoredBody(body, data: data)
                    bodyEvents.append(position)
                    bodyNumbers.append(number)
                    splits.append(stored.split)
                    checksums.append(Checksum(body: body).value)
                    contents.append(stored.content)
                }
                for delivery in new.deliveries {
                    events.append(position)
                    subscriptions.append(names[delivery.subscription])
                    self.names.append(delivery.subscription)
                    bodies.append(delivery.body)
                    contentTypes.append(delivery.contentType.code)
                    modes.append(delivery.mode.code)
                    createdAt.append(instant.milliseconds)
                    starts.append(Start(delivery.start, at: instant))
                }
            }

            /// As parameters, in the order of ``bodyColumns`` and ``deliveryColumns``.
            var parameters: [Parameter] {
                [
                    .int4s(bodyEvents), .int4s(bodyNumbers), .int4s(splits), .int8s(checksums), .byteStrings(contents),
                    .int4s(events), .int4s(subscriptions), .texts(names), .int4s(bodies), .int2s(contentTypes),
                    .int2s(modes), .int8s(createdAt), .int2s(starts.map(\.state.code)), .int4s(starts.map(\.attempts)),
                    .bools(starts.map(\.isInOrder)), .int8s(starts.map(\.dueAt?.milliseconds)),
                    .int8s(starts.map(\.claimedAt?.milliseconds)), .int8s(starts.map(\.settledAt?.milliseconds)),
                    .int2s(starts.map(\.error?.code)), .texts(starts.map(\.detail)),
                ]
            }
        }

        /// The columns with which a delivery starts.
        private struct Start {
            var state = DeliveryState.pending
            var attempts = 0
            var isInOrder = false
            var dueAt: Timestamp?
            var claimedAt: Timestamp?
            var settledAt: Timestamp?
            var error: FailureKind?
            var detail: String?

            init(_ start: NewDelivery.Start, at instant: Timestamp) {
                switch start {
                case .pending(let due): dueAt = due
                case .inOrder: isInOrder = true
                case .claimed(let claimed): (state, attempts, claimedAt) = (.inFlight, 1, claimed)
                case .settled(let settled, let reason, let words):
                    (state, settledAt, error, detail) = (settled, instant, reason, words)
                }
            }
        }

        /// A common table expression's part that reads ``Children``.
        ///
        /// - Parameter first: the number of the first parameter.
        private static func bodies(from first: Int) -> String {
            """
            unnest($\(first)::int4[], $\(first + 1)::int4[], $\(first + 2)::int4[], $\(first + 3)::int8[], \
            $\(first + 4)::bytea[]) AS x (position, number, split, checksum, content)
            """
        }

        private static func deliveries(from first: Int) -> String {
            """
            unnest($\(first)::int4[], $\(first + 1)::int4[], $\(first + 2)::text[], $\(first + 3)::int4[], \
            $\(first + 4)::int2[], $\(first + 5)::int2[], $\(first + 6)::int8[], $\(first + 7)::int2[], \
            $\(first + 8)::int4[], $\(first + 9)::bool[], $\(first + 10)::int8[], $\(first + 11)::int8[], \
            $\(first + 12)::int8[], $\(first + 13)::int2[], $\(first + 14)::text[]) \
            AS x (position, subscription, name, body, content_type, mode, created_at, state, attempts, in_order, due_at, \
            claimed_at, settled_at, last_error, detail)
            """
        }

        private static let deliveryColumns = """
            event, subscription, body, content_type, mode, test, created_at, state, attempts, due_at, claimed_at, settled_at, \
            last_error, detail
            """

        // MARK: Acceptances

        /// Inserts events whose ids are not there yet, in order, with bodies and deliveries. Arrays stand in for joins: those
        /// would compare every row with every other.
        private static let accept = acceptance(ofMessages: false)
        private static let acceptMessages = acceptance(ofMessages: true)

        /// - Parameter isOfMessages: whether some of the events are messages; who only emits has nothing of it.
        private static func acceptance(ofMessages isOfMessages: Bool) -> Statement {
            func only(_ part: @autoclosure () -> String) -> String { isOfMessages ? part() : "" }
            return Statement(
                """
                WITH input AS MATERIALIZED (
                    SELECT nextval('events_id_seq') AS id, x.*\(only(", \(MessageRows.refusal) AS refusal"))
                    FROM unnest(
                        $1::text[], $2::text[], $3::text[], $4::int8[], $5::bool[], $6::int8[], $7::int8[], $8::bool[],
                        $9::text[], $10::int8[], $11::bytea[], $12::bool[], $13::text[]\(only(MessageRows.arrays(from: 34)))
                    ) WITH ORDINALITY AS x (
                        event_id, topic, tenant, occurred_at, occurred_given, created_at, deliver_at, test, target, checksum,
                        data, waits, trace\(only(MessageRows.columns)), position
                    )
                ), inserted AS (
                    INSERT INTO events (
                        id, event_id, topic, tenant, occurred_at, occurred_given, created_at, deliver_at, test, target, checksum,
                        data, trace
                    )
                    SELECT id, event_id, topic, tenant, occurred_at, occurred_given, created_at, deliver_at, test, target,
                        checksum, data, trace
                    FROM input \(only("WHERE refusal = 0 "))ORDER BY position
                    ON CONFLICT (event_id) DO NOTHING RETURNING id
                ), known AS MATERIALIZED (
                    SELECT array_agg(id ORDER BY position) AS ids, array_agg(test ORDER BY position) AS tests,
                        ARRAY(SELECT id FROM inserted) AS inserted
                    FROM input
                ), waiting AS (
                    INSERT INTO pending (event, due_at)
                    SELECT i.id, CASE WHEN i.deliver_at > i.created_at THEN i.deliver_at END
                    FROM input i, known k WHERE i.waits AND i.id = ANY (k.inserted)
                ), new_bodies AS (
                    INSERT INTO bodies (event, number, split, checksum, content)
                    SELECT k.ids[x.position], x.number, x.split, x.checksum, x.content
                    FROM known k, \(bodies(from: 14)) WHERE k.ids[x.position] = ANY (k.inserted)
                ), new_deliveries AS (
                    INSERT INTO deliveries (\(deliveryColumns))
                    SELECT k.ids[x.position], x.subscription, x.body, x.content_type, x.mode, k.tests[x.position],
                        x.created_at, x.state, x.attempts, CASE WHEN x.in_order THEN k.ids[x.position] ELSE x.due_at END,
                        x.claimed_at, x.settled_at, x.last_error, x.detail
                    FROM known k, \(deliveries(from: 19)) WHERE k.ids[x.position] = ANY (k.inserted)
                    RETURNING id, event
                )\(only(MessageRows.inserts))
                SELECT i.position, i.id, NULL::int8 FROM input i, known k WHERE i.id = ANY (k.inserted)
                UNION ALL SELECT NULL, event, id FROM new_deliveries
                \(only(MessageRows.refusals))
                """
            )
        }

        /// Stores events of different ids.
        ///
        /// - Parameter take: gets a result for each, in order; `nil`: there is an event of that id already.
        static func accept(
            _ acceptances: [Acceptance],
            names: SubscriptionRowCache,
            in pipeline: inout Pipeline,
            _ take: @escaping ([AcceptanceResult?]) -> Void
        ) {
            let events = acceptances.map(\.event)
            var children = Children()
            for (index, acceptance) in acceptances.enumerated() {
                guard let new = acceptance.deliveries else { continue }
                children.add(new, at: acceptance.createdAt, data: acceptance.event.data, position: index + 1, names)
            }
            let parameters: [Parameter] = [
                .texts(events.map(\.id)), .texts(events.map(\.topic)), .texts(events.map(\.tenant)),
                .int8s(events.map(\.occurredAt.milliseconds)), .bools(events.map(\.occurredAtIsGiven)),
                .int8s(acceptances.map(\.createdAt.milliseconds)), .int8s(events.map(\.deliverAt?.milliseconds)),
                .bools(events.map(\.isTest)), .texts(acceptances.map(\.target)),
                .int8s(events.map { Checksum($0).value }), .byteStrings(events.map(\.data)),
                .bools(acceptances.map { $0.deliveries == nil }), .texts(events.map { $0.trace?.stored }),
            ]
            let isOfMessages = events.contains { $0.message != nil }
            let messages = isOfMessages ? MessageRows.parameters(events.map(\.message)) : []
            if isOfMessages {
                let forget = MessageRows.forget(acceptances)
                pipeline.add(forget.statement, forget.parameters)
            }
            let statement = isOfMessages ? acceptMessages : accept
            pipeline.add(statement, parameters + children.parameters + messages) { rows in
                var events: [Int: Int64] = [:]
                var refusals: [Int: AcceptanceResult] = [:]
                var deliveries: [Int64: [Delivery.ID]] = [:]
                for row in rows {
                    if let position = row.optionalInt64(0) {
                        let index = Int(position) - 1
                        if let event = row.optionalInt64(1) {
                            events[index] = event
                        } else {
                            refusals[index] = MessageRows.result(row.int64(2))
                        }
                    } else {
                        deliveries[row.int64(1), default: []].append(Delivery.ID(rawValue: row.int64(2)))
                    }
                }
                take(
                    acceptances.indices.map { index in
                        events[index].map { .stored(event: $0, deliveries: (deliveries[$0] ?? []).sorted()) }
                            ?? refusals[index]
                    }
                )
            }
        }

        private static let insertOne = Statement(
            """
            INSERT INTO deliveries (\(deliveryColumns))
            VALUES (
                $1::int8, $2::int4, $3::int4, $4::int2, $5::int2, $6::bool, $7::int8, $8::int2, $9::int4, $10::int8,
                $11::int8, $12::int8, $13::int2, $14::text
            ) RETURNING id
            """
        )

        /// Inserts one delivery of an event that is there.
        static func insert(
            _ delivery: NewDelivery,
            of event: Int64,
            place: Int64,
            isTest: Bool,
            at instant: Timestamp,
            names: SubscriptionRowCache
        ) -> BoundStatement {
            let start = Start(delivery.start, at: instant)
            let dueAt = start.isInOrder ? AcceptancePlace.dueAt(place) : start.dueAt
            return BoundStatement(
                insertOne,
                [
                    .int8(event), .int4(names[delivery.subscription].map { Int32($0) }),
                    .int4(delivery.body.map { Int32($0) }), .int2(delivery.contentType.code), .int2(delivery.mode.code),
                    .bool(isTest), .int8(instant.milliseconds), .int2(start.state.code), .int4(Int32(start.attempts)),
                    .int8(dueAt?.milliseconds), .int8(start.claimedAt?.milliseconds),
                    .int8(start.settledAt?.milliseconds), .int2(start.error?.code), .text(start.detail),
                ]
            )
        }

        // MARK: Fan-outs

        private static let fanOut = Statement(
            """
            WITH gone AS (
                DELETE FROM pending p USING unnest($1::int8[]) WITH ORDINALITY AS x (event, position), events e
                WHERE p.event = x.event AND e.id = x.event AND p.set_aside IS NULL
                RETURNING p.event, p.place, p.due_at, e.test, x.position
            ), known AS MATERIALIZED (
                SELECT array_agg(event) AS events, array_agg(test) AS tests,
                    array_agg(position::int4) AS positions,
                    array_agg(
                        coalesce(
                            place,
                            CASE WHEN due_at IS NULL THEN greatest(event, front)
                                ELSE greatest(front, (SELECT max(id) FROM events)) END
                        )
                    ) AS places
                FROM gone, meta
            ), new_bodies AS (
                INSERT INTO bodies (event, number, split, checksum, content)
                SELECT k.events[array_position(k.positions, x.position)], x.number, x.split, x.checksum, x.content
                FROM known k, \(bodies(from: 2)) WHERE x.position = ANY (k.positions)
            ), input AS MATERIALIZED (
                SELECT x.*, array_position(k.positions, x.position) AS at,
                    k.events[array_position(k.positions, x.position)] AS event, c.up_to_event IS NOT NULL AS is_cancelled
                FROM known k CROSS JOIN \(deliveries(from: 7))
                LEFT JOIN LATERAL (
                    SELECT up_to_event FROM cancellations c
                    WHERE c.subscription = x.name AND c.from_event <= k.events[array_position(k.positions, x.position)]
                        AND c.up_to_event >= k.events[array_position(k.positions, x.position)] LIMIT 1
                ) c ON true
                WHERE x.position = ANY (k.positions)
            ), numbered AS MATERIALIZED (
                SELECT nextval('deliveries_id_seq') AS id, i.* FROM input i
            ), new_deliveries AS (
                INSERT INTO deliveries (id, \(deliveryColumns))
                SELECT x.id, x.event, x.subscription, x.body, x.content_type, x.mode, k.tests[x.at], x.created_at,
                    CASE WHEN x.is_cancelled THEN 6 ELSE x.state END,
                    CASE WHEN x.is_cancelled THEN 0 ELSE x.attempts END,
                    CASE WHEN x.is_cancelled THEN NULL WHEN x.in_order THEN k.places[x.at] ELSE x.due_at END,
                    CASE WHEN x.is_cancelled THEN NULL ELSE x.claimed_at END,
                    CASE WHEN x.is_cancelled THEN x.created_at ELSE x.settled_at END,
                    CASE WHEN x.is_cancelled THEN NULL ELSE x.last_error END,
                    CASE WHEN x.is_cancelled THEN 'cancelled before the event was matched' ELSE x.detail END
                FROM numbered x, known k
            )
            SELECT position::int4, NULL::int8, false FROM gone
            UNION ALL SELECT position, id, is_cancelled FROM numbered
            """
        )

        private static let forgetCancellations = Statement(
            """
            DELETE FROM cancellations c
            WHERE NOT EXISTS (SELECT 1 FROM pending WHERE event BETWEEN c.from_event AND c.up_to_event)
            """
        )

        /// Stores the deliveries of different events that wait for their fan-out.
        ///
        /// - Parameter take: gets a result for each, in order.
        static func fanOut(
            _ fanOuts: [FanOut],
            names: SubscriptionRowCache,
            in pipeline: inout Pipeline,
            _ take: @escaping ([FanOutResult]) -> Void
        ) {
            var children = Children()
            for (index, fanOut) in fanOuts.enumerated() {
                children.add(fanOut.deliveries, at: fanOut.createdAt, data: fanOut.data, position: index + 1, names)
            }
            let events: Parameter = .int8s(fanOuts.map(\.event))
            pipeline.add(fanOut, [events] + children.parameters) { rows in
                var found: [Int: [(id: Delivery.ID, isCancelled: Bool)]] = [:]
                for row in rows {
                    let index = row.int32(0) - 1
                    found[index, default: []] +=
                        row.optionalInt64(1).map { [(Delivery.ID(rawValue: $0), row.bool(2))] } ?? []
                }
                take(
                    fanOuts.indices.map { index in
                        guard let deliveries = found[index]?.sorted(by: { $0.id < $1.id }) else { return .refused }
                        let cancelled = deliveries.indices.filter { deliveries[$0].isCancelled }
                        return .stored(deliveries: deliveries.map(\.id), cancelled: Set(cancelled))
                    }
                )
            }
            pipeline.add(forgetCancellations)
        }
    }
#endif
