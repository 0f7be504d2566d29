internal import WebhookCore

/// Rows that the store refuses: each settles or is suspended alone, and is reported once.
extension DeliveryEngine {
    mutating func refused(_ refusals: [RowRefusal], _ done: PendingCommit, at time: EngineTime) {
        for refusal in refusals {
            switch refusal.item {
            case .claim(let index): claimRefused(done.claims[index], refusal.reason, at: time)
            case .result(let index):
                resultRefused(done.batch.results[index], done.results[index], refusal.reason)
            case .settlement(let index): settlementRefused(done.settlements[index].id, nil, refusal.reason)
            case .withdrawal(let index, let delivery):
                settlementRefused(delivery, queues[done.openCancellations[index]].name, refusal.reason)
            case .health(let index): healthRefused(done.health[index], refusal.reason)
            case .fanOut(let index): fanOutRefused(done.fanOuts[index].header, refusal.reason)
            case .setAside(let index):
                // Not given out again by this process at least.
                excludedEvents.insert(done.batch.setAsides[index].event)
            case .resumption(let index):
                tell(.health, nil, event: nil, done.batch.resumptions[index].subscription, refusal.reason)
            case .acceptance, .acceptedDelivery, .fannedOutDelivery:
                // The emit's answer, or its delivery's end.
                break
            }
        }
    }

    /// A delivery that can't be claimed is settled, or where that is refused too, left alone until the next start.
    private mutating func claimRefused(_ token: UInt64, _ reason: String, at time: EngineTime) {
        guard let inFlightAttempt = abandonAttempt(token) else { return }
        let delivery = inFlightAttempt.queued.delivery
        // Still held, so that no read brings it back; but for its body.
        bufferedBodyBytes -= inFlightAttempt.queued.body?.count ?? 0
        pending.settlements.append(delivery)
        pending.batch.settlements.append(
            Settlement(
                delivery: delivery.id,
                state: .failed,
                error: .internal,
                detail: "the store refuses the claim of an attempt: \(reason)",
                at: time.wall
            )
        )
        tell(.claim, delivery.id, event: delivery.event.id, delivery.subscription, reason)
        lookForAttempted(after: inFlightAttempt.queued, queue: inFlightAttempt.queue)
        schedule(inFlightAttempt.queue, at: time)
    }

    mutating func settled(_ done: PendingCommit, _ result: StoreBatchResult) {
        for (index, delivery) in done.settlements.enumerated() where !suspended.contains(delivery.id) {
            queued.remove(delivery.id)
            guard result.settlements[index] else { continue }
            let settlement = done.batch.settlements[index]
            actions.settled.append(
                SettledDelivery(
                    delivery: delivery.id,
                    event: delivery.event,
                    subscription: delivery.subscription,
                    attempts: delivery.attempts,
                    state: settlement.state,
                    error: settlement.error,
                    detail: settlement.detail
                )
            )
        }
    }

    /// A finished attempt is recorded without what its receiver said; where that is refused too, the row stays in flight, and
    /// the next start finds it as interrupted.
    private mutating func resultRefused(_ write: AttemptWrite, _ recorded: RecordedAttempt, _ reason: String) {
        tell(
            .attempt,
            write.delivery,
            event: recorded.delivery.event.id,
            recorded.delivery.subscription,
            reason
        )
        guard cutDown.insert(write.delivery).inserted else {
            cutDown.remove(write.delivery)
            suspended.insert(write.delivery)
            return
        }
        var write = write
        write.attempt.requestHeaders = []
        write.attempt.responseHeaders = []
        write.attempt.responseBody = .empty
        write.attempt.responseTruncated = true
        write.attempt.detail = "the store refuses the record of this attempt: \(reason)"
        var recorded = recorded
        recorded.attempt = write.attempt
        pending.batch.results.append(write)
        pending.results.append(recorded)
    }

    /// Attempts that were cut down are on record now. A read that came before may have missed what waits for a retry.
    mutating func recordedCutDown(_ done: PendingCommit, _ result: StoreBatchResult, at time: EngineTime) {
        for (index, recorded) in done.results.enumerated() where result.results[index] != .refused {
            guard cutDown.remove(recorded.delivery.id) != nil, recorded.state == .waiting,
                result.results[index] == .recorded,
                let queue = queueIndex[recorded.delivery.subscription]
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
        guard suspended.insert(delivery).inserted else { return }
        actions.notices.append(
            .refused(
                RefusedRow(
                    part: .settlement,
                    delivery: delivery,
                    event: nil,
                    subscription: subscription,
                    reason: reason
                )
            )
        )
    }

    private mutating func healthRefused(_ queue: Int, _ reason: String) {
        // What is known here stays in force as long as the process lives.
        queues[queue].hasUnwrittenHealth = true
        guard !queues[queue].isHealthRefused else { return }
        queues[queue].isHealthRefused = true
        tell(.health, nil, event: nil, queues[queue].name, reason)
    }

    private mutating func fanOutRefused(_ event: EventHeader, _ reason: String) {
        pending.batch.setAsides.append(SetAside(event: event.row, cause: .refused(reason: reason)))
        tell(.event, nil, event: event.id, nil, reason)
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

    private mutating func tell(
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

/// The deliveries that the store has stored as failed, by member and place.
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
