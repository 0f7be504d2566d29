internal import WebhookCore

/// The decision about a finished attempt: the rules of single-shot and retry in one place.
struct AttemptDecision: Equatable {
    /// The signal that an attempt gives about its endpoint.
    enum Signal: Equatable {
        case success
        case failure(timedOut: Bool)
        /// A test, or nothing that the endpoint did.
        case none
    }

    var outcome: Attempt.Outcome
    var status: Int?
    var error: FailureKind?
    var detail: String?
    var next: AttemptWrite.Next
    var uncountedAttempts: Int
    var interruptions: Int
    var signal: Signal
    /// The subscription is to be disabled for this reason.
    var disables: SubscriptionHealth.Disabled.Cause?
    /// The next attempt must not use a pooled connection.
    var needsFreshConnection = false

    /// Gives the delivery up: what went wrong with it would go wrong again.
    mutating func fail(_ error: FailureKind, _ detail: String) {
        outcome = .failed
        self.error = error
        self.detail = detail
        next = .settled(.failed)
    }

    /// The most interrupted attempts that use up no step.
    static let uncountedInterruptions = 10
    /// The most stale connections in a delivery's life that use up no step.
    static let uncountedStaleConnections = 10
}

/// The context of a decision: the delivery whose attempt ended, and its policy.
struct DecisionContext {
    var mode: DeliveryMode
    /// The number of the attempt that ended.
    var number: Int
    /// Before this attempt.
    var uncountedAttempts: Int
    /// Before this attempt.
    var interruptions: Int
    var isTest: Bool
    /// A send test: one attempt, whatever the mode says.
    var policy: DeliveryPolicy
    var isSuccess: (Int) -> Bool
}

extension AttemptDecision {
    /// Decides.
    ///
    /// - Parameters:
    ///   - now: on the engine's monotonic clock, for the next due time.
    ///   - wall: the wall clock, for a `Retry-After` date.
    ///   - jitter: a random number from 0 up to 1, drawn only after a failure.
    static func decide(
        _ result: TransportResult,
        _ context: DecisionContext,
        now: Timestamp,
        wall: Timestamp,
        jitter: @autoclosure () -> Double
    ) -> AttemptDecision {
        switch result.ending {
        case .responded(let status) where context.isSuccess(status):
            return AttemptDecision(
                outcome: .succeeded,
                status: status,
                error: nil,
                detail: nil,
                next: .settled(.delivered),
                uncountedAttempts: context.uncountedAttempts,
                interruptions: context.interruptions,
                signal: context.isTest ? .none : .success,
                disables: nil
            )
        case .responded(410):
            return AttemptDecision(
                outcome: .failed,
                status: 410,
                error: .status,
                detail: "the receiver is gone (410)",
                next: .settled(.failed),
                uncountedAttempts: context.uncountedAttempts,
                interruptions: context.interruptions,
                signal: context.isTest ? .none : .failure(timedOut: false),
                disables: context.isTest ? nil : .gone
            )
        case .responded(let status):
            let isRedirect = (300...399).contains(status) && status != 304
            let detail = isRedirect ? "redirects are not followed" : nil
            var decision = failure(.status, detail, result, context, now: now, wall: wall, jitter: jitter())
            decision.status = status
            return decision
        case .failed(let error, let detail):
            return failure(error, detail, result, context, now: now, wall: wall, jitter: jitter())
        }
    }

    private static func failure(
        _ error: FailureKind,
        _ detail: String?,
        _ result: TransportResult,
        _ context: DecisionContext,
        now: Timestamp,
        wall: Timestamp,
        jitter: Double
    ) -> AttemptDecision {
        var decision = AttemptDecision(
            outcome: .failed,
            status: nil,
            error: error,
            detail: detail,
            next: .settled(.failed),
            uncountedAttempts: context.uncountedAttempts,
            interruptions: context.interruptions,
            signal: context.isTest ? .none : .failure(timedOut: error == .timeout),
            disables: nil
        )
        if error == .interrupted {
            decision.signal = .none
            decision.outcome = result.mayHaveBeenSent ? .unknown : .failed
            if context.mode == .singleShot && result.mayHaveBeenSent {
                decision.next = .settled(.unknown)
                return decision
            }
            if context.interruptions < uncountedInterruptions {
                decision.uncountedAttempts += 1
                decision.interruptions += 1
                decision.next = .waiting(until: now)
                return decision
            }
        }
        if context.mode == .singleShot {
            let mayHaveArrived =
                result.mayHaveBeenSent && (error == .timeout || error == .disconnected || error == .internal)
            if mayHaveArrived {
                decision.outcome = .unknown
                decision.next = .settled(.unknown)
            }
            return decision
        }
        let uncountedStale = context.uncountedAttempts - context.interruptions
        if result.isStaleConnection, uncountedStale < uncountedStaleConnections {
            // Nothing was wrong with the receiver: it had closed an idle connection just as we used it (RFC 9112, section 9.5).
            decision.uncountedAttempts += 1
            decision.signal = .none
            decision.next = .waiting(until: now)
            decision.needsFreshConnection = true
            return decision
        }
        let stepsUsed = context.number - decision.uncountedAttempts
        guard let wait = RetrySchedule.wait(afterStep: stepsUsed, policy: context.policy, jitter: jitter) else {
            return decision
        }
        let asked = RetryAfter.wait(in: result.headers, now: wall) ?? .zero
        decision.next = .waiting(until: now + max(wait, asked))
        return decision
    }
}

extension AttemptDecision {
    /// A reason why a claimed attempt doesn't leave.
    enum UnsentCause {
        /// There is nothing that could be sent.
        case unrenderable(String)
        /// Its subscription was disabled between claim and commit.
        case disabled
        /// Its subscription was parked between claim and commit.
        case parked
        /// The time of its node's lease was over before the request left.
        case leaseOver
        /// The dispatcher stopped before there was room for it.
        case stopping
    }

    /// Decides about an attempt that doesn't leave; `nil`: as about ``unsentResult(_:)``.
    static func unsent(_ cause: UnsentCause, _ delivery: OpenDelivery) -> AttemptDecision? {
        var decision = AttemptDecision(
            outcome: .failed,
            status: nil,
            error: .template,
            detail: nil,
            next: .settled(.failed),
            uncountedAttempts: delivery.uncountedAttempts,
            interruptions: delivery.interruptions,
            signal: .none,
            disables: nil
        )
        switch cause {
        case .unrenderable(let detail):
            decision.detail = detail
        case .disabled:
            decision.error = .disabled
            decision.detail = "the subscription was disabled before the request left"
            decision.next = .settled(.cancelled)
        case .parked, .leaseOver, .stopping:
            return nil
        }
        return decision
    }

    /// The result of an attempt that may not leave any more, and may later: interrupted.
    static func unsentResult(_ cause: UnsentCause) -> TransportResult {
        let detail =
            switch cause {
            case .leaseOver: "the time of the dispatcher's lease was over before the request left"
            case .stopping: "the dispatcher stopped before the request left"
            default: "the subscription left the configuration before the request left"
            }
        return TransportResult(ending: .failed(.interrupted, detail: detail), mayHaveBeenSent: false)
    }
}
