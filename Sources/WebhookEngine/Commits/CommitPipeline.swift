internal import DequeModule
internal import WebhookCore

/// Everything on its way to the store: what is pending, what is committing, and what is put back after a failure.
///
/// ```
///                          ┌──────── commitFailed: put back, before what is pending ────────┐
///                          ▼                                                                │
/// record, claim, … ──▶ pending ──takeBatch, in a transaction that was asked for──▶ committing ──committed──▶ durable
/// ```
///
/// A transaction may take several batches, and the next may begin before the engine has heard of the one before: batches end
/// in the order in which they were taken.
struct CommitPipeline {
    private var pending = CommitBatch()
    /// Taken, and their ends not heard of; the first first.
    private var committing: Deque<CommitBatch> = []
    /// A transaction was asked for that has not taken its first batch yet.
    private var isAskedFor = false
    private var trouble = StoreTrouble()
    /// The store failed: no new attempt until a commit succeeds or this time has come.
    private(set) var retryAt: Timestamp?

    var isFailing: Bool { trouble.isFailing }

    /// True when nothing is pending or committing.
    var isEmpty: Bool { committing.isEmpty && pending.isEmpty }

    /// True when nothing has to be on record before a drain is complete, whatever the store says: what a crash left,
    /// the next start finds again.
    var owesNothing: Bool {
        committing.isEmpty && pending.acceptances.isEmpty && pending.health.isEmpty
            && pending.attempts.allSatisfy(\.isRecovered)
    }

    // MARK: - Transactions

    /// The next batch for the transaction under way; `nil`: there is nothing (more).
    mutating func takeBatch() -> StoreBatch? {
        isAskedFor = false
        guard !pending.isEmpty else { return nil }
        // What a crash left in flight is looked up before anything of ours is: both look the same.
        let taken = pending.reads.interrupted ? pending.takeReads() : pending.take()
        committing.append(taken)
        return taken.storeBatch
    }

    /// Tells whether another transaction shall begin after one that succeeded and was not heard of yet. Then it is
    /// asked for.
    mutating func asksForAnother() -> Bool {
        guard !isAskedFor, !pending.isEmpty else { return false }
        isAskedFor = true
        return true
    }

    /// Tells whether a transaction shall begin. Then it is asked for.
    ///
    /// - Parameter tries: whether one may begin just to learn whether the store works again; defaults to `false`.
    mutating func asksForTransaction(tries: Bool = false, now: Timestamp) -> Bool {
        guard committing.isEmpty, !isAskedFor else { return false }
        if let retryAt, retryAt > now, pending.acceptances.isEmpty { return false }
        if pending.isEmpty { pending.isTrial = tries && trouble.needsTransaction }
        guard !pending.isEmpty else { return false }
        isAskedFor = true
        return true
    }

    /// The first batches are durable.
    ///
    /// - Returns: what to tell, where the store works again.
    mutating func succeeded(_ count: Int, now: Timestamp) -> EngineNotice? {
        succeeded(committing.prefix(count).reduce(into: StoreTrouble.Work()) { $0.formUnion($1.work) }, now: now)
    }

    private mutating func succeeded(_ work: StoreTrouble.Work, now: Timestamp) -> EngineNotice? {
        let wasFailing = trouble.isFailing
        let isSaid = trouble.succeeded(work, now: now)
        if trouble.isFailing { return nil }
        retryAt = nil
        return wasFailing ? .storeRecovered(isSaid: isSaid) : nil
    }

    /// The first batch that was taken: it has ended.
    mutating func popFirst() -> CommitBatch? { committing.popFirst() }

    /// Every batch that was taken has failed, for they are one transaction's: none was asked for behind it.
    ///
    /// - Returns: how to say it.
    mutating func failed(now: Timestamp) -> EngineNotice.StoreFailure {
        isAskedFor = false
        let work = committing.reduce(into: StoreTrouble.Work()) { $0.formUnion($1.work) }
        let (wait, occasion) = trouble.failed(work, now: now)
        retryAt = now + wait
        return occasion
    }

    /// A round of leases has failed.
    ///
    /// - Returns: how to say it.
    mutating func leaseRoundFailed(now: Timestamp) -> EngineNotice.StoreFailure { trouble.noted(.leases, now: now) }

    /// A round of leases has succeeded.
    ///
    /// - Returns: what to tell, where the store works again.
    mutating func leaseRoundSucceeded(now: Timestamp) -> EngineNotice? { succeeded(.leases, now: now) }

    /// The store has had a call for so long that it must be taken for failing.
    ///
    /// - Parameter isLeaseRound: whether it is, or is also, a round of leases.
    /// - Returns: how to say it; `nil`: it has answered meanwhile.
    mutating func isSilent(isLeaseRound: Bool, now: Timestamp) -> EngineNotice.StoreFailure? {
        var work = committing.reduce(into: StoreTrouble.Work()) { $0.formUnion($1.work) }
        if isLeaseRound { work.insert(.leases) }
        return work.isEmpty ? nil : trouble.noted(work, now: now)
    }

    /// The last batch that was taken: what is put back goes before what is there, so the last comes first.
    mutating func popLast() -> CommitBatch? { committing.popLast() }

    mutating func requeue(_ failed: CommitBatch) { pending.requeue(failed) }

    /// Tries the store again where it is time.
    mutating func endWait(now: Timestamp) {
        if let retryAt, retryAt <= now { self.retryAt = nil }
    }

    // MARK: - Writes

    mutating func record(_ attempt: RecordedAttempt) { pending.attempts.append(attempt) }

    mutating func claim(_ token: UInt64, _ claim: Claim) {
        pending.claims.append(PendingClaim(token: token, write: claim))
    }

    mutating func accept(_ acceptance: PendingAcceptance) { pending.acceptances.append(acceptance) }

    mutating func fanOut(_ fanOut: PendingFanOut) { pending.fanOuts.append(fanOut) }

    mutating func settle(_ delivery: OpenDelivery, _ settlement: Settlement) {
        pending.settlements.append(PendingSettlement(delivery: delivery, write: settlement))
    }

    mutating func setAside(_ event: SetAside) { pending.setAsides.append(event) }

    mutating func resume(_ resumption: Resumption) { pending.resumptions.append(resumption) }

    mutating func cancelOpenDeliveries(of queue: Int, _ cancellation: OpenCancellation) {
        pending.openCancellations.append(PendingCancellation(queue: queue, write: cancellation))
    }

    /// Writes what is remembered; the last word counts.
    mutating func writeHealth(of queue: Int, _ health: SubscriptionHealth) {
        if let position = pending.health.firstIndex(where: { $0.queue == queue }) {
            pending.health[position].write = health
        } else {
            pending.health.append(PendingHealth(queue: queue, write: health))
        }
    }

    /// Takes a failure back that is to be remembered and is not committing yet.
    mutating func clearFailure(of queue: Int) {
        guard let position = pending.health.firstIndex(where: { $0.queue == queue }) else { return }
        pending.health[position].write.failingSince = nil
    }

    /// Tells whether what is remembered of a queue is pending or committing.
    func writesHealth(of queue: Int) -> Bool {
        pending.writesHealth(of: queue) || committing.contains { $0.writesHealth(of: queue) }
    }

    /// The queues that have writes or reads pending or committing.
    var queues: Set<Int> { committing.reduce(into: pending.queues) { $0.formUnion($1.queues) } }

    /// The subscriptions that have attempts to record, or were just acquired, pending or committing.
    var subscriptionsByName: Set<String> {
        committing.reduce(into: pending.subscriptionsByName) { $0.formUnion($1.subscriptionsByName) }
    }

    /// The attempts whose results are pending or committing.
    var attemptsToRecord: Set<AttemptNumber> {
        committing.reduce(into: pending.attemptNumbers) { $0.formUnion($1.attemptNumbers) }
    }

    // MARK: - Reads

    mutating func readAcquired(_ names: [String]) { pending.reads.acquired += names }

    /// Takes no notice of what is being read of a subscription that was acquired: its lease may go before it comes.
    mutating func ignoreAcquired(_ name: String) {
        pending.reads.acquired.removeAll { $0 == name }
        for index in committing.indices { committing[index].reads.acquired.removeAll { $0 == name } }
    }

    mutating func readAbandoned(atMost count: Int) { pending.reads.abandoned = count }

    mutating func readAtStart(learnsHighestDelivery: Bool) {
        if learnsHighestDelivery { readNewDeliveries(above: Delivery.ID(rawValue: .max)) }
        pending.reads.interrupted = true
        pending.reads.health = true
        pending.reads.openSubscriptions = true
    }

    mutating func readHealth() { pending.reads.health = true }

    /// Reads that of some: costs as much as there are of them.
    mutating func readHealth(of subscriptions: some Sequence<String>) {
        pending.reads.healthOf.formUnion(subscriptions)
    }

    /// The same for somebody who waits for it.
    mutating func readHealth(for read: PendingHealthRead) {
        readHealth(of: read.names)
        pending.healthReads.append(read)
    }

    mutating func readNewDeliveries(above id: Delivery.ID) { pending.reads.askForNewDeliveries(above: id) }

    mutating func readEvents(atMost count: Int, dueBy time: Timestamp, excluding rows: Set<Int64>) {
        pending.reads.pendingEvents = count
        pending.reads.pendingEventsDueBy = time
        pending.reads.excludedEvents = rows
    }

    mutating func takeOver(_ events: [Int64], dueBy time: Timestamp) {
        pending.reads.takeovers.append(contentsOf: events)
        pending.reads.pendingEventsDueBy = time
    }

    /// Takes over an event again whose fan-out has failed.
    mutating func takeOverAgain(_ event: Int64) { pending.reads.takeovers.append(event) }

    mutating func refill(_ refill: PendingRefill) {
        pending.refills.append(refill)
        pending.refillRows += refill.read.limit
    }

    /// The most deliveries that the reads bring that are pending.
    var pendingRefillRows: Int { pending.refillRows }
}
