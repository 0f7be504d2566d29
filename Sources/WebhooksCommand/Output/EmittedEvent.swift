internal import Webhooks

/// An event with what became of it.
struct EmittedEvent {
    var event: Event
    var isDuplicate: Bool
    /// Oldest first.
    var deliveries: [Delivery]

    var json: JSONOutput {
        [
            "event": EventOutput.json(event),
            "deliveries": .array(deliveries.map { DeliveryOutput.json($0) }),
        ]
    }

    func write(isDetached: Bool) {
        let terminal = Terminal.standardOutput
        var line = terminal.styled(PlainText.escaped(event.id), .bold) + "  " + PlainText.escaped(event.topic)
        if event.isTest { line += " (test)" }
        line += isDuplicate ? "  stored before" : "  stored"
        if isDetached {
            line +=
                event.deliverAt.map { ", to be delivered \(RelativeTime.long($0))" }
                ?? ", to be delivered by a dispatcher"
        } else if deliveries.isEmpty {
            line += "; nobody subscribes to it"
        } else {
            line += ", " + Counted.deliveries(deliveries.count)
        }
        Output.standard.writeLine(line)
        if !deliveries.isEmpty { DeliveryOutput.outcomeTable(deliveries).write() }
    }
}
