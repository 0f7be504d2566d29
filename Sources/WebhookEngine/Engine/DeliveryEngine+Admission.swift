internal import HeapModule
internal import WebhookCore

/// Who goes next: round-robin over subscriptions with work, within the limits.
extension DeliveryEngine {
    /// Puts a lane that has work into the ring it belongs to, or sets a timer for when it will.
    mutating func enqueue(_ index: Int, at time: EngineTime) {
        guard hasStarted, !isDraining, lanes[index].isOpen, lanes[index].ring == nil else {
            if let end = lanes[index].pause.endsAt { setTimer(index, end) }
            return
        }
        let now = time.timeline
        lanes[index].window.promote(now: now)
        refillIfNeeded(index)
        guard let candidate = lanes[index].candidate else {
            if let due = lanes[index].window.nextLater { setTimer(index, due) }
            return
        }
        guard !isHeldUp(index, candidate) else { return waitForFront(index, candidate) }
        guard candidate.delivery.dueAt <= now else { return setTimer(index, candidate.delivery.dueAt) }
        guard lanes[index].inFlight < lanes[index].maxInFlight else { return }
        guard lanes[index].breaker.allowsStart(now: now) else {
            if let opens = lanes[index].breaker.opensAt { setTimer(index, opens) }
            return
        }
        if let limit = lanes[index].policy.rateLimit {
            guard let next = lanes[index].rate.nextClaim(limit, now: now) else { return }
            guard next <= now else { return setTimer(index, next) }
        }
        let ring: Lane.Ring = lanes[index].isRestricted ? .restricted : candidate.isRetry ? .retry : .first
        lanes[index].ring = ring
        rings[ring.rawValue].append(index)
    }

    /// Claims as many attempts as the limits allow.
    mutating func admit(at time: EngineTime) {
        guard storeRetryAt == nil, !isDraining else { return }
        while flights.count < settings.maxInFlight, let index = popRing() {
            lanes[index].ring = nil
            start(index, at: time)
            enqueue(index, at: time)
        }
    }

    /// The next lane, the rings taking turns.
    private mutating func popRing() -> Int? {
        for offset in rings.indices {
            let ring = (nextRing + offset) % rings.count
            guard hasSlot(Lane.Ring.allCases[ring]), let index = rings[ring].popFirst() else { continue }
            nextRing = (ring + 1) % rings.count
            return index
        }
        return nil
    }

    func hasSlot(_ ring: Lane.Ring) -> Bool {
        switch ring {
        case .first: true
        case .retry: slotsTaken[ring.rawValue] < settings.retrySlots
        case .restricted: slotsTaken[ring.rawValue] < settings.restrictedSlots
        }
    }

    /// Claims the lane's next delivery, if what put the lane into its ring still holds.
    private mutating func start(_ index: Int, at time: EngineTime) {
        let now = time.timeline
        guard lanes[index].isOpen, lanes[index].inFlight < lanes[index].maxInFlight,
            let candidate = lanes[index].candidate, candidate.delivery.dueAt <= now,
            !isHeldUp(index, candidate),
            lanes[index].breaker.allowsStart(now: now), allowsRate(index, now: now)
        else { return }
        // It may belong into another ring by now, and wait there.
        let ring: Lane.Ring = lanes[index].isRestricted ? .restricted : candidate.isRetry ? .retry : .first
        guard hasSlot(ring), let delivery = lanes[index].window.popReady() else { return }
        let token = takeOff(delivery, lane: index, ring: ring, at: time)
        pending.claims.append(token)
        pending.batch.claims.append(
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
        let lastStart = lanes[index].health.lastStartAt
        lanes[index].rate.begin(lanes[index].policy.rateLimit, lastStart: lastStart, now: time.timeline)
    }

    /// Writes a start down with its claim, where the next process has to know: less than once a second.
    private mutating func rememberStart(_ index: Int, at time: EngineTime) {
        guard let limit = lanes[index].policy.rateLimit, RateLimiter.isSlow(limit) else { return }
        lanes[index].health.lastStartAt = time.wall
        if !lanes[index].isHealthRefused { writeHealth(index) }
    }

    /// A start leaves later than a claim does: its commit took long, or the limit was another when it was claimed.
    ///
    /// - Parameter moment: when, on the timeline.
    mutating func rememberDelay(_ index: Int, until moment: Timestamp, at time: EngineTime) {
        guard let limit = lanes[index].policy.rateLimit, RateLimiter.isSlow(limit) else { return }
        let leaves = time.wall + .milliseconds(moment.milliseconds - time.timeline.milliseconds)
        if let known = lanes[index].health.lastStartAt, leaves <= known + RateLimiter.longestClaim { return }
        lanes[index].health.lastStartAt = leaves
        if !lanes[index].isHealthRefused { writeHealth(index) }
    }

    func allowsRate(_ index: Int, now: Timestamp) -> Bool {
        guard let limit = lanes[index].policy.rateLimit else { return true }
        return lanes[index].rate.nextClaim(limit, now: now).map { $0 <= now } ?? false
    }

    /// Counts an attempt in.
    mutating func takeOff(
        _ delivery: HeldDelivery,
        lane index: Int,
        ring: Lane.Ring,
        isOutsideLimits: Bool = false,
        at time: EngineTime
    ) -> UInt64 {
        lastToken += 1
        flights[lastToken] = Flight(
            held: delivery,
            lane: index,
            number: delivery.delivery.attempts + 1,
            startedAt: time.wall,
            ring: ring,
            isOutsideLimits: isOutsideLimits,
            isRateClaimed: !isOutsideLimits
        )
        if !isOutsideLimits {
            slotsTaken[ring.rawValue] += 1
            lanes[index].inFlight += 1
            lanes[index].breaker.started()
            lanes[index].rate.claim()
            rememberStart(index, at: time)
        }
        return lastToken
    }

    /// Counts an attempt out.
    mutating func land(_ token: UInt64) -> Flight? {
        guard let flight = flights.removeValue(forKey: token) else { return nil }
        if flight.isRateClaimed { lanes[flight.lane].rate.release() }
        if !flight.isOutsideLimits {
            slotsTaken[flight.ring.rawValue] -= 1
            lanes[flight.lane].inFlight -= 1
        }
        return flight
    }

    /// Counts an attempt out that says nothing about its endpoint.
    mutating func landUnused(_ token: UInt64) -> Flight? {
        guard let flight = land(token) else { return nil }
        if !flight.isOutsideLimits { lanes[flight.lane].breaker.released() }
        return flight
    }

    /// Asks for more of a lane's deliveries when its window runs low.
    mutating func refillIfNeeded(_ index: Int) {
        guard hasStarted, settings.scope == .all || lanes[index].firstForeign != nil, lanes[index].isOpen,
            !lanes[index].window.isRefilling
        else { return }
        let window = lanes[index].window
        let room = min(room(index), 4096)
        let isLow = window.hasMore && (window.count <= room / 4 || window.isAhead)
        guard isLow || window.needsRescan else { return }
        guard pending.refillRows < Self.refillRows else {
            if !lanes[index].isRefillQueued { refillQueue.append(index) }
            lanes[index].isRefillQueued = true
            return
        }
        let isRescan = window.needsRescan || window.cursor == nil
        let limit = isRescan ? min(window.count, 4096) + room : room
        lanes[index].window.startRefill(isRescan: isRescan)
        pending.refills.append(PendingCommit.RefillContext(lane: index, epoch: window.epoch))
        pending.refillRows += limit
        refillRowsAsked += limit
        pending.batch.reads.refills.append(
            Refill(
                subscription: lanes[index].name,
                after: isRescan ? nil : window.cursor,
                limit: limit,
                isOrdered: lanes[index].policy.ordered
            )
        )
    }

    /// Asks for those whose reads had to wait for the next transaction.
    private mutating func refillQueued() {
        while pending.refillRows < Self.refillRows, let index = refillQueue.popFirst() {
            lanes[index].isRefillQueued = false
            refillIfNeeded(index)
        }
    }

    /// The most deliveries to hold of a lane; fewer where all lanes together hold a lot.
    func room(_ index: Int) -> Int {
        let limit = lanes[index].window.limit
        let isFree = held.count + refillRowsAsked < settings.windowTotal || settings.scope == .own
        return isFree ? limit : min(limit, 8)
    }

    mutating func setTimer(_ index: Int, _ at: Timestamp) {
        if let set = lanes[index].wakeAt, set <= at { return }
        lanes[index].wakeAt = at
        if timers.count > 2 * lanes.count + 64 {
            // Most are of no use any more: a lane that was woken up earlier sets its next timer anew.
            timers = Heap(lanes.indices.compactMap { lane in lanes[lane].wakeAt.map { LaneTimer(at: $0, lane: lane) } })
        } else {
            timers.insert(LaneTimer(at: at, lane: index))
        }
    }

    /// The end of every input: admits, asks for the next commit, says when to wake up.
    mutating func conclude(at time: EngineTime) {
        if let retry = storeRetryAt, retry <= time.timeline { storeRetryAt = nil }
        releaseHeldUp(at: time)
        admit(at: time)
        readEventsIfWanted(at: time)
        refillQueued()
        flush(at: time)
        var wake = timers.min?.at
        for moment in [nextEventAt, storeRetryAt] {
            if let moment { wake = wake.map { min($0, moment) } ?? moment }
        }
        actions.wakeAt = wake
    }

    private mutating func readEventsIfWanted(at time: EngineTime) {
        guard wantsEvents, settings.scope == .all || hasOrdered, !isReadingEvents, fanOutsUnderWay == 0, !isDraining,
            largeFanOuts.count < settings.largeFanOuts
        else { return }
        wantsEvents = false
        isReadingEvents = true
        pending.batch.reads.pendingEvents = settings.fanOutBatch
        pending.batch.reads.pendingEventsDueBy = time.certain
        pending.batch.reads.excludedEvents = excludedEvents.union(largeFanOuts)
    }

    private mutating func flush(at time: EngineTime) {
        guard committing.isEmpty, !isAskingForCommit, !pending.batch.isEmpty else { return }
        if let retry = storeRetryAt, retry > time.timeline, pending.batch.acceptances.isEmpty { return }
        isAskingForCommit = true
        actions.wantsCommit = true
    }
}
