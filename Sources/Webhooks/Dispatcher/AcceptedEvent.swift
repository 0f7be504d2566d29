internal import WebhookCore

/// An event that is in the store.
struct AcceptedEvent: Sendable {
    var receipt: EmitReceipt
    var row: Int64
    /// Whether this process's engine has stored it, and so has its deliveries.
    var isWithEngine: Bool

    /// - Throws: ``WebhooksError`` with `event` where another event has its id.
    init(_ event: Event, _ result: AcceptanceResult, isWithEngine: Bool) throws(WebhooksError) {
        self.isWithEngine = isWithEngine
        switch result {
        case .stored(let row, _):
            self.row = row
            receipt = EmitReceipt(event: event, isDuplicate: false)
        case .duplicate(let row):
            self.row = row
            receipt = EmitReceipt(event: event, isDuplicate: true)
        case .refused(let reason):
            throw WebhooksError(.event, "the store refuses the event \(event.id): \(reason)")
        case .conflict(let differences):
            throw WebhooksError(.event, event.conflictText(differences))
        }
    }
}

/// The proof that an event is on disk.
public struct EmitReceipt: Sendable, Hashable {
    /// The event as stored.
    public var event: Event
    /// The same event was there before; it is delivered once.
    public var isDuplicate: Bool
}

/// The progress of emitted events' first attempts.
package struct FirstAttempts: Sendable, Hashable {
    /// Whether every delivery has had its first attempt, has settled without one, or is held by a pause.
    package var areDone: Bool
    /// Deliveries without a finished first attempt, those that a pause holds aside.
    package var outstanding: Int
    /// Deliveries that a pause holds: nobody waits for them.
    package var paused: Int

    package init(areDone: Bool, outstanding: Int, paused: Int = 0) {
        self.areDone = areDone
        self.outstanding = outstanding
        self.paused = paused
    }
}
