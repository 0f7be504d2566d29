internal import WebhookCore

/// A subscription's health, and when it was enabled by hand.
struct InMemoryHealthRow: Sendable {
    var health: SubscriptionHealth
    var enabledAt: Timestamp?

    /// Takes over what an engine knows, except where a decision by hand is newer.
    mutating func update(_ new: SubscriptionHealth) {
        let disabled = health.disabled ?? new.disabled.flatMap { isOutdated($0.at) ? nil : $0 }
        let failingSince = new.failingSince.map { isOutdated($0) ? enabledAt ?? $0 : $0 }
        health = new
        health.disabled = disabled
        health.failingSince = failingSince
    }

    /// Whether a moment lies before the last enabling.
    private func isOutdated(_ moment: Timestamp) -> Bool {
        enabledAt.map { moment < $0 } ?? false
    }
}
