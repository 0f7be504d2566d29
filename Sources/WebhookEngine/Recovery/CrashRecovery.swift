package import WebhookCore

/// The decisions about what processes before this one have left: attempts in flight, and due times by clocks that may have
/// been wrong.
struct CrashRecovery {
    /// The time at which this process began, on the monotonic clock.
    private var startedAt = Timestamp(milliseconds: 0)
    /// Deliveries whose requests have ended processes: what was interrupted in one of these is not tried again.
    private var deadly: Set<Delivery.ID> = []

    mutating func begin(deadly: Set<Delivery.ID>, at time: EngineTime) {
        startedAt = time.monotonic
        self.deadly = deadly
    }

    /// Decides about an attempt that a crash has interrupted.
    ///
    /// - Parameters:
    ///   - target: its subscription; `nil` where the configuration doesn't have it.
    ///   - jitter: a random number from 0 up to 1.
    /// - Returns: its record, and whether its delivery is given up because its request ended the process.
    func recover(
        _ interrupted: InterruptedDelivery,
        target: SharedSubscription?,
        isDisabled: Bool,
        jitter: Double,
        at time: EngineTime
    ) -> (record: RecordedAttempt, isGivenUp: Bool) {
        let delivery = interrupted.delivery
        let context = DecisionContext(
            mode: delivery.mode,
            number: delivery.attempts,
            uncountedAttempts: delivery.uncountedAttempts,
            interruptions: delivery.interruptions,
            isTest: delivery.event.isTest,
            policy: target?.subscription.policy ?? DeliveryPolicy(),
            isSuccess: { _ in false }
        )
        let ending = TransportResult.Ending.failed(.interrupted, detail: "the dispatcher ended during the attempt")
        var decision = AttemptDecision.decide(
            TransportResult(ending: ending, mayHaveBeenSent: true),
            context,
            now: time.monotonic,
            wall: time.wall,
            jitter: jitter
        )
        var isGivenUp = false
        if case .waiting = decision.next {
            if deadly.contains(delivery.id) {
                // What ended the process would end it again.
                decision.fail(.internal, SetAside.endedRequestDetail)
                isGivenUp = true
            } else if isDisabled {
                decision.next = .settled(.cancelled)
            }
        }
        let record = RecordedAttempt(
            delivery,
            number: delivery.attempts,
            startedAt: interrupted.claimedAt,
            url: target?.url ?? "",
            decision: decision,
            isRecovered: true,
            at: time
        )
        return (record, isGivenUp)
    }

    /// A stored delivery with a due time that makes sense. Its own may have been written by a clock that was wrong, or ours
    /// is wrong now: a first attempt is due at once, and a retry no later than its own wait after this process's start.
    func corrected(_ stored: OpenDelivery, _ policy: DeliveryPolicy, at time: EngineTime) -> OpenDelivery {
        var delivery = stored
        guard delivery.attempts > 0 else {
            if policy.ordered, delivery.acceptancePlace == nil {
                delivery.dueAt = AcceptancePlace.dueAt(delivery.event.row)
            }
            delivery.dueAt = min(delivery.dueAt, time.monotonic)
            return delivery
        }
        let wait = delivery.wait ?? RetrySchedule.longestWait(policy)
        // What this process has written is never from the future.
        if delivery.dueAt > time.monotonic + wait { delivery.dueAt = startedAt + wait }
        return delivery
    }
}

extension InterruptedDelivery {
    /// The record of the attempt by somebody who knows nothing of its subscription.
    package func ended(at time: EngineTime) -> AttemptWrite {
        CrashRecovery().recover(self, target: nil, isDisabled: false, jitter: 0, at: time).record.write
    }
}

/// The start: what is open, and what a crash left.
extension DeliveryEngine {
    /// The store has been read: attempts may begin.
    mutating func begin(at time: EngineTime) {
        for index in queues.indices {
            beginRate(index, at: time)
            schedule(index, at: time)
        }
    }

    /// Settles or reschedules what a crash left in flight.
    ///
    /// - Parameter isServed: `false` where the subscriptions are not this engine's.
    mutating func recover(_ interrupted: [InterruptedDelivery], isServed: Bool = true, at time: EngineTime) {
        guard !interrupted.isEmpty else { return }
        var unknown = 0
        for found in interrupted {
            let delivery = found.delivery
            let queue = isServed ? queues.index(of: delivery.subscription) : nil
            let (record, isGivenUp) = recovery.recover(
                found,
                target: queue.map { queues[$0].target },
                isDisabled: queue.map { queues[$0].isDisabled } ?? false,
                jitter: Double.random(in: 0..<1, using: &random),
                at: time
            )
            if isGivenUp {
                let (event, name) = (delivery.event.id, delivery.subscription)
                let reason = SetAside.endedRequestDetail
                actions.notices.append(
                    .givenUp(delivery: delivery.id, event: event, subscription: name, reason: reason)
                )
            }
            if record.state == .unknown { unknown += 1 }
            self.record(record, queue: queue, at: time)
        }
        actions.notices.append(.recovered(interrupted: interrupted.count, unknown: unknown))
    }

    /// Looks for what is open in the store.
    mutating func openQueues(_ names: [String], at time: EngineTime) {
        for name in names {
            guard let index = queues.index(of: name) else { continue }
            if settings.scope == .own {
                // Nothing goes before it is known what is older.
                lookForExternal(index)
            } else if queues[index].isDisabled {
                cancelNewDeliveries(index, at: time)
            } else {
                queues[index].buffer.needsRescan = true
            }
        }
    }
}
