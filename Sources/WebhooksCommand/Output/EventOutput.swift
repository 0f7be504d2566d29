internal import WebhookCore
internal import Webhooks

/// Events as JSON and for people.
enum EventOutput {
    /// The event of an emit.
    static func json(_ event: Event) -> JSONOutput {
        [
            "id": .text(event.id),
            "topic": .text(event.topic),
            "tenant": .string(event.tenant),
            "occurredAt": .time(event.occurredAt),
            "test": .bool(event.isTest),
        ]
    }

    /// A row of `events list`; with data and deliveries, that of `events show`.
    ///
    /// - Parameters:
    ///   - presence: who delivers what waits.
    ///   - owners: of the deliveries' subscriptions.
    static func json(
        _ event: LoggedEvent,
        _ presence: DispatcherPresence,
        eventID: String? = nil,
        data: ByteString? = nil,
        deliveries: [Delivery]? = nil,
        owners: SubscriptionOwners = SubscriptionOwners()
    ) -> JSONOutput {
        var members = JSONOutput.members(of: event)
        // Of a cancelled one and one that is set aside the event itself says so.
        if let matching = EmittedEvent.Matching(event, presence), !matching.isSaidByTheEvent {
            members += matching.members
        }
        if let eventID { members.append(("eventId", .string(eventID))) }
        if let data { members.append(("data", .raw(data))) }
        if let deliveries {
            members.append(("deliveries", .array(deliveries.map { DeliveryOutput.json($0, owners: owners) })))
        }
        return .object(members)
    }

    /// A row of the table.
    ///
    /// - Parameter presence: who delivers what waits.
    static func row(_ event: LoggedEvent, _ presence: DispatcherPresence) -> [Table.Cell] {
        [
            .init(event.id), .init(event.topic), .init(event.tenant), .init(RelativeTime.text(event.occurredAt)),
            .init(String(event.deliveryCount)), .init(notes(event, isAwaited: presence == .none)),
        ]
    }

    /// - Parameters:
    ///   - eventID: the platform's own id, of a message of the HTTP API.
    ///   - matching: why there are no deliveries, where there are none.
    ///   - owners: of the deliveries' subscriptions.
    ///   - holds: what holds its deliveries.
    static func write(
        _ event: LoggedEvent,
        eventID: String?,
        data: ByteString,
        deliveries: [Delivery],
        matching: EmittedEvent.Matching,
        owners: SubscriptionOwners,
        holds: DeliveryHolds
    ) {
        let terminal = Terminal.standardOutput
        func fact(_ name: String, _ value: String) {
            let padded = name + String(repeating: " ", count: max(1, 11 - name.count))
            Output.standard.writeLine(terminal.styled(padded, .dim) + PlainText.escaped(value))
        }
        Output.standard.writeLine(terminal.styled(PlainText.escaped(event.id), .bold))
        if let eventID { fact("eventId", eventID) }
        fact("topic", event.topic)
        if let tenant = event.tenant { fact("tenant", tenant) }
        fact("occurred", RelativeTime.long(event.occurredAt))
        fact("created", RelativeTime.long(event.createdAt))
        if let due = event.deliverAt { fact("deliver at", RelativeTime.long(due)) }
        let isAwaited = if case .waitsForStart(nil) = matching { true } else { false }
        let notes = notes(event, isAwaited: isAwaited)
        if !notes.isEmpty { fact("notes", notes) }
        Output.standard.writeLine(terminal.styled("data", .dim))
        Output.standard.writeLine(PlainText.escapedLines(data.text))
        Output.standard.writeLine()
        if deliveries.isEmpty {
            Output.standard.writeLine("no deliveries" + reason(matching))
        } else {
            DeliveryOutput.outcomeTable(deliveries, owners: owners, holds: holds).write()
        }
    }

    private static func reason(_ matching: EmittedEvent.Matching) -> String {
        switch matching {
        case .matched, .unread: ""
        case .waitsForTime: " before it is due"
        case .waitsForDispatcher(let running): " yet: it waits for \(DispatcherText.waitsFor(running))"
        case .waitsForStart(let lost): " yet: it waits for a dispatcher; \(DispatcherText.nobody(lost))"
        case .setAside(let reason): ": it is set aside, for \(PlainText.escaped(reason))"
        case .cancelled: ": it was cancelled"
        case .nobody: ": nobody subscribed to it"
        }
    }

    /// - Parameter isAwaited: whether nobody runs that could match it.
    private static func notes(_ event: LoggedEvent, isAwaited: Bool) -> String {
        var notes: [String] = []
        if event.isTest { notes.append("test") }
        if event.isCancelled { notes.append("cancelled") }
        if let reason = event.setAside { notes.append("set aside: \(reason)") }
        if let due = event.deliverAt, due > .now, !event.isCancelled {
            notes.append("due \(RelativeTime.text(due))")
        } else if event.isUnmatched, event.setAside == nil {
            notes.append(isAwaited ? "waits for a dispatcher; none runs" : "not matched yet")
        }
        return notes.joined(separator: ", ")
    }
}
