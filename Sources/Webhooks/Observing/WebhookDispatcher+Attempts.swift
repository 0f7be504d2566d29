extension WebhookDispatcher {
    /// Attempts as they are recorded by this process's dispatcher, from now on.
    ///
    /// For showing what happens as it happens. It is no log: a listener that falls behind by more than `limit` attempts loses
    /// the oldest, and what another process delivers does not come through here; ``deliveries(_:limit:)`` has all.
    public func finishedAttempts(buffering limit: Int = 1000) -> AsyncStream<FinishedDeliveryAttempt> {
        broadcast.attempts.stream(buffering: limit)
    }

    /// Deliveries as they settle without an attempt, by this process's dispatcher and from now on: a body that can't be
    /// rendered, a subscription that is disabled, a row that the store refuses.
    ///
    /// Beside ``finishedAttempts(buffering:)``, with the same reservations. What a disabled subscription had waiting is
    /// cancelled as a whole and not told of one by one.
    public func settledWithoutAttempt(buffering limit: Int = 1000) -> AsyncStream<SettledWithoutAttempt> {
        broadcast.settled.stream(buffering: limit)
    }
}
