package import WebhookCore

/// The delivery engine as a value without I/O: it decides which delivery goes next, and what follows from each result.
///
/// Every input (an emit, a durable commit, a finished request, a time that has come) changes the state and leaves what
/// is to be done in ``takeActions()``. Whoever drives it does that at the edge: ``EngineRunner`` with Dispatch, a real store
/// and libcurl, the simulation with virtual ones.
///
/// Each piece of state has one owner; here they are put together, and every input is a few lines.
///
/// Decisions rest on what is known to be durable: an attempt only leaves after its claim is committed, an emit is only answered
/// after its event is, and a result stays here until it is on record.
package struct DeliveryEngine {
    package let settings: EngineSettings
    var random: any RandomNumberGenerator
    var phase = EnginePhase.starting
    var actions = EngineActions()

    // Queues, and what waits in them.
    var queues = SubscriptionQueues()
    var memory = QueuedDeliveries()
    var refills = RefillQueue()
    var timers = QueueTimers()

    // Attempts, from their admission to their record.
    var slots: AdmissionControl
    var attempts = InFlightAttempts()
    var commits = CommitPipeline()
    var refusedRows = RefusedRows()

    // Events, and what others have stored.
    var backlog = FanOutBacklog()
    var front = AcceptanceFront()
    var known = KnownDeliveries()
    var recovery = CrashRecovery()

    /// The term under which attempts are claimed, and the time until which they may begin. Only where leases are needed.
    var term: LeaseTerm?
    /// The attempts that the last look has found in flight and that nobody serves.
    var abandoned: Set<AttemptNumber> = []

    /// An engine that knows its subscriptions; ``start(at:)`` makes it read the store.
    package init(
        settings: EngineSettings,
        targets: [SharedSubscription],
        random: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) {
        self.settings = settings
        self.random = random
        slots = AdmissionControl(limit: settings.maxInFlight)
        // Where leases are needed, none is held yet.
        if !settings.isLeased { for target in targets { addQueue(target) } }
    }

    /// Hands out what is to be done, and empties the list.
    package mutating func takeActions() -> EngineActions {
        let taken = actions
        actions = EngineActions()
        actions.wakeAt = taken.wakeAt
        return taken
    }

    // MARK: - Inputs: the life cycle

    /// Reads the store: what a crash left, what is open, who is disabled.
    ///
    /// - Parameters:
    ///   - interruptedRenderings: the events (rows) that were being rendered when a process before this one ended.
    ///   - deadly: deliveries whose requests have ended processes: no other is made.
    package mutating func start(
        interruptedRenderings: [Int64] = [],
        deadly: Set<Delivery.ID> = [],
        at time: EngineTime
    ) {
        recovery.begin(deadly: deadly, at: time)
        for event in interruptedRenderings {
            commits.setAside(SetAside(event: event, cause: .renderingEnded))
        }
        if settings.isLeased {
            beginLeased()
            return finishInput(at: time)
        }
        // What is open is read by subscription.
        commits.readAtStart(learnsHighestDelivery: settings.scope == .all)
        if settings.scope == .all { backlog.want() }
        finishInput(at: time)
    }

    /// A time that was asked for has come.
    package mutating func tick(at time: EngineTime) {
        while let queue = timers.popDue(now: time.monotonic) {
            sendPaced(queue, at: time)
            endPauseIfOver(queue, at: time)
            schedule(queue, at: time)
        }
        backlog.wake(now: time.monotonic)
        finishInput(at: time)
    }

    /// Another connection has written to the store.
    package mutating func externalWrites(at time: EngineTime) {
        guard phase.hasStarted else { return }
        commits.readHealth()
        switch settings.scope {
        case .all: lookForAllNew()
        case .own: lookForWhatIsInTheWay()
        }
        finishInput(at: time)
    }

    /// Somebody else has appended events, and nothing more.
    package mutating func eventsAppended(at time: EngineTime) {
        guard settings.scope == .all else { return externalWrites(at: time) }
        guard phase.hasStarted else { return }
        backlog.want()
        finishInput(at: time)
    }

    /// Somebody else has inserted deliveries, and nothing more.
    package mutating func deliveriesInserted(at time: EngineTime) {
        guard settings.scope == .all else { return externalWrites(at: time) }
        guard phase.hasStarted else { return }
        commits.readNewDeliveries(above: known.highest)
        // They were matched, and perhaps so was what ordered subscriptions wait for.
        if !front.waiting.isEmpty { backlog.want() }
        finishInput(at: time)
    }

    /// Takes over a new set of subscriptions. What is gone is parked, what is new or back is looked up in the store.
    ///
    /// - Parameter maxInFlight: replaces the limit over all; `nil` leaves it.
    package mutating func reload(_ targets: [SharedSubscription], maxInFlight: Int? = nil, at time: EngineTime) {
        if let maxInFlight { slots.limit = maxInFlight }
        let names = Set(targets.map(\.subscription.name))
        for index in queues.indices where !names.contains(queues[index].name) { leave(index) }
        for target in targets { replace(target, at: time) }
        removeGoneQueues()
        // Health of subscriptions that are new here may be in the store.
        if phase.hasStarted { commits.readHealth() }
        finishInput(at: time)
    }

    /// Takes over some subscriptions that are new or have changed, and parks some that are gone; the others stay.
    package mutating func change(_ targets: [SharedSubscription], removing names: [String], at time: EngineTime) {
        for index in names.compactMap(queues.index) { leave(index) }
        for target in targets { replace(target, at: time) }
        removeGoneQueues()
        // The store may remember those that are new here; at the start it is asked for all.
        if phase.hasStarted {
            let new = targets.map(\.subscription.name).filter { name in
                queues.index(of: name).map { queues[$0].service.awaitsHealth } ?? false
            }
            commits.readHealth(of: new)
        }
        finishInput(at: time)
    }

    /// Somebody has written to the store who is disabled, or wants to know: what it has by now of some subscriptions is read. Answered
    /// by ``EngineActions/healthReads`` once it is in force, at once where none of them is served here.
    package mutating func learnHealth(of names: [String], token: UInt64, at time: EngineTime) {
        let served = names.filter { queues.index(of: $0) != nil }
        if served.isEmpty {
            actions.healthReads.append(token)
        } else {
            commits.readHealth(for: PendingHealthRead(token: token, names: served))
        }
        finishInput(at: time)
    }

    /// No new attempts; ``isDrained`` tells when those under way are on record.
    package mutating func drain(at time: EngineTime) {
        phase.drain()
        for index in queues.indices { endAhead(index, at: time) }
        finishInput(at: time)
    }

    /// No transaction takes anything any more: what isn't on record is for the next dispatcher to find.
    package mutating func abandon() { phase = .abandoned }

    // MARK: - Inputs: events

    /// Events to accept. Each is answered by an ``EmitReply`` once it is durable.
    package mutating func emit(_ requests: [EmitRequest], at time: EngineTime) {
        for request in requests { accept(request, at: time) }
        finishInput(at: time)
    }

    /// Takes care of events (rows) that are in the store already. For ``EngineSettings/Scope/own``.
    package mutating func takeOver(_ events: [Int64], at time: EngineTime) {
        commits.takeOver(events, dueBy: time.certain)
        finishInput(at: time)
    }

    /// An event that was given out to be fanned out is matched and rendered.
    package mutating func fannedOut(_ event: PendingEvent, deliveries: PreparedDeliveries, at time: EngineTime) {
        backlog.answered(event)
        let header = EventHeader(event.event, row: event.row)
        let planned = plan(deliveries, header, isSendTest: event.target != nil, at: time)
        commits.fanOut(PendingFanOut(event: event, createdAt: time.wall, deliveries: planned))
        finishInput(at: time)
    }

    /// The subscriptions of a version of the store's are in force from now on.
    package mutating func learned(subscriptionsOf version: Int64, at time: EngineTime) {
        let events = backlog.learned(subscriptionsOf: version)
        if !events.isEmpty { commits.takeOver(events, dueBy: time.certain) }
        finishInput(at: time)
    }

    // MARK: - Inputs: attempts

    /// Requests have ended.
    package mutating func finished(_ ended: [FinishedAttempt], at time: EngineTime) {
        for finished in ended { end(finished, at: time) }
        finishInput(at: time)
    }

    /// A claimed attempt could not be made into a request; nothing was sent.
    package mutating func requestFailed(_ token: UInt64, _ error: RenderingError, at time: EngineTime) {
        endUnsent(token, .unrenderable(error.description), at: time)
        finishInput(at: time)
    }

    // MARK: - Inputs: transactions

    /// The next batch for the transaction under way; `nil`: nothing (more).
    ///
    /// To be called when the transaction begins; it may be called again during the transaction for more. All of it becomes
    /// durable, or nothing.
    package mutating func takeBatch() -> StoreBatch? {
        guard !phase.isAbandoned, var batch = commits.takeBatch() else { return nil }
        batch.node = term?.node
        return batch
    }

    /// Tells whether the store, after a transaction that succeeded, shall begin another at once, before anybody has
    /// looked at what the first brought. With `true`, it is asked for.
    package mutating func continuesCommitting() -> Bool { commits.asksForAnother() }

    /// The first of the batches given out are durable: those of one transaction.
    package mutating func committed(_ results: [StoreBatchResult], at time: EngineTime) {
        if let notice = commits.succeeded(results.count, now: time.monotonic) { actions.notices.append(notice) }
        // First of all who is disabled: nothing leaves for those.
        let ended = results.compactMap { result in endFirstBatch(result, at: time).map { (batch: $0, result: result) } }
        for (batch, result) in ended { finish(batch, result, at: time) }
        removeGoneQueues()
        finishInput(at: time)
    }

    /// A transaction failed, and with it every batch that is given out: none was asked for behind it. The store is as
    /// before.
    package mutating func commitFailed(_ error: StoreError, at time: EngineTime) {
        actions.notices.append(.storeFailed(error, commits.failed(now: time.monotonic)))
        if settings.isLeased, error.isOutcomeUnknown { actions.doubtsLeases = true }
        while let failed = commits.popLast() { requeue(failed, error, at: time) }
        finishInput(at: time)
    }

    /// The end of every input: admits, asks for the next commit, says when to wake up.
    mutating func finishInput(at time: EngineTime) {
        commits.endWait(now: time.monotonic)
        for index in front.takeWaiting() { schedule(index, at: time) }
        admit(at: time)
        readEventsIfWanted(at: time)
        refillWaiting()
        if settings.isLeased { removeGoneQueues() }
        if commits.asksForTransaction(tries: phase.begins, now: time.monotonic) { actions.wantsCommit = true }
        actions.wakeAt = Timestamp.earlier(timers.next, Timestamp.earlier(backlog.nextAt, commits.retryAt))
    }
}

extension Timestamp {
    fileprivate static func earlier(_ one: Timestamp?, _ other: Timestamp?) -> Timestamp? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }
}
