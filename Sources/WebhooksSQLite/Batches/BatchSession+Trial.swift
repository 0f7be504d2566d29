internal import GRDB
internal import WebhookCore

/// Applying a batch member by member.
extension BatchSession {
    /// Does what ``apply(_:)`` does, but for what the store refuses.
    func apply(_ planned: StoreBatch, _ trial: RowTrial) throws -> StoreBatchResult {
        var result = StoreBatchResult()
        let batch = try current(planned, &result)
        var refusals: [RowRefusal] = []

        func each<Member, Value>(
            _ members: [Member],
            _ kind: RowTrial.Step.Kind,
            _ item: (Int) -> RowRefusal.Item,
            otherwise: (String) -> Value,
            body: (Int, Member) throws -> Value
        ) throws -> [Value] {
            try members.enumerated().map { index, member in
                let step = RowTrial.Step(kind: kind, member: index)
                if let value = try trial.take(step, in: self, { try body(index, member) }) { return value }
                let reason = trial.reason(step)
                refusals.append(RowRefusal(item(index), reason: reason))
                return otherwise(reason)
            }
        }

        typealias Item = RowRefusal.Item
        if batch.reads.pendingEvents > 0 || !batch.reads.takeovers.isEmpty {
            try takePlaces(dueBy: batch.reads.pendingEventsDueBy)
        }
        result.results = try each(
            batch.results,
            .result,
            Item.result,
            otherwise: always(AttemptWriteResult.refused)
        ) { try record($1) }
        result.settlements = try each(
            batch.settlements,
            .settlement,
            Item.settlement,
            otherwise: always(false)
        ) { try settle($1) }
        _ = try each(batch.health, .health, Item.health, otherwise: always(())) { try write($1) }
        _ = try each(batch.resumptions, .resumption, Item.resumption, otherwise: always(())) { try resume($1) }
        result.acceptances = try each(
            batch.acceptances,
            .acceptance,
            Item.acceptance,
            otherwise: AcceptanceResult.refused(reason:)
        ) { index, acceptance in
            try accept(acceptance) { new, event, instant in
                let place = { RowRefusal.Item.acceptedDelivery(acceptance: index, delivery: $0) }
                return try self.insert(new, of: event, at: instant, trial, index, place, &refusals)
            }
        }
        // Told apart from the deliveries of acceptances, which have the same kind of steps.
        let offset = batch.acceptances.count
        result.fanOuts += try each(
            batch.fanOuts,
            .fanOut,
            Item.fanOut,
            otherwise: always(FanOutResult.refused)
        ) { index, fanOut in
            try self.fanOut(fanOut) { new, event, instant in
                let place = { RowRefusal.Item.fannedOutDelivery(fanOut: index, delivery: $0) }
                let member = offset + index
                return try self.insert(new, of: event, at: instant, trial, member, place, &refusals)
            }
        }
        if !batch.fanOuts.isEmpty, try !unmatchedCancellations().isEmpty { try UnmatchedCancellations.prune(db) }
        result.openCancellations = try batch.openCancellations.enumerated().map { index, cancellation in
            try cancelOpenDeliveries(cancellation, trial, index, &refusals)
        }
        result.setAsides = try each(
            batch.setAsides,
            .setAside,
            Item.setAside,
            otherwise: always(SetAsideResult(event: nil, isSetAside: false))
        ) { try setAside($1) }
        result.claims = try each(batch.claims, .claim, Item.claim, otherwise: always(ClaimResult.refused)) {
            try claim($1, $0, &refusals)
        }
        result.refusals = refusals
        if batch.isTrial { try tryWriting() }
        if !batch.reads.isEmpty { result.reads = try read(batch.reads) }
        return result
    }

    /// Inserts an event's deliveries. One that the store refuses is stored as failed; where it refuses that too, the
    /// event as a whole is refused.
    private func insert(
        _ new: NewDeliveries,
        of event: ParentEvent,
        at instant: Timestamp,
        _ trial: RowTrial,
        _ member: Int,
        _ place: (Int) -> RowRefusal.Item,
        _ refusals: inout [RowRefusal]
    ) throws -> [Delivery.ID] {
        let bodies = try new.bodies.enumerated().map { index, body in
            let step = RowTrial.Step(kind: .body, member: member, part: Int64(index))
            return try trial.take(step, in: self) { try insert(body: body, of: event.row, data: event.data) }
        }
        return try new.deliveries.enumerated().map { index, delivery in
            let step = RowTrial.Step(kind: .delivery, member: member, part: Int64(index))
            let id = try trial.take(step, in: self) {
                if let body = delivery.body, bodies[body] == nil {
                    throw trial.error(of: RowTrial.Step(kind: .body, member: member, part: Int64(body)))
                }
                return try insert(delivery, body: delivery.body.flatMap { bodies[$0] }, of: event, at: instant)
            }
            if let id { return id }
            let reason = trial.reason(step)
            refusals.append(RowRefusal(place(index), reason: reason))
            var failed = delivery
            failed.fail(refusedFor: reason)
            let instead = RowTrial.Step(kind: .failedDelivery, member: member, part: Int64(index))
            if let id = try trial.take(instead, in: self, { try insert(failed, body: nil, of: event, at: instant) }) {
                return id
            }
            throw trial.error(of: instead)
        }
    }

    /// Settles a subscription's open deliveries one by one.
    private func cancelOpenDeliveries(
        _ cancellation: OpenCancellation,
        _ trial: RowTrial,
        _ index: Int,
        _ refusals: inout [RowRefusal]
    ) throws -> Int {
        guard let subscription = try row(of: cancellation) else { return 0 }
        let ids = try Int64.fetchAll(
            db,
            sql: """
                SELECT id FROM webhooks_deliveries INDEXED BY webhooks_deliveries_open
                WHERE subscription = ? AND due_at IS NOT NULL ORDER BY due_at, id
                """,
            arguments: [subscription]
        )
        var count = 0
        for id in ids where count < cancellation.limit {
            let delivery = Delivery.ID(rawValue: id)
            let settlement = Settlement(
                delivery: delivery,
                state: .cancelled,
                error: .disabled,
                detail: nil,
                at: cancellation.at
            )
            let step = RowTrial.Step(kind: .openCancellation, member: index, part: id)
            if try trial.take(step, in: self, { try settle(settlement) }) != nil {
                count += 1
            } else {
                refusals.append(RowRefusal(.openCancellation(index, delivery: delivery), reason: trial.reason(step)))
            }
        }
        return count
    }
}

/// The value that stands in the results for a refused member, whatever the reason.
private func always<Value>(_ value: Value) -> (String) -> Value { { _ in value } }
