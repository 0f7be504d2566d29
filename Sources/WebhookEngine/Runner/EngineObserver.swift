public import WebhookCore

/// Hears what the engine did. Called on the engine's queue: quick, and never back into the engine.
public protocol EngineObserver: Sendable {
    /// Attempts whose results are durable.
    func recorded(_ attempts: [RecordedAttempt])
    /// What an operator should know.
    func noticed(_ notice: EngineNotice)
    /// Something about a single event or delivery that the log should have, such as a panic of a renderer.
    func failed(_ error: StoreError)
}
