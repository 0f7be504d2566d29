internal import WebhookCore

extension InMemoryRows {
    /// Applies a batch in the order of its members, then reads.
    mutating func apply(_ batch: StoreBatch) -> StoreBatchResult {
        var result = StoreBatchResult()
        if batch.reads.pendingEvents > 0 || !batch.reads.adoptions.isEmpty {
            takePlaces(dueBy: batch.reads.pendingEventsDueBy)
        }
        result.results = batch.results.map { record($0) }
        result.settlements = batch.settlements.map { settle($0) }
        for health in batch.health {
            let row = InMemoryHealthRow(health: SubscriptionHealth(subscription: health.subscription))
            healthRows[health.subscription, default: row].update(health)
        }
        for resumption in batch.resumptions {
            healthRows[resumption.subscription]?.resume(resumption.paused, at: resumption.at)
        }
        result.acceptances = batch.acceptances.map { accept($0) }
        result.fanOuts = batch.fanOuts.map { fanOut($0) }
        result.withdrawals = batch.withdrawals.map { withdraw($0) }
        result.claims = batch.claims.map { claim($0) }
        for refill in batch.reads.refills where refill.isOrdered && refill.after == nil { givePlaces(refill) }
        result.reads = read(batch.reads)
        return result
    }

    private mutating func record(_ write: AttemptWrite) -> Bool {
        guard let row = deliveries[write.delivery.rawValue], row.state == .inFlight,
            row.attempts == write.attempt.number
        else { return false }
        var attempt = write.attempt
        attempt.requestBody = .empty
        updateDelivery(write.delivery) { row in
            row.log.append(attempt)
            row.freeAttempts = write.freeAttempts
            row.interruptions = write.interruptions
            row.lastStatus = attempt.status
            row.lastError = attempt.error
            switch write.next {
            case .settled(let state):
                row.state = state
                row.settledAt = attempt.finishedAt ?? attempt.startedAt
                if state == .cancelled { row.lastError = .disabled }
            case .waiting(let moment):
                row.state = .waiting
                row.dueAt = moment
            }
        }
        return true
    }

    mutating func settle(_ settlement: Settlement) -> Bool {
        guard let row = deliveries[settlement.delivery.rawValue], row.isWaiting else { return false }
        updateDelivery(settlement.delivery) { row in
            row.state = settlement.state
            row.lastError = settlement.error ?? row.lastError
            row.detail = settlement.detail
            row.settledAt = settlement.at
            row.dueAt = nil
        }
        return true
    }

    mutating func accept(_ acceptance: Acceptance) -> AcceptanceResult {
        if let known = event(acceptance.event.id) {
            return known.event.hasSameContent(as: acceptance.event) ? .duplicate(event: known.row) : .conflict
        }
        let row = insertEvent(
            acceptance.event,
            target: acceptance.target,
            at: acceptance.createdAt,
            state: acceptance.deliveries == nil ? .waitsForFanOut : .fannedOut
        )
        let ids = acceptance.deliveries.map { insert($0, event: row, place: row, at: acceptance.createdAt) }
        return .stored(event: row, deliveries: ids ?? [])
    }

    private mutating func fanOut(_ fanOut: FanOut) -> FanOutResult {
        guard let event = events[fanOut.event], event.state == .waitsForFanOut else { return .refused }
        setState(.fannedOut, ofEvent: fanOut.event)
        var new = fanOut.deliveries
        let cancelled = new.cancel { name in unmatchedCancellations[name].map { fanOut.event <= $0 } ?? false }
        let ids = insert(new, event: fanOut.event, place: event.place ?? lastEvent, at: fanOut.createdAt)
        return .stored(deliveries: ids, cancelled: cancelled)
    }

    /// Puts first attempts of an ordered subscription into their places that have none.
    private mutating func givePlaces(_ refill: Refill) {
        let open = waiting[refill.subscription]?.values ?? []
        let early = open.prefix { $0.dueAt.milliseconds <= 0 }
        let late = open.drop { $0.dueAt < AcceptancePlace.end }
        for part in [early, late] {
            let lost = part.filter { deliveries[$0.delivery.rawValue]?.attempts == 0 }.prefix(refill.limit)
            for position in lost { updateDelivery(position.delivery) { $0.dueAt = AcceptancePlace.dueAt($0.event) } }
        }
    }

    private mutating func insert(
        _ new: NewDeliveries,
        event: Int64,
        place: Int64,
        at moment: Timestamp
    ) -> [Delivery.ID] {
        new.deliveries.map { delivery in
            insertDelivery { id in
                var row = InMemoryDeliveryRow(
                    id: id,
                    event: event,
                    subscription: delivery.subscription,
                    mode: delivery.mode,
                    contentType: delivery.contentType,
                    body: delivery.body.map { new.bodies[$0] },
                    state: .pending,
                    createdAt: moment
                )
                switch delivery.start {
                case .pending(let dueAt):
                    row.dueAt = dueAt
                case .inOrder:
                    row.dueAt = AcceptancePlace.dueAt(place)
                case .claimed(let claimedAt):
                    row.state = .inFlight
                    row.attempts = 1
                    row.claimedAt = claimedAt
                case .settled(let state, let error, let detail):
                    row.state = state
                    row.lastError = error
                    row.detail = detail
                    row.settledAt = moment
                }
                return row
            }
        }
    }

    private mutating func withdraw(_ withdrawal: Withdrawal) -> Int {
        let positions = waiting[withdrawal.subscription]?.values.prefix(withdrawal.limit) ?? []
        for position in positions {
            _ = settle(
                Settlement(
                    delivery: position.delivery,
                    state: .cancelled,
                    error: .disabled,
                    detail: nil,
                    at: withdrawal.at
                )
            )
        }
        return positions.count
    }

    private mutating func claim(_ claim: Claim) -> ClaimResult {
        guard let row = deliveries[claim.delivery.rawValue], row.isWaiting, row.attempts + 1 == claim.number
        else { return .refused }
        updateDelivery(claim.delivery) { row in
            row.state = .inFlight
            row.attempts = claim.number
            row.claimedAt = claim.at
            row.dueAt = nil
        }
        return .claimed(body: claim.needsBody ? row.body : nil)
    }
}
