package import WebhookCore

/// A row that an ``InMemoryStore`` is about to write, for ``InMemoryStore/refuseRows(_:)``.
package enum WrittenRow: Sendable {
    case event(Event)
    case newDelivery(NewDelivery, Event)
    /// The delivery that stands in for a new one that was refused.
    case failedDelivery(NewDelivery, Event)
    case claim(InMemoryDeliveryRow)
    /// - Parameter isWhole: with what the receiver said.
    case attempt(InMemoryDeliveryRow, isWhole: Bool)
    case settlement(InMemoryDeliveryRow)
    case health(SubscriptionHealth)
}

extension InMemoryRows {
    func refusal(_ row: WrittenRow) -> String? { refuses?(row, self) }

    /// The reason why an event, or one of its deliveries for good, is refused.
    func refusal(of acceptance: Acceptance) -> String? {
        guard refuses != nil, event(acceptance.event.id) == nil else { return nil }
        if let reason = refusal(.event(acceptance.event)) { return reason }
        return acceptance.deliveries.flatMap { refusal(ofDeliveries: $0, acceptance.event) }
    }

    func refusal(ofDeliveries new: NewDeliveries, _ event: Event?) -> String? {
        guard refuses != nil, let event else { return nil }
        for delivery in new.deliveries where refusal(.newDelivery(delivery, event)) != nil {
            if let reason = refusal(.failedDelivery(delivery, event)) { return reason }
        }
        return nil
    }

    mutating func setAside(_ setAside: SetAside) -> SetAsideResult {
        guard let row = events[setAside.event] else { return SetAsideResult(event: nil, isSetAside: false) }
        switch row.state {
        case .waitsForFanOut: break
        case .setAside: return SetAsideResult(event: row.event.id, isSetAside: true)
        case .fannedOut, .cancelled: return SetAsideResult(event: nil, isSetAside: false)
        }
        switch setAside.cause {
        case .refused(let reason):
            setState(.setAside(reason: reason), ofEvent: row.row)
            return SetAsideResult(event: row.event.id, isSetAside: true)
        case .renderingEnded:
            guard countEnd(ofEvent: row.row) >= SetAside.mostEnds else {
                return SetAsideResult(event: row.event.id, isSetAside: false)
            }
            setState(.setAside(reason: SetAside.endedReason), ofEvent: row.row)
            return SetAsideResult(event: row.event.id, isSetAside: true)
        }
    }

    func setAsideEvents(limit: Int) -> [SetAsideEvent] {
        let all = events.values.sorted { $0.row < $1.row }.compactMap { row -> SetAsideEvent? in
            guard case .setAside(let reason) = row.state else { return nil }
            return SetAsideEvent(id: row.event.id, topic: row.event.topic, reason: reason)
        }
        return Array(all.prefix(limit))
    }

    func scheduledEvents(after instant: Timestamp) -> ScheduledEvents {
        let due = events.values.filter { $0.state == .waitsForFanOut && $0.place == nil }.compactMap(\.event.deliverAt)
            .filter { $0 > instant }
        return ScheduledEvents(count: due.count, next: due.min())
    }

    mutating func releaseSetAside(_ ids: [String]) -> [Int64] {
        ids.compactMap { id in
            guard let row = event(id), case .setAside = row.state else { return nil }
            setState(.waitsForFanOut, ofEvent: row.row)
            return row.row
        }
    }
}
