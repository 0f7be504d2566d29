internal import WebhookCore
internal import Webhooks

/// Says why deliveries have not been attempted within the time that somebody waited.
enum WaitNotice {
    static func write(
        _ deliveries: [Delivery],
        on dispatcher: WebhookDispatcher,
        waited: Duration,
        asJSON: Bool
    ) async throws {
        let registry = dispatcher.registry
        let reasons = try await dispatcher.log.waitReasons(of: deliveries) { registry.subscription(named: $0) }
        write(reasons, waited: waited, asJSON: asJSON)
    }

    static func write(
        _ reasons: [(subscription: String, count: Int, reason: WaitReason)],
        waited: Duration,
        asJSON: Bool
    ) {
        for (name, count, reason) in reasons {
            let wait = count == 1 ? "1 delivery waits" : "\(count) deliveries wait"
            let (code, text) = text(name, count, reason, waited)
            Notice.note(code, "\(wait): \(text)", asJSON: asJSON)
        }
    }

    private static func length(_ waited: Duration) -> String {
        waited < .seconds(1) ? "\(Int(waited / .milliseconds(1))) ms" : "\(waited.components.seconds) s"
    }

    private static func text(
        _ name: String,
        _ count: Int,
        _ reason: WaitReason,
        _ waited: Duration
    ) -> (code: String, text: String) {
        let them = count == 1 ? "it" : "them"
        switch reason {
        case .unusable(let reason):
            return (
                "broken",
                "the settings of \(name) can't be used: \(reason); once that is mended, a dispatcher sends \(them)"
            )
        case .paused(let pause):
            return ("paused", "\(PausedNotice.state(name, pause)); `webhooks resume \(name)` sends \(them)")
        case .breaker(let breaker): return ("breaker", BreakerNotice.text(name, breaker))
        case .order(let first):
            let state =
                first.nextAttemptAt.map { "waits for a retry, \(RelativeTime.next($0))" } ?? "has an attempt under way"
            return ("order", "\(name) is ordered, and \(first.id), which \(state), comes first")
        case .rateLimit: return ("rate_limit", "\(name) has a rate limit; the dispatcher goes on")
        case .nobodyRuns:
            return ("not_attempted", "not attempted within \(length(waited)); the next dispatcher goes on")
        case .silence(let age):
            return ("not_responding", "the dispatcher doesn't respond: \(DispatcherText.silence(age))")
        case .time: return ("not_attempted", "not attempted within \(length(waited)); the dispatcher goes on")
        }
    }
}

/// Says which of some deliveries an open breaker holds.
enum BreakerNotice {
    static func write(_ deliveries: [Delivery], on log: WebhookLog, asJSON: Bool) async throws {
        let held = Dictionary(grouping: deliveries.filter { !$0.state.isSettled && $0.state != .inFlight }) {
            $0.subscription
        }
        guard !held.isEmpty else { return }
        for (name, breaker) in try await log.openBreakers().sorted(by: { $0.key < $1.key }) {
            guard let count = held[name]?.count else { continue }
            let wait = count == 1 ? "1 delivery waits" : "\(count) deliveries wait"
            Notice.note("breaker", "\(wait): \(text(name, breaker))", asJSON: asJSON)
        }
    }

    static func text(_ name: String, _ breaker: SubscriptionHealth.Breaker) -> String {
        let failures = Counted.text(breaker.failures, "failure")
        return "\(name) had \(failures) in a row, the next attempt is \(RelativeTime.next(breaker.until))"
    }
}
