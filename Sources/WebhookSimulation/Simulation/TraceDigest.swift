internal import WebhookCore
internal import WebhookEngine

/// A digest of everything that passes between engine, store and world, in order: what two engines decide alike has the same.
///
/// A change that must not change behaviour compares it over many seeds, before and after. `Hasher` draws a new key for each
/// process: set `SWIFT_DETERMINISTIC_HASHING` where two processes are to be compared.
struct TraceDigest {
    private var hasher = Hasher()

    var value: Int { hasher.finalize() }

    mutating func add(_ actions: EngineActions, at now: Int64) {
        hasher.combine(now)
        hasher.combine(actions.wantsCommit)
        for send in actions.sends {
            hasher.combine(send.token)
            hasher.combine(send.target.subscription.name)
            hasher.combine(send.context)
            hasher.combine(send.body)
            hasher.combine(send.needsFreshConnection)
            hasher.combine(send.isProven)
        }
        hasher.combine(actions.fanOuts)
        hasher.combine(actions.largeFanOuts)
        for reply in actions.replies {
            hasher.combine(reply.token)
            hasher.combine(reply.result)
        }
        for recorded in actions.recorded {
            hasher.combine(recorded.delivery)
            hasher.combine(recorded.attempt)
            hasher.combine(recorded.state)
            hasher.combine(recorded.nextAttemptAt)
            hasher.combine(recorded.isRecovered)
        }
        hasher.combine(actions.settled)
        hasher.combine(actions.notices)
        hasher.combine(actions.wakeAt)
    }

    mutating func add(_ batch: StoreBatch) {
        for write in batch.results {
            hasher.combine(write.delivery)
            hasher.combine(write.attempt)
            hasher.combine(write.uncountedAttempts)
            hasher.combine(write.interruptions)
            hasher.combine(write.next)
            hasher.combine(write.wait)
        }
        hasher.combine(batch.settlements)
        hasher.combine(batch.health)
        hasher.combine(batch.resumptions)
        for acceptance in batch.acceptances {
            hasher.combine(acceptance.event)
            hasher.combine(acceptance.createdAt)
            hasher.combine(acceptance.target)
            hasher.combine(acceptance.deliveries?.deliveries)
        }
        for fanOut in batch.fanOuts {
            hasher.combine(fanOut.event)
            hasher.combine(fanOut.createdAt)
            hasher.combine(fanOut.deliveries.deliveries)
        }
        hasher.combine(batch.openCancellations)
        hasher.combine(batch.setAsides)
        hasher.combine(batch.claims.count)
        for claim in batch.claims {
            hasher.combine(claim.delivery)
            hasher.combine(claim.number)
            hasher.combine(claim.at)
            hasher.combine(claim.needsBody)
        }
        if batch.isTrial { hasher.combine(batch.isTrial) }
        add(batch.reads)
    }

    private mutating func add(_ reads: StoreReads) {
        hasher.combine(reads.interrupted)
        if reads.abandoned > 0 { hasher.combine(reads.abandoned) }
        hasher.combine(reads.health)
        if !reads.healthOf.isEmpty { hasher.combine(reads.healthOf) }
        hasher.combine(reads.pendingEvents)
        if reads.pendingEvents > 0 || !reads.takeovers.isEmpty { hasher.combine(reads.pendingEventsDueBy) }
        if reads.pendingEvents > 0 { hasher.combine(reads.excludedEvents) }
        hasher.combine(reads.openSubscriptions)
        hasher.combine(reads.newDeliveriesAbove)
        hasher.combine(reads.refills)
        hasher.combine(reads.takeovers)
    }

    mutating func add(_ result: StoreBatchResult) {
        hasher.combine(result.results)
        hasher.combine(result.settlements)
        hasher.combine(result.acceptances)
        hasher.combine(result.fanOuts)
        hasher.combine(result.openCancellations)
        hasher.combine(result.setAsides)
        hasher.combine(result.claims)
        hasher.combine(result.refusals)
        hasher.combine(result.reads.pendingEvents)
        hasher.combine(result.reads.refills)
    }
}
