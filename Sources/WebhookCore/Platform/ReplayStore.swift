/// The part of a store that sends again, or erases, what a request of the HTTP API asks for.
package protocol ReplayStore: Sendable {
    /// Sends deliveries again, together with the answer to the request that asked for it: all or none.
    ///
    /// - Returns: `nil` where the request was answered before; then nothing was changed.
    func insertRetriggers(
        _ retriggers: [Retrigger],
        answer: StoredAnswer,
        at instant: Timestamp
    ) async throws(StoreError) -> RetriggerResult?

    /// Sends deliveries again as a step of a task.
    ///
    /// - Returns: `nil` where the claim doesn't hold any more; then nothing was changed.
    func insertRetriggers(
        _ retriggers: [Retrigger],
        for claim: TaskClaim,
        at instant: Timestamp
    ) async throws(StoreError) -> RetriggerResult?

    /// Makes deliveries of events to a subscription that they have none to. An event that has one, waits for its fan-out, is for
    /// another subscription alone, or is gone, is left alone.
    func insertMissing(_ missing: [MissingDelivery], at instant: Timestamp) async throws(StoreError) -> RetriggerResult

    /// Makes deliveries that events lack as a step of a task.
    ///
    /// - Returns: `nil` where the claim doesn't hold any more; then nothing was changed.
    func insertMissing(
        _ missing: [MissingDelivery],
        for claim: TaskClaim,
        at instant: Timestamp
    ) async throws(StoreError) -> RetriggerResult?

    /// Erases what events carried, as ``WebhookStore/expunge(events:at:)`` does, as a step of a task.
    ///
    /// - Returns: `nil` where the claim doesn't hold any more; then nothing was changed.
    func expunge(
        events ids: [String],
        for claim: TaskClaim,
        at instant: Timestamp
    ) async throws(StoreError) -> ExpungeResult?
}

/// A delivery that an event lacks.
package struct MissingDelivery: Sendable, Hashable {
    /// The event's id.
    package var event: String
    package var subscription: String
    package var mode: DeliveryMode
    package var rendering: Retrigger.Rendering

    package init(event: String, subscription: String, mode: DeliveryMode, rendering: Retrigger.Rendering) {
        self.event = event
        self.subscription = subscription
        self.mode = mode
        self.rendering = rendering
    }
}
