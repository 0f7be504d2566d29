internal import WebhookCore
internal import Webhooks

/// Deliveries as JSON and as rows.
enum DeliveryOutput {
    /// The interface's DELIVERY, with its log where one is given.
    ///
    /// - Parameters:
    ///   - owners: of its subscription, where the store keeps that.
    ///   - holds: what holds it is there only where something does.
    static func json(
        _ delivery: Delivery,
        log: [Attempt]? = nil,
        owners: SubscriptionOwners,
        holds: DeliveryHolds = DeliveryHolds()
    ) -> JSONOutput {
        var members = JSONOutput.members(of: delivery) + owners.members(delivery.subscription)
        if let word = holds.word(for: delivery) { members.append(("held", .text(word))) }
        if let log {
            // Where it settled without an attempt, no entry of the log says why.
            if let detail = delivery.detail { members.append(("detail", .text(detail))) }
            members.append(("log", .array(log.map(AttemptOutput.json))))
        }
        return .object(members)
    }

    /// A table of what an emit did: a row for each delivery.
    ///
    /// - Parameters:
    ///   - owners: of the subscriptions that the store keeps.
    ///   - holds: what holds deliveries.
    static func outcomeTable(_ deliveries: [Delivery], owners: SubscriptionOwners, holds: DeliveryHolds) -> Table {
        let columns: [Table.Column] = [
            .init("DELIVERY"), .init("SUBSCRIPTION", flexible: true), .init("STATE"), .init("ATTEMPTS", number: true),
            .init("RESULT", flexible: true), .init("NEXT", flexible: true),
        ]
        var table = Table(columns + owners.columns)
        for delivery in deliveries {
            let cells: [Table.Cell] = [
                .init(delivery.id.description), .init(delivery.subscription), state(delivery.state),
                .init(String(delivery.attempts)), .init(result(delivery)),
                .init(next(delivery, holds: holds)),
            ]
            table.add(cells + owners.cells(delivery.subscription))
        }
        return table
    }

    /// A page of the log.
    ///
    /// - Parameters:
    ///   - owners: of the subscriptions that the store keeps.
    ///   - holds: what holds deliveries.
    static func listTable(_ deliveries: [Delivery], owners: SubscriptionOwners, holds: DeliveryHolds) -> Table {
        let columns: [Table.Column] = [
            .init("DELIVERY"), .init("EVENT", flexible: true, sacrifice: 1),
            .init("TOPIC", flexible: true, sacrifice: 5),
            .init("SUBSCRIPTION", flexible: true), .init("STATE"), .init("ATTEMPTS", number: true, sacrifice: 4),
            .init("RESULT", flexible: true), .init("CREATED", sacrifice: 3), .init("NEXT", sacrifice: 2),
        ]
        var table = Table(columns + owners.columns)
        for delivery in deliveries {
            let cells: [Table.Cell] = [
                .init(delivery.id.description), .init(delivery.event), .init(topic(delivery)),
                .init(delivery.subscription), state(delivery.state), .init(String(delivery.attempts)),
                .init(result(delivery)), .init(RelativeTime.text(delivery.createdAt)),
                .init(next(delivery, holds: holds)),
            ]
            table.add(cells + owners.cells(delivery.subscription))
        }
        return table
    }

    /// The time until the next attempt: `in 5 s`, `now`, `overdue`, or what holds it, such as `paused`; nothing where there
    /// is none.
    static func next(_ delivery: Delivery, holds: DeliveryHolds, now: Timestamp = .now) -> String {
        guard let next = delivery.nextAttemptAt else { return "" }
        return holds.word(for: delivery) ?? RelativeTime.next(next, now: now)
    }

    /// The last answer's status and what went wrong: `503`, `timeout`, `204`.
    static func result(_ delivery: Delivery) -> String { result(delivery.lastStatus, delivery.lastError) ?? "-" }

    /// A status tells by itself that it was the status; `nil` where there is neither.
    static func result(_ status: Int?, _ error: FailureKind?) -> String? {
        let named = status != nil && error == .status ? nil : error
        let parts = [status.map(String.init), named?.rawValue].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }

    /// A send test makes one attempt, whatever its subscription's mode.
    static func mode(_ delivery: Delivery) -> String {
        delivery.isTest && delivery.mode == .singleShot ? "test (one attempt)" : delivery.mode.rawValue
    }

    static func state(_ state: DeliveryState) -> Table.Cell { .init(state.rawValue, style(state)) }

    static func style(_ state: DeliveryState) -> Terminal.Style {
        switch state {
        case .delivered: .good
        case .failed: .bad
        case .unknown, .waiting: .doubtful
        case .cancelled: .dim
        case .pending, .inFlight: .plain
        }
    }

    private static func topic(_ delivery: Delivery) -> String {
        delivery.topic + (delivery.isTest ? " (test)" : "")
    }
}

extension DeliveryOutput {
    /// A delivery with its attempts, for people.
    ///
    /// - Parameters:
    ///   - owners: of its subscription, where the store keeps that.
    ///   - holds: what holds deliveries.
    static func write(
        _ delivery: Delivery,
        _ attempts: [Attempt],
        owners: SubscriptionOwners,
        holds: DeliveryHolds = DeliveryHolds()
    ) {
        let terminal = Terminal.standardOutput
        func fact(_ name: String, _ value: String, _ style: Terminal.Style = .plain) {
            let padded = name + String(repeating: " ", count: max(1, 14 - name.count))
            Output.standard.writeLine(
                terminal.styled(padded, .dim) + terminal.styled(PlainText.escaped(value), style)
            )
        }
        Output.standard.writeLine(terminal.styled(delivery.id.description, .bold))
        fact("state", delivery.state.rawValue, style(delivery.state))
        if delivery.lastStatus != nil || delivery.lastError != nil { fact("result", result(delivery)) }
        if let detail = delivery.detail { fact("detail", detail) }
        fact("subscription", owners.label(delivery.subscription))
        fact("event", delivery.event + (delivery.isTest ? " (test)" : ""))
        fact("topic", delivery.topic)
        if let tenant = delivery.tenant { fact("tenant", tenant) }
        fact("mode", mode(delivery))
        fact("attempts", String(delivery.attempts))
        fact("created", RelativeTime.long(delivery.createdAt))
        if let next = delivery.nextAttemptAt {
            fact("next attempt", "\(next) (\(self.next(delivery, holds: holds)))")
        }
        if let settled = delivery.settledAt { fact("settled", RelativeTime.long(settled)) }
        if let original = delivery.retriggerOf { fact("sends again", original.description) }
        for attempt in attempts { AttemptOutput.write(attempt) }
    }
}
