internal import HeapModule
internal import WebhookCore

/// Admission: round-robin over subscriptions with work, within the limits.
extension DeliveryEngine {
    /// Puts a queue that has work into the slot class it belongs to, or sets a timer for when it will.
    mutating func schedule(_ index: Int, at time: EngineTime) {
        guard hasStarted, !isDraining, queues[index].isOpen, queues[index].slotClass == nil else {
            if let end = queues[index].pause.endsAt { setTimer(index, end) }
            return
        }
        let now = time.monotonic
        queues[index].buffer.promote(now: now)
        refillIfNeeded(index)
        guard let candidate = queues[index].candidate else {
            if let due = queues[index].buffer.nextScheduled { setTimer(index, due) }
            return
        }
        guard !isBlocked(index, candidate) else { return waitForFront(index, candidate) }
        guard candidate.delivery.dueAt <= now else { return setTimer(index, candidate.delivery.dueAt) }
        guard queues[index].inFlight < queues[index].maxInFlight else { return }
        guard queues[index].breaker.allowsStart(now: now) else {
            if let opens = queues[index].breaker.opensAt { setTimer(index, opens) }
            return
        }
        if let limit = queues[index].policy.rateLimit {
            guard let next = queues[index].rate.nextClaim(limit, now: now) else { return }
            guard next <= now else { return setTimer(index, next) }
        }
        let slotClass: SlotClass = queues[index].isOnProbation ? .probation : candidate.isRetry ? .retry : .firstAttempt
        queues[index].slotClass = slotClass
        readyQueues[slotClass.rawValue].append(index)
    }

    /// Claims as many attempts as the limits allow.
    mutating func admit(at time: EngineTime) {
        guard commits.retryAt == nil, !isDraining else { return }
        while inFlightAttempts.count < settings.maxInFlight, let index = popNext() {
            queues[index].slotClass = nil
            start(index, at: time)
            schedule(index, at: time)
        }
    }

    /// The next queue, the slot classes taking turns.
    private mutating func popNext() -> Int? {
        for offset in readyQueues.indices {
            let slotClass = (nextSlotClass + offset) % readyQueues.count
            guard hasSlot(SlotClass.allCases[slotClass]), let index = readyQueues[slotClass].popFirst() else {
                continue
            }
            nextSlotClass = (slotClass + 1) % readyQueues.count
            return index
        }
        return nil
    }

    func hasSlot(_ slotClass: SlotClass) -> Bool {
        switch slotClass {
        case .firstAttempt: true
        case .retry: slotsTaken[slotClass.rawValue] < settings.retrySlots
        case .probation: slotsTaken[slotClass.rawValue] < settings.probationSlots
        }
    }

    /// Claims the queue's next delivery, if what put the queue into its slot class still holds.
    private mutating func start(_ index: Int, at time: EngineTime) {
        let now = time.monotonic
        guard queues[index].isOpen, queues[index].inFlight < queues[index].maxInFlight,
            let candidate = queues[index].candidate, candidate.delivery.dueAt <= now,
            !isBlocked(index, candidate),
            queues[index].breaker.allowsStart(now: now), allowsRate(index, now: now)
        else { return }
        // It may belong into another slot class by now, and wait there.
        let slotClass: SlotClass = queues[index].isOnProbation ? .probation : candidate.isRetry ? .retry : .firstAttempt
        guard hasSlot(slotClass), let delivery = queues[index].buffer.popReady() else { return }
        let token = beginAttempt(delivery, queue: index, slotClass: slotClass, at: time)
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

    /// A slow pace goes on from what the process before has claimed last.
    mutating func beginRate(_ index: Int, at time: EngineTime) {
        let lastStart = queues[index].health.lastStartAt
        queues[index].rate.begin(queues[index].policy.rateLimit, lastStart: lastStart, now: time.monotonic)
    }

    /// Writes a start down with its claim, where the next process has to know: less than once a second.
    private mutating func rememberStart(_ index: Int, at time: EngineTime) {
        guard let limit = queues[index].policy.rateLimit, RateLimiter.isSlow(limit) else { return }
        queues[index].health.lastStartAt = time.wall
        if !queues[index].isHealthRefused { writeHealth(index) }
    }

    /// A start leaves later than a claim does: its commit took long, or the limit was another when it was claimed.
    ///
    /// - Parameter time: when, on the monotonic clock.
    mutating func rememberDelay(_ index: Int, until instant: Timestamp, at time: EngineTime) {
        guard let limit = queues[index].policy.rateLimit, RateLimiter.isSlow(limit) else { return }
        let leaves = time.wall + .milliseconds(instant.milliseconds - time.monotonic.milliseconds)
        if let known = queues[index].health.lastStartAt, leaves <= known + RateLimiter.longestClaim { return }
        queues[index].health.lastStartAt = leaves
        if !queues[index].isHealthRefused { writeHealth(index) }
    }

    func allowsRate(_ index: Int, now: Timestamp) -> Bool {
        guard let limit = queues[index].policy.rateLimit else { return true }
        return queues[index].rate.nextClaim(limit, now: now).map { $0 <= now } ?? false
    }

    /// Counts an attempt in.
    mutating func beginAttempt(
        _ delivery: QueuedDelivery,
        queue index: Int,
        slotClass: SlotClass,
        isOutsideLimits: Bool = false,
        at time: EngineTime
    ) -> UInt64 {
        lastToken += 1
        inFlightAttempts[lastToken] = InFlightAttempt(
            queued: delivery,
            queue: index,
            number: delivery.delivery.attempts + 1,
            startedAt: time.wall,
            slotClass: slotClass,
            isOutsideLimits: isOutsideLimits,
            isRateClaimed: !isOutsideLimits
        )
        if !isOutsideLimits {
            slotsTaken[slotClass.rawValue] += 1
            queues[index].inFlight += 1
            queues[index].breaker.started()
            queues[index].rate.claim()
            rememberStart(index, at: time)
        }
        return lastToken
    }

    /// Counts an attempt out.
    mutating func endAttempt(_ token: UInt64) -> InFlightAttempt? {
        guard let inFlightAttempt = inFlightAttempts.removeValue(forKey: token) else { return nil }
        if inFlightAttempt.isRateClaimed { queues[inFlightAttempt.queue].rate.release() }
        if !inFlightAttempt.isOutsideLimits {
            slotsTaken[inFlightAttempt.slotClass.rawValue] -= 1
            queues[inFlightAttempt.queue].inFlight -= 1
        }
        return inFlightAttempt
    }

    /// Counts an attempt out that says nothing about its endpoint.
    mutating func abandonAttempt(_ token: UInt64) -> InFlightAttempt? {
        guard let inFlightAttempt = endAttempt(token) else { return nil }
        if !inFlightAttempt.isOutsideLimits { queues[inFlightAttempt.queue].breaker.released() }
        return inFlightAttempt
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
        let isFree = queued.count + refillRowsAsked < settings.bufferTotal || settings.scope == .own
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
