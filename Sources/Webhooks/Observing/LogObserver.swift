internal import Logging
internal import Metrics
internal import WebhookCore
internal import WebhookEngine

/// Tells logs and metrics what the engine did.
struct LogObserver: EngineObserver {
    private let logger: Logger
    private let attempts: [Attempt.Outcome: Counter]
    private let duration: Metrics.Timer
    private let broadcast: AttemptBroadcast
    private let onFailure: @Sendable (StoreError) -> Void

    /// - Parameter onFailure: told that the store can't be trusted, and that delivery has stopped.
    init(logger: Logger, broadcast: AttemptBroadcast, onFailure: @escaping @Sendable (StoreError) -> Void) {
        self.logger = logger
        self.broadcast = broadcast
        self.onFailure = onFailure
        attempts = Dictionary(
            uniqueKeysWithValues: Attempt.Outcome.allCases.map { outcome in
                (outcome, Counter(label: "webhooks_attempts_total", dimensions: [("outcome", outcome.rawValue)]))
            }
        )
        duration = Metrics.Timer(label: "webhooks_attempt_duration_seconds")
    }

    func recorded(_ attempts: [RecordedAttempt]) {
        broadcast.send(attempts)
        var counts: [Attempt.Outcome: Int] = [:]
        for recorded in attempts {
            if let outcome = recorded.attempt.outcome { counts[outcome, default: 0] += 1 }
            if let duration = recorded.attempt.duration {
                self.duration.recordNanoseconds(Int64(duration / .nanoseconds(1)))
            }
            if recorded.attempt.outcome == .succeeded {
                logger.debug("delivered", metadata: metadata(recorded))
            } else {
                logger.info("attempt failed", metadata: metadata(recorded))
            }
        }
        for (outcome, count) in counts { self.attempts[outcome]?.increment(by: count) }
    }

    private func metadata(_ recorded: RecordedAttempt) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "delivery": "\(recorded.delivery.id)",
            "event": "\(recorded.delivery.event.id)",
            "subscription": "\(recorded.delivery.subscription)",
            "attempt": "\(recorded.attempt.number)",
            "state": "\(recorded.state.rawValue)",
        ]
        if let status = recorded.attempt.status { metadata["status"] = "\(status)" }
        if let error = recorded.attempt.error { metadata["error"] = "\(error.rawValue)" }
        if let detail = recorded.attempt.detail { metadata["detail"] = "\(detail)" }
        if let next = recorded.nextAttemptAt { metadata["next"] = "\(next)" }
        return metadata
    }

    func noticed(_ notice: EngineNotice) {
        switch notice {
        case .disabled(let subscription, let cause):
            logger.warning(
                "subscription disabled: its open deliveries are cancelled; `webhooks enable` brings it back",
                metadata: ["subscription": "\(subscription)", "cause": "\(cause.rawValue)"]
            )
        case .enabled(let subscription):
            logger.notice("subscription enabled", metadata: ["subscription": "\(subscription)"])
        case .paused(let subscription, let until):
            logger.notice(
                "subscription paused: its deliveries are held; `webhooks resume` sends them",
                metadata: ["subscription": "\(subscription)", "until": "\(until?.description ?? "resumed")"]
            )
        case .resumed(let subscription):
            logger.notice("subscription resumed", metadata: ["subscription": "\(subscription)"])
        case .breakerOpened(let subscription, let pause):
            logger.warning(
                "attempts pause after failures in a row",
                metadata: ["subscription": "\(subscription)", "pause": "\(pause)"]
            )
        case .storeFailed(let error):
            logger.error("the store failed; no new attempts until it works again", metadata: ["error": "\(error)"])
        case .storeRecovered:
            logger.notice("the store works again")
        case .recovered(let interrupted, let unknown):
            logger.warning(
                "a dispatcher ended during attempts; they are recorded as interrupted",
                metadata: ["attempts": "\(interrupted)", "unknown": "\(unknown)"]
            )
        }
    }

    func failed(_ error: StoreError) {
        onFailure(error)
        logger.critical("the store can't be trusted; delivery has stopped", metadata: ["error": "\(error)"])
    }
}
