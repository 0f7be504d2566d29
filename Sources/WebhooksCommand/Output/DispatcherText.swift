internal import WebhookCore
internal import Webhooks

/// Texts about the running dispatcher, as people say it.
enum DispatcherText {
    /// The commands that are a dispatcher.
    static let start = "`webhooks run` or `serve`"

    /// Says for whom something waits, and whether anybody is there: a sentence's end.
    static func forWhom(_ presence: DispatcherPresence) -> String {
        guard let running = presence.running else {
            return "for a dispatcher; \(nobody(presence.lost, advice: start))"
        }
        return "to be matched; process \(running.processID) is the dispatcher"
            + (running.isStopping ? ", and is stopping" : "")
            + (running.silence.map { "; it doesn't respond: \(silence($0))" } ?? "")
    }

    /// Says that no dispatcher is there.
    ///
    /// - Parameters:
    ///   - lost: those that were there a moment ago.
    ///   - advice: where none was.
    static func nobody(_ lost: LostDispatchers?, advice: String? = nil) -> String {
        if let lost { return "none is connected to the database, and \(lost.text)" }
        return "none runs" + (advice.map { ": \($0)" } ?? "")
    }

    /// Says how long a dispatcher has not shown that it works.
    static func silence(_ age: Duration) -> String { "its last sign of life is \(age.components.seconds) s old" }

    /// Names what something waits for: a dispatcher, or that there is one.
    static func waitsFor(_ presence: DispatcherPresence) -> String {
        presence.running.map(waitsFor) ?? "a dispatcher; \(nobody(presence.lost))"
    }

    /// Names the dispatcher that something waits for.
    static func waitsFor(_ running: WebhookLog.RunningDispatcher) -> String {
        "the dispatcher, process \(running.processID)"
            + (running.isStopping ? ", which is stopping; the next one delivers it" : "")
            + (running.silence.map { ", which doesn't respond: \(silence($0))" } ?? "")
    }
}

/// Texts about what holds a subscription's deliveries.
enum HoldText {
    /// `disabled (410, 2 h ago)`.
    static func disabled(_ disabled: SubscriptionHealth.Disabled, now: Timestamp = .now) -> String {
        let cause =
            switch disabled.cause {
            case .manual: "by hand"
            case .gone: "410"
            case .failing: "nothing but failures"
            }
        return "disabled (\(cause), \(RelativeTime.text(disabled.at, now: now)))"
    }

    /// `paused until TIME`.
    static func paused(_ paused: SubscriptionHealth.Paused) -> String {
        "paused" + (paused.until.map { " until \($0)" } ?? "")
    }

    /// `4 failures in a row, next attempt in 20 s`.
    static func breaker(_ breaker: SubscriptionHealth.Breaker, now: Timestamp = .now) -> String {
        let failures = Counted.text(breaker.failures, "failure")
        return "\(failures) in a row, next attempt \(RelativeTime.next(breaker.until, now: now))"
    }
}
