internal import Webhooks

extension DeliveryOutput {
    /// A delivery with its attempts, for people.
    ///
    /// - Parameter paused: subscriptions that are.
    static func write(_ delivery: Delivery, _ attempts: [Attempt], paused: Set<String> = []) {
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
        fact("subscription", delivery.subscription)
        fact("event", delivery.event + (delivery.isTest ? " (test)" : ""))
        fact("topic", delivery.topic)
        if let tenant = delivery.tenant { fact("tenant", tenant) }
        fact("mode", mode(delivery))
        fact("attempts", String(delivery.attempts))
        fact("created", RelativeTime.long(delivery.createdAt))
        if let next = delivery.nextAttemptAt {
            fact("next attempt", "\(next) (\(self.next(delivery, paused: paused)))")
        }
        if let settled = delivery.settledAt { fact("settled", RelativeTime.long(settled)) }
        if let original = delivery.retriggerOf { fact("sends again", original.description) }
        for attempt in attempts { AttemptOutput.write(attempt) }
    }
}
