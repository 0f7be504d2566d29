package import WebhookCore

extension InMemoryRows {
    /// Applies a batch in the order of its members, then reads. What is refused is left out.
    mutating func apply(_ planned: StoreBatch) -> StoreBatchResult {
        var result = StoreBatchResult()
        let isOutdated = planned.subscriptionsVersion.map { $0 != subscriptionsVersion } ?? false
        let batch = isOutdated ? planned.unmatched(subscriptionsVersion, &result) : planned
        let fence = LeaseFence(batch, self)
        result.unheld = fence.unheld
        if batch.reads.pendingEvents > 0 || !batch.reads.takeovers.isEmpty {
            takePlaces(dueBy: batch.reads.pendingEventsDueBy)
        }
        for (index, write) in batch.results.enumerated() {
            let row = deliveries[write.delivery.rawValue]
            let isWhole = !write.attempt.responseTruncated || !write.attempt.responseBody.isEmpty
            let reason = row.flatMap { refusal(.attempt($0, isWhole: isWhole)) }
            if let reason { result.refusals.append(RowRefusal(.result(index), reason: reason)) }
            result.results.append(reason == nil ? record(write) : .refused)
        }
        for (index, settlement) in batch.settlements.enumerated() {
            let reason = deliveries[settlement.delivery.rawValue].flatMap { refusal(.settlement($0)) }
            if let reason { result.refusals.append(RowRefusal(.settlement(index), reason: reason)) }
            result.settlements.append(reason == nil && settle(settlement))
        }
        for (index, health) in batch.health.enumerated() where !fence.stops(health.subscription) {
            if let reason = refusal(.health(health)) {
                result.refusals.append(RowRefusal(.health(index), reason: reason))
                continue
            }
            let row = InMemoryHealthRow(health: SubscriptionHealth(subscription: health.subscription))
            healthRows[health.subscription, default: row].update(health)
        }
        for resumption in batch.resumptions where !fence.stops(resumption.subscription) {
            healthRows[resumption.subscription]?.resume(resumption.paused, at: resumption.at)
        }
        for (index, planned) in batch.acceptances.enumerated() {
            var acceptance = planned
            acceptance.deliveries = planned.deliveries.map(fence.withoutClaims)
            if let reason = refusal(of: acceptance) {
                result.refusals.append(RowRefusal(.acceptance(index), reason: reason))
                result.acceptances.append(.refused(reason: reason))
                continue
            }
            result.acceptances.append(
                accept(acceptance) { delivery, reason in
                    let item = RowRefusal.Item.acceptedDelivery(acceptance: index, delivery: delivery)
                    result.refusals.append(RowRefusal(item, reason: reason))
                }
            )
        }
        for (index, planned) in batch.fanOuts.enumerated() {
            var fanOut = planned
            fanOut.deliveries = fence.withoutClaims(planned.deliveries)
            if events[fanOut.event]?.state == .waitsForFanOut,
                let reason = refusal(ofDeliveries: fanOut.deliveries, events[fanOut.event]?.event)
            {
                result.refusals.append(RowRefusal(.fanOut(index), reason: reason))
                result.fanOuts.append(.refused)
                continue
            }
            result.fanOuts.append(
                self.fanOut(fanOut) { delivery, reason in
                    let item = RowRefusal.Item.fannedOutDelivery(fanOut: index, delivery: delivery)
                    result.refusals.append(RowRefusal(item, reason: reason))
                }
            )
        }
        for (index, cancellation) in batch.openCancellations.enumerated() {
            guard !fence.stops(cancellation.subscription) else {
                result.openCancellations.append(0)
                continue
            }
            result.openCancellations.append(
                cancelOpenDeliveries(cancellation) { delivery, reason in
                    result.refusals.append(RowRefusal(.openCancellation(index, delivery: delivery), reason: reason))
                }
            )
        }
        result.setAsides = batch.setAsides.map { setAside($0) }
        for (index, claim) in batch.claims.enumerated() {
            guard !fence.stops(deliveries[claim.delivery.rawValue]?.subscription) else {
                result.claims.append(.refused)
                continue
            }
            let reason = deliveries[claim.delivery.rawValue].flatMap { refusal(.claim($0)) }
            if let reason { result.refusals.append(RowRefusal(.claim(index), reason: reason)) }
            result.claims.append(reason == nil ? self.claim(claim) : .refused)
        }
        for refill in batch.reads.refills where refill.isOrdered && refill.after == nil { givePlaces(refill) }
        var reads = batch.reads
        reads.acquired.removeAll(where: fence.stops)
        result.reads = read(reads, for: batch.node)
        return result
    }

    private mutating func record(_ write: AttemptWrite) -> AttemptWriteResult {
        guard let row = deliveries[write.delivery.rawValue], row.state == .inFlight,
            row.attempts == write.attempt.number
        else { return .refused }
        var attempt = write.attempt
        attempt.requestBody = .empty
        let isCancelled = row.cancelledAt != nil
        let next = isCancelled ? write.next.ifCancelled : write.next
        updateDelivery(write.delivery) { row in
            row.log.append(attempt)
            row.uncountedAttempts = write.uncountedAttempts
            row.interruptions = write.interruptions
            row.lastStatus = attempt.status
            row.lastError = isCancelled ? write.errorIfCancelled : attempt.error
            switch next {
            case .settled(let state):
                row.state = state
                row.settledAt = attempt.finishedAt ?? attempt.startedAt
                row.wait = nil
                if state == .cancelled, !isCancelled { row.lastError = .disabled }
                if next != write.next { row.detail = AttemptWrite.cancelledDetail }
            case .waiting(let instant):
                row.state = .waiting
                row.dueAt = instant
                row.wait = write.wait
            }
        }
        return next == write.next ? .recorded : .cancelled
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

    package mutating func accept(
        _ acceptance: Acceptance,
        as reserved: Int64? = nil,
        onRefusal: (Int, String) -> Void = { _, _ in }
    ) -> AcceptanceResult {
        if let known = event(acceptance.event.id) {
            let differences = known.event.differences(from: acceptance.event)
            return differences.isEmpty ? .duplicate(event: known.row) : .conflict(differences: differences)
        }
        let row = insertEvent(
            acceptance.event,
            target: acceptance.target,
            at: acceptance.createdAt,
            state: acceptance.deliveries == nil ? .waitsForFanOut : .fannedOut,
            as: reserved
        )
        let ids = acceptance.deliveries.map { insert($0, event: row, place: row, at: acceptance.createdAt, onRefusal) }
        return .stored(event: row, deliveries: ids ?? [])
    }

    private mutating func fanOut(_ fanOut: FanOut, onRefusal: (Int, String) -> Void) -> FanOutResult {
        guard let event = events[fanOut.event], event.state == .waitsForFanOut else { return .refused }
        setState(.fannedOut, ofEvent: fanOut.event)
        var new = fanOut.deliveries
        let cancelled = new.cancel { name in unmatchedCancellations[name]?.contains(fanOut.event) ?? false }
        let ids = insert(new, event: fanOut.event, place: event.place ?? lastEvent, at: fanOut.createdAt, onRefusal)
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
        at instant: Timestamp,
        _ onRefusal: (Int, String) -> Void
    ) -> [Delivery.ID] {
        new.deliveries.enumerated().map { index, delivery in
            var delivery = delivery
            if let event = events[event]?.event, let reason = refusal(.newDelivery(delivery, event)) {
                onRefusal(index, reason)
                delivery.body = nil
                delivery.fail(refusedFor: reason)
            }
            return insertDelivery { id in
                var row = InMemoryDeliveryRow(
                    id: id,
                    event: event,
                    subscription: delivery.subscription,
                    mode: delivery.mode,
                    contentType: delivery.contentType,
                    body: delivery.body.map { new.bodies[$0] },
                    state: .pending,
                    createdAt: instant
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
                    row.settledAt = instant
                }
                return row
            }
        }
    }

    private mutating func cancelOpenDeliveries(
        _ cancellation: OpenCancellation,
        onRefusal: (Delivery.ID, String) -> Void
    ) -> Int {
        let isDisabled = healthRows[cancellation.subscription]?.health.disabled != nil
        guard isDisabled || !cancellation.whileDisabled else { return 0 }
        var count = 0
        for position in waiting[cancellation.subscription]?.values ?? [] where count < cancellation.limit {
            if let reason = deliveries[position.delivery.rawValue].flatMap({ refusal(.settlement($0)) }) {
                onRefusal(position.delivery, reason)
                continue
            }
            count += 1
            _ = settle(
                Settlement(
                    delivery: position.delivery,
                    state: .cancelled,
                    error: .disabled,
                    detail: nil,
                    at: cancellation.at
                )
            )
        }
        return count
    }

    private mutating func claim(_ claim: Claim) -> ClaimResult {
        guard let row = deliveries[claim.delivery.rawValue], row.isWaiting, row.attempts + 1 == claim.number
        else { return .refused }
        if claim.isOrdered, isBehind(row) { return .behind }
        updateDelivery(claim.delivery) { row in
            row.state = .inFlight
            row.attempts = claim.number
            row.claimedAt = claim.at
            row.dueAt = nil
        }
        return .claimed(body: claim.needsBody ? row.body : nil)
    }
}
