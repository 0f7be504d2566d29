package import WebhookCore

/// A condition on an event's content, as a person types it: `data.user.id=7`.
package struct EventCondition: Sendable, Hashable {
    private let path: [String]
    private let condition: Filter.Condition

    /// - Returns: `nil` where the text is no path, `=` and value.
    package init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { return nil }
        path = text[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let first = path.first, !path.contains(""),
            first == "data" || path.count == 1 && ["topic", "tenant", "id", "test"].contains(first)
        else { return nil }
        let value = String(text[text.index(after: equals)...])
        // Nobody knows whether an id is a number or a text.
        var operands: [Filter.Operand] = [.text(value)]
        if let number = ExactDecimal(value) { operands.append(.number(number)) }
        switch value {
        case "true", "false": operands.append(.bool(value == "true"))
        case "null": operands.append(.null)
        default: break
        }
        condition = .any(operands.map { .equals($0) })
    }

    /// The fault of a text that has the form and names nothing; `nil`: it hasn't the form.
    package static func problem(_ text: String) -> String? {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { return nil }
        let path = text[..<equals]
        if path.hasPrefix(".") || path.hasSuffix(".") || path.contains("..") { return nil }
        let first = path.split(separator: ".").first ?? ""
        if first == "data" || ["topic", "tenant", "id", "test"].contains(first) {
            return "\(first) has no members: \(first)=VALUE"
        }
        let meant = "data.\(path)=\(text[text.index(after: equals)...])"
        return "paths begin with `data.`, or are `topic`, `tenant`, `id` or `test`: did you mean \(meant)?"
    }

    /// Its form, for messages.
    package static let grammar = "PATH=VALUE, such as data.user.id=7"

    /// A filter of several conditions, which must all hold.
    static func filter(_ conditions: [EventCondition]) -> Filter {
        Filter(entries: conditions.map { Filter.Entry(path: $0.path, condition: $0.condition) })
    }
}

/// A page of events that meet conditions on their content.
package struct EventPage: Sendable {
    package var events: [LoggedEvent]
    /// The last event that was looked at; `nil`: there are no more.
    package var next: String?
}

extension WebhookLog {
    /// Looks at the next events of a query, and gives those that meet conditions on their content. Reads every event's data:
    /// it takes its time where few meet them.
    ///
    /// - Parameter query: its limit is how many events are looked at.
    package func events(_ query: EventQuery, where conditions: [EventCondition]) async throws(WebhooksError)
        -> EventPage
    {
        let found = try await events(query)
        var page = EventPage(events: [], next: found.count == query.limit ? found.last?.id : nil)
        let filter = EventCondition.filter(conditions)
        for row in found {
            guard !conditions.isEmpty else {
                page.events.append(row)
                continue
            }
            guard let event = try await event(row.id), let data = try? JSON.parse(event.data) else { continue }
            if filter.accepts(event, data: data) { page.events.append(row) }
        }
        return page
    }
}
