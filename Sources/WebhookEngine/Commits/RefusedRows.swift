internal import WebhookCore

/// The deliveries with a row that the store refuses.
///
/// ```
/// attempt refused ──▶ cut down ──recorded──▶ (as any other)
///                        └──refused again──▶ suspended ◀── settlement refused
/// ```
struct RefusedRows {
    /// Their attempt is to be recorded without its response.
    private var cutDown: Set<Delivery.ID> = []
    /// The store won't take any change of them: left alone until the next start.
    private var suspended: Set<Delivery.ID> = []

    var hasCutDown: Bool { !cutDown.isEmpty }

    func isCutDown(_ delivery: Delivery.ID) -> Bool { cutDown.contains(delivery) }

    func isSuspended(_ delivery: Delivery.ID) -> Bool { suspended.contains(delivery) }

    /// The record of an attempt is refused.
    ///
    /// - Returns: whether to try it once more, without its response.
    mutating func refuseAttempt(of delivery: Delivery.ID) -> Bool {
        if cutDown.insert(delivery).inserted { return true }
        cutDown.remove(delivery)
        suspended.insert(delivery)
        return false
    }

    /// An attempt is on record.
    ///
    /// - Returns: whether it was cut down.
    mutating func recordAttempt(of delivery: Delivery.ID) -> Bool { cutDown.remove(delivery) != nil }

    /// A delivery may not settle.
    ///
    /// - Returns: whether that is new.
    mutating func suspend(_ delivery: Delivery.ID) -> Bool { suspended.insert(delivery).inserted }
}

/// The new deliveries that the store has stored as failed, and why, by member and place.
struct RefusedDeliveries {
    var accepted: [Int: [Int: String]] = [:]
    var fannedOut: [Int: [Int: String]] = [:]

    init(_ refusals: [RowRefusal]) {
        for refusal in refusals {
            switch refusal.item {
            case .acceptedDelivery(let member, let delivery): accepted[member, default: [:]][delivery] = refusal.reason
            case .fannedOutDelivery(let member, let delivery):
                fannedOut[member, default: [:]][delivery] = refusal.reason
            default: break
            }
        }
    }
}

/// Rows that the store refuses: each settles or is suspended alone, and is reported once.
extension DeliveryEngine {
    mutating func refused(_ refusals: [RowRefusal], _ done: CommitBatch, at time: EngineTime) {
        for refusal in refusals {
            switch refusal.item {
            case .claim(let index): claimRefused(done.claims[index].token, refusal.reason, at: time)
            case .result(let index): resultRefused(done.attempts[index], refusal.reason)
            case .settlement(let index): settlementRefused(done.settlements[index].delivery.id, nil, refusal.reason)
            case .openCancellation(let index, let delivery):
                settlementRefused(delivery, queues[done.openCancellations[index].queue].name, refusal.reason)
            case .health(let index): healthRefused(done.health[index].queue, refusal.reason, at: time)
            case .fanOut(let index): fanOutRefused(done.fanOuts[index].event, refusal.reason)
            case .setAside(let index):
                // Not given out again by this process at least.
                backlog.exclude(done.setAsides[index].event)
            case .resumption(let index):
                tell(.health, nil, event: nil, done.resumptions[index].subscription, refusal.reason)
            case .acceptance, .acceptedDelivery, .fannedOutDelivery:
                // The emit's answer, or its delivery's end.
                break
            }
        }
    }

    /// A delivery that can't be claimed is settled, or where that is refused too, left alone until the next start.
    private mutating func claimRefused(_ token: UInt64, _ reason: String, at time: EngineTime) {
        guard let attempt = abandonAttempt(token) else { return }
        let delivery = attempt.queued.delivery
        // Still in memory, so that no read brings it back; but for its body.
        memory.removeBody(of: attempt.queued)
        commits.settle(
            delivery,
            Settlement(
                delivery: delivery.id,
                state: .failed,
                error: .internal,
                detail: "the store refuses the claim of an attempt: \(reason)",
                at: time.wall
            )
        )
        tell(.claim, delivery.id, event: delivery.event.id, delivery.subscription, reason)
        lookForAttempted(after: attempt.queued, queue: attempt.queue)
        schedule(attempt.queue, at: time)
    }

    mutating func settled(_ settlements: [PendingSettlement], _ results: [Bool]) {
        for (settlement, isDone) in zip(settlements, results) where !refusedRows.isSuspended(settlement.delivery.id) {
            memory.remove(settlement.delivery.id)
            guard isDone else { continue }
            actions.settled.append(
                SettledDelivery(
                    delivery: settlement.delivery.id,
                    event: settlement.delivery.event,
                    subscription: settlement.delivery.subscription,
                    attempts: settlement.delivery.attempts,
                    state: settlement.write.state,
                    error: settlement.write.error,
                    detail: settlement.write.detail
                )
            )
        }
    }

    /// A finished attempt is recorded without what its receiver said; where that is refused too, the row stays in flight, and
    /// the next start finds it as interrupted.
    private mutating func resultRefused(_ recorded: RecordedAttempt, _ reason: String) {
        let delivery = recorded.delivery
        tell(.attempt, delivery.id, event: delivery.event.id, delivery.subscription, reason)
        guard refusedRows.refuseAttempt(of: delivery.id) else { return }
        commits.record(recorded.cutDown(reason: reason))
    }

    /// Attempts that were cut down are on record now. A read that came before may have missed what waits for a retry.
    mutating func recordedCutDown(
        _ attempts: [RecordedAttempt],
        _ results: [AttemptWriteResult],
        at time: EngineTime
    ) {
        for (recorded, result) in zip(attempts, results) where result != .refused {
            guard refusedRows.recordAttempt(of: recorded.delivery.id), recorded.state == .waiting, result == .recorded,
                let queue = queues.index(of: recorded.delivery.subscription)
            else { continue }
            if queues[queue].isDisabled {
                cancelNewDeliveries(queue, at: time)
            } else if settings.scope == .all {
                queues[queue].buffer.needsRescan = true
                refillIfNeeded(queue)
            }
        }
    }

    private mutating func settlementRefused(_ delivery: Delivery.ID, _ subscription: String?, _ reason: String) {
        guard refusedRows.suspend(delivery) else { return }
        tell(.settlement, delivery, event: nil, subscription, reason)
    }

    private mutating func healthRefused(_ queue: Int, _ reason: String, at time: EngineTime) {
        // What is known here stays in force as long as the process lives.
        guard queues[queue].refuseHealth() else { return }
        tell(.health, nil, event: nil, queues[queue].name, reason)
        // As long as the store was believed to know, it was asked to see to it.
        if queues[queue].isDisabled { cancelNewDeliveries(queue, at: time) }
    }

    private mutating func fanOutRefused(_ event: PendingEvent, _ reason: String) {
        commits.setAside(SetAside(event: event.row, cause: .refused(reason: reason)))
        tell(.event, nil, event: event.event.id, nil, reason)
    }

    mutating func setAside(_ asked: [SetAside], _ results: [SetAsideResult]) {
        for (setAside, result) in zip(asked, results) {
            guard result.isSetAside, let event = result.event else { continue }
            let reason =
                switch setAside.cause {
                case .refused(let reason): reason
                case .renderingEnded: SetAside.endedReason
                }
            actions.notices.append(.setAside(event: event, reason: reason))
        }
    }

    /// A read has left a row out that is not as it was written. It is told of once: what is not on record is met again.
    mutating func damaged(_ row: DamagedRow) {
        switch (row.delivery, row.isGivenUp) {
        case (nil, true):
            actions.notices.append(.setAside(event: row.event, reason: row.reason))
        case (nil, false):
            guard backlog.exclude(row.eventRow) else { return }
            tell(.event, nil, event: row.event, nil, row.reason)
        case (let delivery?, true):
            actions.notices.append(
                .givenUp(
                    delivery: delivery,
                    event: row.event,
                    subscription: row.subscription ?? "",
                    reason: row.reason
                )
            )
        case (let delivery?, false):
            settlementRefused(delivery, row.subscription, row.reason)
        }
    }

    mutating func tell(
        _ part: RefusedRow.Part,
        _ delivery: Delivery.ID?,
        event: String?,
        _ subscription: String?,
        _ reason: String
    ) {
        actions.notices.append(
            .refused(
                RefusedRow(part: part, delivery: delivery, event: event, subscription: subscription, reason: reason)
            )
        )
    }
}
