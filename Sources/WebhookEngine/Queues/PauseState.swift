internal import WebhookCore

/// A pause that a person set on a subscription, with its end on the engine's monotonic clock.
///
/// ```
/// running ──learn(a pause)──▶ paused ──learn(none)───────────────────▶ running
///                               └──────its time is over (expire)────▶ running
/// ```
///
/// The end is worked out when the pause is learned: a clock that is set afterwards neither lengthens nor shortens it.
struct PauseState: Equatable {
    /// The pause in force.
    private(set) var pause: SubscriptionHealth.Paused?
    /// The time at which it ends by itself, on the monotonic clock.
    private(set) var endsAt: Timestamp?
    /// A pause whose time is over, until the store has forgotten it.
    private var expired: SubscriptionHealth.Paused?

    var isPaused: Bool { pause != nil }

    /// Takes over what the store says.
    ///
    /// - Returns: a pause that was over before it was learned: the store is to forget it.
    mutating func learn(_ stored: SubscriptionHealth.Paused?, at time: EngineTime) -> SubscriptionHealth.Paused? {
        guard let stored else {
            self = PauseState()
            return nil
        }
        guard stored != pause, stored != expired else { return nil }
        self = PauseState()
        let remaining = stored.remaining(at: time.wall)
        guard remaining != .zero else {
            expired = stored
            return stored
        }
        pause = stored
        endsAt = remaining.map { time.monotonic + $0 }
        return nil
    }

    /// Ends the pause if its time is over.
    ///
    /// - Returns: the pause: the store is to forget it.
    mutating func expire(now: Timestamp) -> SubscriptionHealth.Paused? {
        guard let endsAt, endsAt <= now, let over = pause else { return nil }
        self = PauseState()
        expired = over
        return over
    }
}
