internal import HeapModule
internal import WebhookCore

/// The decision whether a delivery may start now, and what it waits for otherwise.
enum Admission {
    /// It may take a slot of this class.
    case admitted(SlotClass)
    /// Nothing of its subscription begins: whatever opens it looks again.
    case closed
    /// Nothing is ready. The first that is held is due then.
    case nothingReady(until: Timestamp?)
    /// What was accepted before it goes first: looked at again once that has moved on.
    case behindOthers(dueAt: Timestamp)
    /// It is due then.
    case early(until: Timestamp)
    /// As many as its subscription may have are in flight: the end of one looks again.
    case full
    /// No slot is free for it.
    case noSlot
    /// Its endpoint has a rest until then; `nil`: until the probe under way has ended.
    case resting(until: Timestamp?)
    /// The pace allows the next one then; `nil`: once a claimed one has left.
    case paced(until: Timestamp?)
}

/// A delivery that asks for admission.
enum AdmissionCandidate {
    /// The next of a queue's buffer, to stand in line for a slot.
    case nextInLine
    /// The next of a queue's buffer, whose turn it is: it needs a slot now.
    case nextAtTurn
    /// A new one, not stored yet: it needs a slot now, and that nothing waits before it.
    case new
}

/// Admission: round-robin over subscriptions with work, within the limits.
extension DeliveryEngine {
    /// Decides whether a delivery of a queue may start now.
    ///
    /// The breaker comes last but for the pace: an open one whose rest is over lets its probe through when it is asked.
    mutating func admission(of candidate: AdmissionCandidate, queue index: Int, at time: EngineTime) -> Admission {
        let now = time.monotonic
        guard hasStarted, !isDraining, queues[index].isOpen else { return .closed }
        var isRetry = false
        if case .new = candidate {
            guard queues[index].isExhausted, queues[index].oldestExternal == nil else {
                return .behindOthers(dueAt: now)
            }
        } else {
            guard let next = queues[index].candidate else {
                return .nothingReady(until: queues[index].buffer.nextScheduled)
            }
            let dueAt = next.delivery.dueAt
            guard !isBlocked(index, next) else { return .behindOthers(dueAt: dueAt) }
            guard dueAt <= now else { return .early(until: dueAt) }
            isRetry = next.isRetry
        }
        guard queues[index].inFlight < queues[index].maxInFlight else { return .full }
        let slotClass: SlotClass = queues[index].isOnProbation ? .probation : isRetry ? .retry : .firstAttempt
        if case .nextInLine = candidate {} else {
            guard mayClaim, slots.hasSlot(slotClass) else { return .noSlot }
        }
        guard queues[index].breaker.allowsStart(now: now) else { return .resting(until: queues[index].breaker.opensAt) }
        if let limit = queues[index].policy.rateLimit {
            let next = queues[index].rate.nextClaim(limit, now: now)
            guard let next, next <= now else { return .paced(until: next) }
        }
        return .admitted(slotClass)
    }

    /// Whether another attempt may be claimed at all.
    private var mayClaim: Bool { commits.retryAt == nil && attempts.count < slots.limit }

    /// Lets a queue that has work stand in line for a slot, or sets a timer for when it will.
    mutating func schedule(_ index: Int, at time: EngineTime) {
        guard hasStarted, !isDraining, queues[index].isOpen, queues[index].slotClass == nil else {
            if let end = queues[index].pause.endsAt { setTimer(index, end) }
            return
        }
        queues[index].buffer.promote(now: time.monotonic)
        refillIfNeeded(index)
        switch admission(of: .nextInLine, queue: index, at: time) {
        case .admitted(let slotClass):
            queues[index].slotClass = slotClass
            slots.lineUp(index, for: slotClass)
        case .behindOthers(let dueAt): waitForFront(index, dueAt: dueAt)
        case .nothingReady(let until?), .early(let until), .resting(let until?), .paced(let until?):
            setTimer(index, until)
        case .nothingReady(nil), .resting(nil), .paced(nil), .closed, .full, .noSlot: break
        }
    }

    /// Claims as many attempts as the limits allow.
    mutating func admit(at time: EngineTime) {
        guard !isDraining else { return }
        while mayClaim, let index = slots.next() {
            queues[index].slotClass = nil
            // What put it in line may no longer hold; and it may belong into another class by now, and wait there.
            if case .admitted(let slotClass) = admission(of: .nextAtTurn, queue: index, at: time),
                let delivery = queues[index].buffer.popReady()
            {
                claim(delivery, queue: index, slotClass: slotClass, at: time)
            }
            schedule(index, at: time)
        }
    }

    private mutating func claim(_ delivery: QueuedDelivery, queue: Int, slotClass: SlotClass, at time: EngineTime) {
        let token = beginAttempt(delivery, queue: queue, slotClass: slotClass, at: time)
        commits.claim(
            token,
            Claim(
                delivery: delivery.delivery.id,
                number: delivery.delivery.attempts + 1,
                at: time.wall,
                needsBody: delivery.body == nil
            )
        )
    }

    /// Asks for more of a queue's deliveries when its buffer runs low.
    mutating func refillIfNeeded(_ index: Int) {
        guard hasStarted, settings.scope == .all || queues[index].oldestExternal != nil, queues[index].isOpen,
            !queues[index].buffer.isRefilling
        else { return }
        let buffer = queues[index].buffer
        let room = min(room(index), 4096)
        let isLow = buffer.hasMore && (buffer.count <= room / 4 || buffer.isAhead)
        guard isLow || buffer.needsRescan else { return }
        guard commits.pendingRefillRows < Self.refillRows else {
            if !queues[index].isRefillQueued { refillQueue.append(index) }
            queues[index].isRefillQueued = true
            return
        }
        let isRescan = buffer.needsRescan || buffer.cursor == nil
        let limit = isRescan ? min(buffer.count, 4096) + room : room
        queues[index].buffer.startRefill(isRescan: isRescan)
        refillRowsAsked += limit
        let read = Refill(
            subscription: queues[index].name,
            after: isRescan ? nil : buffer.cursor,
            limit: limit,
            isOrdered: queues[index].policy.ordered
        )
        commits.refill(PendingRefill(queue: index, epoch: buffer.epoch, read: read))
    }

    /// Asks for those whose reads had to wait for the next transaction.
    private mutating func refillQueued() {
        while commits.pendingRefillRows < Self.refillRows, let index = refillQueue.popFirst() {
            queues[index].isRefillQueued = false
            refillIfNeeded(index)
        }
    }

    /// The most deliveries to hold of a queue; fewer where all queues together hold a lot.
    func room(_ index: Int) -> Int {
        let limit = queues[index].buffer.limit
        let isFree = memory.count + refillRowsAsked < settings.bufferTotal || settings.scope == .own
        return isFree ? limit : min(limit, 8)
    }

    mutating func setTimer(_ index: Int, _ at: Timestamp) {
        if let set = queues[index].wakeAt, set <= at { return }
        queues[index].wakeAt = at
        if timers.count > 2 * queues.count + 64 {
            // Most are of no use any more: a queue that was woken up earlier sets its next timer anew.
            timers = Heap(
                queues.indices.compactMap { queue in queues[queue].wakeAt.map { QueueTimer(at: $0, queue: queue) } }
            )
        } else {
            timers.insert(QueueTimer(at: at, queue: index))
        }
    }

    /// The end of every input: admits, asks for the next commit, says when to wake up.
    mutating func finishInput(at time: EngineTime) {
        commits.endWait(now: time.monotonic)
        unblockQueues(at: time)
        admit(at: time)
        readEventsIfWanted(at: time)
        refillQueued()
        if commits.asksForTransaction(now: time.monotonic) { actions.wantsCommit = true }
        var wake = timers.min?.at
        for instant in [nextEventAt, commits.retryAt] {
            if let instant { wake = wake.map { min($0, instant) } ?? instant }
        }
        actions.wakeAt = wake
    }

    private mutating func readEventsIfWanted(at time: EngineTime) {
        guard wantsEvents, settings.scope == .all || hasOrdered, !isReadingEvents, fanOutsUnderWay == 0, !isDraining,
            largeFanOuts.count < settings.largeFanOuts
        else { return }
        wantsEvents = false
        isReadingEvents = true
        commits.readEvents(
            atMost: settings.fanOutBatch,
            dueBy: time.certain,
            excluding: excludedEvents.union(largeFanOuts)
        )
    }
}
