internal import WebhookCore

/// An attempt's way from its claim to the wire.
extension DeliveryEngine {
    /// Counts an attempt in.
    ///
    /// - Parameter slotClass: whose slot it takes; `nil` for a send test.
    mutating func beginAttempt(
        _ delivery: QueuedDelivery,
        queue index: Int,
        slotClass: SlotClass?,
        at time: EngineTime
    ) -> UInt64 {
        let token = attempts.begin(
            InFlightAttempt(
                queued: delivery,
                queue: index,
                number: delivery.delivery.attempts + 1,
                startedAt: time.wall,
                slotClass: slotClass,
                share: queues[index].share
            )
        )
        if let slotClass {
            slots.takeSlot(slotClass, of: queues[index].share)
            queues[index].beginAttempt()
            remember(start: time.wall, of: index)
        }
        return token
    }

    /// Counts an attempt out.
    mutating func endAttempt(_ token: UInt64) -> InFlightAttempt? {
        guard let attempt = attempts.end(token) else { return nil }
        if attempt.isRateClaimed { queues[attempt.queue].rate.release() }
        if let slotClass = attempt.slotClass {
            slots.freeSlot(slotClass, of: attempt.share)
            queues[attempt.queue].endAttempt(hadLeft: attempt.stage == .sent)
        }
        return attempt
    }

    /// Counts an attempt out that says nothing about its endpoint.
    mutating func abandonAttempt(_ token: UInt64) -> InFlightAttempt? {
        guard let attempt = endAttempt(token) else { return nil }
        if !attempt.isOutsideLimits { queues[attempt.queue].endpoint.breaker.released() }
        return attempt
    }

    /// A claim has ended: it is durable, or somebody else was faster.
    mutating func claimed(_ token: UInt64, _ result: ClaimResult, at time: EngineTime) {
        switch result {
        case .claimed(let body):
            guard let attempt = attempts[token] else { return }
            if settings.isLeased { queues[attempt.queue].holdBackNoMore() }
            send(token, body: body ?? attempt.queued.body, at: time)
        case .behind: claimedBehind(token, at: time)
        case .refused:
            guard let attempt = abandonAttempt(token) else { return }
            // The attempt before it is still to be recorded, without its response.
            if refusedRows.isCutDown(attempt.queued.delivery.id) {
                return requeue(attempt.queued, queue: attempt.queue, at: time)
            }
            // Somebody cancelled it.
            memory.remove(attempt.queued)
            lookForAttempted(after: attempt.queued, queue: attempt.queue)
            schedule(attempt.queue, at: time)
        }
    }

    /// A claim is durable: the attempt leaves, if what it needs is still there.
    mutating func send(_ token: UInt64, body: ByteString?, at time: EngineTime) {
        guard let attempt = attempts[token] else { return }
        let queue = attempt.queue
        guard let body else { return endUnsent(token, .unrenderable("nothing was rendered"), at: time) }
        guard queues[queue].isServed || attempt.isOutsideLimits else {
            return endUnsent(token, queues[queue].isDisabled ? .disabled : .parked, at: time)
        }
        guard isWithinTerm(at: time) else { return endUnsent(token, .leaseOver, at: time) }
        if !attempt.isOutsideLimits, queues[queue].isFull {
            guard !phase.isDraining else { return endUnsent(token, .stopping, at: time) }
            return queues[queue].holdAhead(ClaimedSend(token: token, body: body))
        }
        if attempt.isRateClaimed {
            let limit = queues[queue].policy.rateLimit
            if limit != nil {
                let instant = queues[queue].rate.nextLeave(now: time.monotonic)
                guard instant <= time.monotonic else {
                    rememberDelay(queue, until: instant, at: time)
                    queues[queue].pace(ClaimedSend(token: token, body: body))
                    return timers.set(queue, at: instant)
                }
            }
            rememberDelay(queue, until: time.monotonic, at: time)
            queues[queue].rate.leave(limit, now: time.monotonic)
        }
        let isPaced = attempt.isRateClaimed && queues[queue].policy.rateLimit != nil
        attempts.send(token)
        if !attempt.isOutsideLimits { queues[queue].attemptLeaves() }
        if isPaced { schedule(queue, at: time) }
        let delivery = attempt.queued.delivery
        actions.sends.append(
            SendAction(
                token: token,
                target: queues[queue].target,
                context: AttemptContext(
                    event: delivery.event,
                    delivery: delivery.id,
                    attempt: attempt.number,
                    contentType: delivery.contentType,
                    mode: delivery.mode,
                    at: attempt.startedAt
                ),
                body: body,
                needsFreshConnection: attempt.queued.needsFreshConnection,
                isProven: queues[queue].health.isProven,
                startBy: term?.until
            )
        )
    }

    /// Claimed attempts leave whose time has come.
    mutating func sendPaced(_ index: Int, at time: EngineTime) {
        for send in queues[index].takePaced() { self.send(send.token, body: send.body, at: time) }
    }

    /// A claimed attempt leaves in the place of one that has ended: it begins now.
    mutating func sendAhead(_ next: ClaimedSend, at time: EngineTime) {
        attempts.restart(next.token, at: time.wall)
        send(next.token, body: next.body, at: time)
    }

    /// Claimed attempts that wait for room don't leave any more.
    mutating func endAhead(_ index: Int, at time: EngineTime) {
        for send in queues[index].takeAllAhead() { endUnsent(send.token, .stopping, at: time) }
    }

    /// A slow pace goes on from what the process before has claimed last.
    mutating func beginRate(_ index: Int, at time: EngineTime) {
        // Another node's clock has written it, perhaps.
        let lastStart = queues[index].health.lastStartAt.map { settings.isLeased ? $0 + RateLimiter.clockError : $0 }
        queues[index].rate.begin(queues[index].policy.rateLimit, lastStart: lastStart, now: time.monotonic)
    }

    /// Writes a start down with its claim, where the next process has to know: less than once a second.
    private mutating func remember(start: Timestamp, of index: Int) {
        guard let limit = queues[index].policy.rateLimit, RateLimiter.isSlow(limit) else { return }
        queues[index].health.lastStartAt = start
        if queues[index].healthRecord != .refused { writeHealth(index) }
    }

    /// A start leaves later than a claim does: its commit took long, or the limit was another when it was claimed.
    ///
    /// - Parameter instant: when, on the monotonic clock.
    private mutating func rememberDelay(_ index: Int, until instant: Timestamp, at time: EngineTime) {
        let leaves = time.wall + .milliseconds(instant.milliseconds - time.monotonic.milliseconds)
        if let known = queues[index].health.lastStartAt, leaves <= known + RateLimiter.longestClaim { return }
        remember(start: leaves, of: index)
    }
}
