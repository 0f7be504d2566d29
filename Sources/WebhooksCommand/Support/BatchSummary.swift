internal import Webhooks

/// A batch's deliveries in numbers, and those that a person should see.
struct BatchSummary: Sendable {
    private var counts: [DeliveryState: Int] = [:]
    private var waiting = 0
    private var unmatched = 0
    private var undelivered: [Delivery] = []
    /// Deliveries without an attempt.
    private(set) var unattempted: [Delivery] = []
    /// So many rows are shown; `deliveries list` has them all.
    private static let shown = 50

    mutating func add(_ delivery: Delivery) {
        counts[delivery.state, default: 0] += 1
        if delivery.state == .pending { unattempted.append(delivery) }
        if delivery.state != .delivered, undelivered.count < Self.shown { undelivered.append(delivery) }
    }

    /// Counts what has no deliveries.
    mutating func add(_ matching: EmittedEvent.Matching) {
        if matching.waitsForDispatcher { waiting += 1 }
        if matching.isNobody { unmatched += 1 }
    }

    /// Whether nobody subscribes to one of the events.
    var hasUnmatched: Bool { unmatched > 0 }

    var areDelivered: Bool { undelivered.isEmpty }

    /// What isn't delivered, the first of them; no lines where all is.
    func table(_ log: WebhookLog) async throws(WebhooksError) -> Table {
        DeliveryOutput.outcomeTable(undelivered, paused: try await log.paused(undelivered))
    }

    /// `3 events stored, 5 deliveries: 4 delivered, 1 waiting`.
    func text(stored: Int) -> String {
        let total = counts.values.reduce(0, +)
        var text = Counted.text(stored, "event") + " stored"
        if waiting > 0 { text += ", \(waiting) waiting for a dispatcher" }
        if unmatched > 0 { text += ", \(unmatched) with no subscriber" }
        guard total > 0 else { return text }
        let parts = DeliveryState.allCases.compactMap { state in counts[state].map { "\($0) \(state.rawValue)" } }
        text += ", \(Counted.deliveries(total)): " + parts.joined(separator: ", ")
        return text
    }
}
