public import WebhookCore

/// Hears what the engine did. Called on the engine's queue: quick, and never back into the engine.
public protocol EngineObserver: Sendable {
    /// Attempts whose results are durable.
    func recorded(_ attempts: [RecordedAttempt])
    /// Deliveries that settled without an attempt, durably.
    func settled(_ deliveries: [SettledDelivery])
    /// What an operator should know.
    func noticed(_ notice: EngineNotice)
    /// The store is damaged: delivery has stopped.
    func failed(_ error: StoreError)
}
