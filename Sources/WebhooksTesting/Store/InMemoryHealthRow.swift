internal import WebhookCore

/// A subscription's health, and when it was enabled by hand.
struct InMemoryHealthRow: Sendable {
    var health: SubscriptionHealth
    var enabledAt: Timestamp?
    /// When the last pause ended.
    var resumedAt: Timestamp?

    /// Takes over what an engine knows, except where a decision by hand is newer.
    mutating func update(_ new: SubscriptionHealth) {
        health.disabled = health.disabled ?? new.disabled.flatMap { isOutdated($0.at) ? nil : $0 }
        let counted = [enabledAt, resumedAt].compactMap(\.self).max()
        health.failingSince = new.failingSince.map { since in max(since, counted ?? since) }
        health.hasSucceeded = new.hasSucceeded
        health.breaker = new.breaker
        health.lastStartAt = new.lastStartAt ?? health.lastStartAt
    }

    /// Ends a pause: `only` this one, or any.
    mutating func resume(_ only: SubscriptionHealth.Paused?, at moment: Timestamp) {
        guard let paused = health.paused, only == nil || only == paused else { return }
        health.paused = nil
        health.failingSince = nil
        resumedAt = moment
    }

    /// Whether a moment lies before the last enabling.
    private func isOutdated(_ moment: Timestamp) -> Bool {
        enabledAt.map { moment < $0 } ?? false
    }
}
