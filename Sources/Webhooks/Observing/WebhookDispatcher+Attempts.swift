extension WebhookDispatcher {
    /// Attempts as they are recorded by this process's dispatcher, from now on.
    ///
    /// For showing what happens as it happens. It is no log: a listener that falls behind by more than `limit` attempts loses
    /// the oldest, and what another process delivers does not come through here; ``deliveries(_:limit:)`` has all.
    public func finishedAttempts(buffering limit: Int = 1000) -> AsyncStream<FinishedDeliveryAttempt> {
        broadcast.stream(buffering: limit)
    }
}
