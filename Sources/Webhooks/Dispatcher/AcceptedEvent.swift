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
