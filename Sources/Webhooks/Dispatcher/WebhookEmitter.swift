public import WebhookCore

/// Emits events and takes them back: what the rest of a backend depends on.
///
/// ``WebhookDispatcher`` is the real one; `TestDispatcher` of the module `WebhooksTesting` stands in for it in tests.
public protocol WebhookEmitter: Sendable {
    /// Stores an event durably; returns once it is on disk. Delivery follows.
    ///
    /// - Throws: ``WebhooksError``: with `event` where the event is not acceptable or its id is taken, with `store` where it
    ///   could not be stored: then nothing is acknowledged, and it may be emitted again.
    @discardableResult
    func emit(_ event: Event) async throws(WebhooksError) -> EmitReceipt

    /// Stores events durably, in their order and in one transaction.
    ///
    /// - Throws: as ``emit(_:)-(Event)``; where an id is taken, all others are stored.
    @discardableResult
    func emit(_ events: [Event]) async throws(WebhooksError) -> [EmitReceipt]

    /// Cancels what was not sent yet of an event.
    ///
    /// - Parameter event: the event's id.
    /// - Throws: ``WebhooksError`` with `store`.
    /// - Returns: what was cancelled, and what was too late; an unknown id is listed as such.
    @discardableResult
    func cancel(_ event: String) async throws(WebhooksError) -> CancelResult
}

extension WebhookDispatcher: WebhookEmitter {
    /// Cancels what was not sent yet of an event.
    ///
    /// - Parameter event: the event's id.
    /// - Throws: ``WebhooksError`` with `store`.
    /// - Returns: what was cancelled, and what was too late; an unknown id is listed as such.
    @discardableResult
    public func cancel(_ event: String) async throws(WebhooksError) -> CancelResult {
        let result = try await administration.cancel([event])
        wake()
        return result
    }
}
