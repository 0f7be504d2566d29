package import WebhookCore

/// An event that is in the store.
struct AcceptedEvent: Sendable {
    var receipt: EmitReceipt
    var row: Int64
    /// True when this process's engine has stored it, and so has its deliveries.
    var isWithEngine: Bool

    /// - Throws: ``WebhooksError`` with `event` where another event has its id.
    init(_ event: Event, _ result: AcceptanceResult, isWithEngine: Bool) throws(WebhooksError) {
        self.isWithEngine = isWithEngine
        (receipt, row) = try EmitReceipt.accepted(event, result)
    }
}

/// The proof that an event is on disk.
public struct EmitReceipt: Sendable, Hashable {
    /// The event as stored.
    public var event: Event
    /// The same event was there before; it is delivered once.
    public var isDuplicate: Bool
}

extension EmitReceipt {
    /// The receipt for an event that a store has answered for, with the event's row.
    ///
    /// - Throws: ``WebhooksError`` with `event` where another event has its id, or the store refuses it.
    static func accepted(_ event: Event, _ result: AcceptanceResult) throws(WebhooksError) -> (EmitReceipt, Int64) {
        switch result {
        case .stored(let row, _):
            return (EmitReceipt(event: event, isDuplicate: false), row)
        case .duplicate(let row):
            return (EmitReceipt(event: event, isDuplicate: true), row)
        case .refused(let reason):
            throw WebhooksError(.event, "the store refuses the event \(event.id): \(reason)")
        case .conflict(let differences):
            throw WebhooksError(.event, event.conflictText(differences))
        }
    }

    /// - Throws: ``WebhooksError``: as ``WebhookEmitter/emit(_:)-(Event)``.
    package init(_ event: Event, _ result: Result<AcceptanceResult, StoreError>) throws(WebhooksError) {
        switch result {
        case .success(let accepted): self = try Self.accepted(event, accepted).0
        case .failure(let error): throw WebhooksError(accepting: error)
        }
    }
}
