internal import WebhookCore
internal import Webhooks

/// Suggestions of what somebody may have meant by an id that names nothing of the kind that was asked for.
enum IDHint {
    /// The delivery that a bare number may stand for.
    static func number(_ text: String) -> Delivery.ID? {
        text.utf8.count < 19 ? Delivery.ID("dlv_" + text) : nil
    }

    /// `; did you mean dlv_7?` for a number that is a delivery's; else nothing.
    static func question(_ text: String, in log: WebhookLog) async throws(WebhooksError) -> String {
        guard let id = number(text), try await log.delivery(id) != nil else { return "" }
        return "; did you mean \(id)?"
    }

    /// Says that there is no such delivery, and what else has that id.
    static func noDelivery(_ text: String, in log: WebhookLog, hint: String) async throws -> CommandFailure {
        if try await log.event(text) != nil { return wrongKind("\(text) is an event: webhooks events show \(text)") }
        return .notFound("delivery \(text)\(try await question(text, in: log))", hint: hint)
    }

    /// Says that there is no such event, and what else has that id.
    static func noEvent(_ text: String, in log: WebhookLog, hint: String) async throws -> CommandFailure {
        if let id = Delivery.ID(text), try await log.delivery(id) != nil {
            return wrongKind("\(text) is a delivery: webhooks deliveries show \(text)")
        }
        let messages = try await log.messageIDs(ofEventID: text)
        if let first = messages.first {
            let all = messages.joined(separator: ", ")
            return wrongKind("\(text) is the eventId of \(all), its id here: webhooks events show \(first)")
        }
        return .notFound("event \(text)\(try await question(text, in: log))", hint: hint)
    }

    /// Says of each id that it names nothing at all.
    static func unknown(_ ids: [String], in log: WebhookLog) async throws -> [String] {
        var lines: [String] = []
        for id in ids { lines.append("there is no event or delivery \(id)\(try await question(id, in: log))") }
        return lines
    }

    /// Says of each event why it has no deliveries, and how it could be sent.
    static func withoutDeliveries(_ ids: [String], in log: WebhookLog) async throws -> [String] {
        var lines: [String] = []
        for id in ids {
            // Perhaps it is gone meanwhile.
            guard let event = try await log.loggedEvent(id) else { continue }
            let matching = EmittedEvent.Matching(event, await log.dispatcherPresence())
            lines.append(withoutDeliveries(id, event.deliveryCount > 0 ? .matched : matching))
        }
        return lines
    }

    static func withoutDeliveries(_ id: String, _ matching: EmittedEvent.Matching?) -> String {
        let emitAgain = "emit it again with another id"
        return switch matching {
        case .waitsForTime(let due):
            "\(id) has no deliveries yet: it is due \(RelativeTime.text(due)); to send it now, `webhooks cancel \(id)` and \(emitAgain)"
        case .matched, .unread:
            "\(id) was matched this very moment: `webhooks events show \(id)` shows its deliveries"
        case .waitsForDispatcher(let running):
            "\(id) has no deliveries yet: it waits for \(DispatcherText.waitsFor(running))"
        case .waitsForStart(let lost):
            "\(id) has no deliveries yet: it waits for a dispatcher; "
                + DispatcherText.nobody(lost, advice: "\(DispatcherText.start) sends it")
        case .setAside(let reason):
            "\(id) has no deliveries: it is set aside, for \(reason); `webhooks retrigger \(id)` tries it again"
        case .cancelled:
            "\(id) has no deliveries: it was cancelled before it was matched; to send it all the same, \(emitAgain)"
        case .nobody, nil:
            "\(id) has no deliveries: nobody subscribed to it when it was matched; once somebody does, \(emitAgain)"
        }
    }

    private static func wrongKind(_ message: String) -> CommandFailure {
        CommandFailure(.negative, code: WebhooksError.Code.notFound.description, message)
    }
}
