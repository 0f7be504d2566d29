internal import HeapModule
internal import WebhookCore

/// The decision whether a delivery may start now, and what it waits for otherwise.
enum Admission {
    /// It may take a slot of this class.
    case admitted(SlotClass)
    /// Nothing of its subscription begins: whatever opens it looks again.
    case closed
    /// Nothing is ready. The first in the buffer is due then.
    case nothingReady(until: Timestamp?)
    /// Something accepted before it goes first: looked at again once that has moved on.
    case behindOthers(dueAt: Timestamp)
    /// It is due then.
    case early(until: Timestamp)
    /// As many as its subscription may have are in flight: the end of one looks again.
    case full
    /// No slot is free for it: none of its class, or of its tenant's.
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
    mutating func admission(of candidate: AdmissionCandidate, queue index: Int, at time: EngineTime) -> Admission {
        guard phase.begins, isWithinTerm(at: time) else { return .closed }
        let needsSlot = candidate != .nextInLine
        // In place: a queue is large.
        return queues[index].admission(
            of: candidate,
            now: time.monotonic,
            matchedUpTo: front.limit,
            slots: needsSlot && mayClaim ? slots.free(of: queues[index].share) : [],
            claimsAheadFrom: settings.isLeased ? nil : settings.claimsAheadFrom
        )
    }

    /// True when another attempt may be claimed at all.
    private var mayClaim: Bool { commits.retryAt == nil && attempts.count < slots.limit }

    /// Lets a queue that has work stand in line for a slot, or sets a timer for when it will.
    mutating func schedule(_ index: Int, at time: EngineTime) {
        while let next = queues[index].takeAhead() { sendAhead(next, at: time) }
        guard phase.begins, queues[index].isOpen, queues[index].slotClass == nil else {
            if let end = queues[index].pause.endsAt { timers.set(index, at: end) }
            return
        }
        // Nothing is ready, due later or to be read.
        guard !queues[index].buffer.isExhausted else { return }
        queues[index].buffer.promote(now: time.monotonic)
        refillIfNeeded(index)
        switch admission(of: .nextInLine, queue: index, at: time) {
        case .admitted(let slotClass):
            queues[index].slotClass = slotClass
            slots.lineUp(index, for: slotClass, of: queues[index].share)
        case .behindOthers(let dueAt):
            front.wait(index)
            // Whatever it is that is not known: the store knows.
            if dueAt.milliseconds > front.known, !backlog.isReading { backlog.want() }
        case .nothingReady(let until?), .early(let until), .resting(let until?), .paced(let until?):
            timers.set(index, at: until)
        case .nothingReady(nil), .resting(nil), .paced(nil), .closed, .full, .noSlot: break
        }
    }

    /// Claims as many attempts as the limits allow.
    mutating func admit(at time: EngineTime) {
        guard phase.begins else { return }
        while mayClaim, let index = slots.next() {
            queues[index].slotClass = nil
            // What put it in line may have changed; and it may belong into another class by now, and wait there.
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
                needsBody: delivery.body == nil,
                isOrdered: settings.isLeased && queues[queue].policy.ordered && !delivery.isRetry
            )
        )
    }
}

extension SubscriptionQueue {
    /// Decides whether a delivery of the queue may start now.
    ///
    /// The breaker comes last but for the pace: an open one whose rest is over lets its probe through when it is asked.
    ///
    /// - Parameters:
    ///   - limit: the place up to which events are matched.
    ///   - slots: those that may be taken, for one that needs a slot now.
    ///   - least: see ``mostClaims(from:)``.
    fileprivate mutating func admission(
        of candidate: AdmissionCandidate,
        now: Timestamp,
        matchedUpTo limit: Int64,
        slots: FreeSlots,
        claimsAheadFrom least: Int?
    ) -> Admission {
        guard isOpen else { return .closed }
        var isRetry = false
        if candidate == .new {
            guard isIdle(at: now), !external.areAny else { return .behindOthers(dueAt: now) }
        } else {
            guard let next = self.candidate else { return .nothingReady(until: buffer.nextScheduled) }
            let dueAt = next.delivery.dueAt
            guard !isBlocked(next, upTo: limit) else { return .behindOthers(dueAt: dueAt) }
            guard dueAt <= now else { return .early(until: dueAt) }
            if let until = heldUntil(next.delivery.id), until > now { return .early(until: until) }
            isRetry = next.isRetry
        }
        guard inFlight < mostClaims(from: least) else { return .full }
        let slotClass: SlotClass = isOnProbation ? .probation : isRetry ? .retry : .firstAttempt
        if candidate != .nextInLine {
            guard slots.contains(FreeSlots(slotClass)) else { return .noSlot }
        }
        guard endpoint.breaker.allowsStart(now: now) else { return .resting(until: endpoint.breaker.opensAt) }
        if let limit = policy.rateLimit {
            let next = rate.nextClaim(limit, now: now)
            guard let next, next <= now else { return .paced(until: next) }
        }
        return .admitted(slotClass)
    }
}
