#if PostgreSQL
    internal import WebhookCore

    /// Applying a batch member by member: a round trip or two for each.
    extension BatchRun {
        /// Does what ``addWrites(to:)`` does, but for what the store refuses.
        func apply(_ trial: RowTrial, _ connection: PostgresConnection) throws {
            var places = Pipeline()
            addPlaces(to: &places)
            try connection.run(places)
            try applyAttempts(trial)
            for (index, health) in batch.health.enumerated() {
                note(.health(index), try trial.take(.health) { add(health, to: &$0) })
            }
            for (index, resumption) in batch.resumptions.enumerated() {
                note(.resumption(index), try trial.take(.resumption) { add(resumption, to: &$0) })
            }
            result.acceptances = []
            for index in batch.acceptances.indices { result.acceptances.append(try accept(index, trial, connection)) }
            for index in batch.fanOuts.indices { result.fanOuts.append(try fanOut(index, trial, connection)) }
            result.openCancellations = []
            for index in batch.openCancellations.indices {
                result.openCancellations.append(try cancelOpen(index, trial, connection))
            }
            result.setAsides = Array(
                repeating: SetAsideResult(event: nil, isSetAside: false),
                count: batch.setAsides.count
            )
            for (index, setAside) in batch.setAsides.enumerated() {
                let taken = try trial.take(.setAside) { pipeline in
                    PendingRows.setAside(setAside, in: &pipeline) { [self] in result.setAsides[index] = $0 }
                }
                note(.setAside(index), taken)
            }
            result.claims = []
            for index in batch.claims.indices { result.claims.append(try claim(index, trial, connection)) }
        }

        private func note(_ item: RowRefusal.Item, _ taken: Result<some Any, RowTrial.Refused>) {
            if case .failure(let refused) = taken { result.refusals.append(RowRefusal(item, reason: refused.reason)) }
        }

        private func applyAttempts(_ trial: RowTrial) throws {
            result.results = Array(repeating: .refused, count: batch.results.count)
            for (index, write) in batch.results.enumerated() {
                let taken = try trial.take(.result) { pipeline in
                    AttemptRows.record([write], in: &pipeline) { [self] in result.results[index] = $0[0] }
                }
                if case .failure = taken { result.results[index] = .refused }
                note(.result(index), taken)
            }
            result.settlements = Array(repeating: false, count: batch.settlements.count)
            for (index, settlement) in batch.settlements.enumerated() {
                let taken = try trial.take(.settlement) { pipeline in
                    DeliveryUpdates.settle(settlement, in: &pipeline) { [self] in result.settlements[index] = $0 }
                }
                note(.settlement(index), taken)
            }
        }

        // MARK: Events and their deliveries

        private func accept(
            _ index: Int,
            _ trial: RowTrial,
            _ connection: PostgresConnection
        ) throws -> AcceptanceResult {
            let acceptance = batch.acceptances[index]
            var refusals: [RowRefusal] = []
            let taken = try trial.take(.acceptance) { () throws -> AcceptanceResult in
                var alone = acceptance
                if acceptance.deliveries != nil { alone.deliveries = NewDeliveries() }
                var outcome: AcceptanceResult?
                var pipeline = Pipeline()
                EventRows.accept([alone], names: names, in: &pipeline) { outcome = $0[0] }
                try connection.run(pipeline)
                guard case .stored(let row, _)? = outcome else {
                    return try outcome ?? Self.compare([acceptance.event], connection)[0]
                }
                guard let new = acceptance.deliveries else { return .stored(event: row, deliveries: []) }
                let event = acceptance.event
                let parent = Parent(row: row, place: row, isTest: event.isTest, data: event.data)
                let ids = try insert(new, of: parent, at: acceptance.createdAt, trial, connection) {
                    refusals.append(RowRefusal(.acceptedDelivery(acceptance: index, delivery: $0), reason: $1))
                }
                return .stored(event: row, deliveries: ids)
            }
            note(.acceptance(index), taken)
            if case .success = taken { result.refusals += refusals }
            switch taken {
            case .success(let outcome): return outcome
            case .failure(let refused): return .refused(reason: refused.reason)
            }
        }

        private func fanOut(_ index: Int, _ trial: RowTrial, _ connection: PostgresConnection) throws -> FanOutResult {
            let fanOut = batch.fanOuts[index]
            var refusals: [RowRefusal] = []
            let taken = try trial.take(.fanOut) { () throws -> FanOutResult in
                let gone = try connection.run(Self.takePending, [.int8(fanOut.event)])
                guard let row = gone.first else { return .refused }
                let cancelled = Set(
                    try connection.run(
                        Statement(
                            "SELECT subscription FROM cancellations WHERE $1::int8 BETWEEN from_event AND up_to_event"
                        ),
                        [.int8(fanOut.event)]
                    ).map { $0.text(0) }
                )
                var new = fanOut.deliveries
                let positions = new.cancel { cancelled.contains($0) }
                let parent = Parent(row: fanOut.event, place: row.int64(0), isTest: row.bool(1), data: fanOut.data)
                let ids = try insert(new, of: parent, at: fanOut.createdAt, trial, connection) {
                    refusals.append(RowRefusal(.fannedOutDelivery(fanOut: index, delivery: $0), reason: $1))
                }
                return .stored(deliveries: ids, cancelled: positions)
            }
            note(.fanOut(index), taken)
            if case .success = taken { result.refusals += refusals }
            return (try? taken.get()) ?? .refused
        }

        /// The part of an event that its deliveries take.
        private struct Parent {
            var row: Int64
            var place: Int64
            var isTest: Bool
            var data: ByteString?
        }

        private static let takePending = Statement(
            """
            DELETE FROM pending p USING events e, meta m WHERE p.event = $1::int8 AND e.id = p.event AND p.set_aside IS NULL
            RETURNING coalesce(
                p.place,
                CASE WHEN p.due_at IS NULL THEN greatest(p.event, m.front)
                    ELSE greatest(m.front, (SELECT max(id) FROM events)) END
            ), e.test
            """
        )

        private static let insertBody = Statement(
            """
            INSERT INTO bodies (event, number, split, checksum, content)
            VALUES ($1::int8, $2::int4, $3::int4, $4::int8, $5::bytea)
            """
        )

        /// Inserts an event's deliveries. One that the store refuses is stored as failed; where it refuses that too, the event
        /// as a whole is refused.
        private func insert(
            _ new: NewDeliveries,
            of event: Parent,
            at instant: Timestamp,
            _ trial: RowTrial,
            _ connection: PostgresConnection,
            _ refuse: (_ delivery: Int, _ reason: String) -> Void
        ) throws -> [Delivery.ID] {
            let bodies = try new.bodies.enumerated().map { number, body in
                try trial.take(.body) { try Self.insert(body, number, of: event, connection) }
            }
            return try new.deliveries.enumerated().map { index, delivery in
                let taken = try trial.take(.delivery) {
                    if let body = delivery.body { try bodies[body].get() }
                    return try insert(delivery, of: event, at: instant, connection)
                }
                switch taken {
                case .success(let id): return id
                case .failure(let refused):
                    refuse(index, refused.reason)
                    var failed = delivery
                    failed.fail(refusedFor: refused.reason)
                    let instead = failed
                    return try trial.take(.failedDelivery) {
                        try insert(instead, of: event, at: instant, connection)
                    }.get()
                }
            }
        }

        private static func insert(
            _ body: ByteString,
            _ number: Int,
            of event: Parent,
            _ connection: PostgresConnection
        ) throws {
            let stored = StoredBody(body, data: event.data)
            try connection.run(
                insertBody,
                [
                    .int8(event.row), .int4(Int32(number)), .int4(stored.split.map { Int32($0) }),
                    .int8(Checksum(body: body).value), .bytes(stored.content),
                ]
            )
        }

        private func insert(
            _ delivery: NewDelivery,
            of event: Parent,
            at instant: Timestamp,
            _ connection: PostgresConnection
        ) throws -> Delivery.ID {
            let bound = EventRows.insert(
                delivery,
                of: event.row,
                place: event.place,
                isTest: event.isTest,
                at: instant,
                names: names
            )
            let rows = try connection.run(bound.statement, bound.parameters)
            return Delivery.ID(rawValue: rows.first?.int64(0) ?? 0)
        }

        // MARK: Others

        private func cancelOpen(_ index: Int, _ trial: RowTrial, _ connection: PostgresConnection) throws -> Int {
            let cancellation = batch.openCancellations[index]
            guard let subscription = names[cancellation.subscription], !fence.stops(cancellation.subscription)
            else { return 0 }
            var count = 0
            for delivery in try DeliveryUpdates.open(cancellation, of: subscription, connection) {
                if count == cancellation.limit { break }
                let settlement = Settlement(
                    delivery: delivery,
                    state: .cancelled,
                    error: .disabled,
                    detail: nil,
                    at: cancellation.at
                )
                let taken = try trial.take(.openCancellation) { pipeline in
                    DeliveryUpdates.settle(settlement, in: &pipeline) { count += $0 ? 1 : 0 }
                }
                note(.openCancellation(index, delivery: delivery), taken)
            }
            return count
        }

        /// A damaged body is refused as the store's own refusals are: its delivery fails alone, and nothing is claimed.
        private func claim(_ index: Int, _ trial: RowTrial, _ connection: PostgresConnection) throws -> ClaimResult {
            var claim = batch.claims[index]
            guard !fence.stops(claim) else { return .refused }
            var body: ByteString?
            if claim.needsBody {
                do {
                    body = try AttemptRows.body(claim.delivery, connection)
                } catch let error as StoreError where error.code == .damaged {
                    result.refusals.append(RowRefusal(.claim(index), reason: error.message))
                    return .refused
                }
            }
            claim.needsBody = false
            var outcome = ClaimResult.refused
            let alone = claim
            let taken = try trial.take(.claim) { pipeline in
                AttemptRows.claim([alone], in: &pipeline) { outcome = $0[0] }
            }
            note(.claim(index), taken)
            guard case .success = taken else { return .refused }
            if case .claimed = outcome { return .claimed(body: body) }
            return outcome
        }
    }
#endif
