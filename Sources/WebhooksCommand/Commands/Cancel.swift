internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cancels what was not sent yet.",
        discussion: """
            Of an event that is due later: the event; else its deliveries that are pending or wait for a retry. An \
            attempt under way is not cut off: it may still deliver, and should it fail, no retry follows. That and what \
            was too late is listed, and the command exits 1. With --subscription and ids only what of them is that \
            subscription's. With --subscription alone all that it has open, and what events would bring it that were \
            accepted and not matched yet, those that are due later included; other subscriptions still get those. Asks \
            about that on a terminal. Ended in between, it has cancelled what it has; run it again for the rest.

              webhooks cancel reminder-7
              webhooks cancel reminder-7 --subscription crm
              webhooks cancel dlv_4711 dlv_4712
              webhooks cancel --subscription crm
            """
    )

    @Argument(help: "Ids of events or deliveries.", completion: KnownCompletion.ids)
    var ids: [String] = []

    @Option(
        help: "Without ids all open deliveries of this subscription, also of one that the configuration no longer has.",
        completion: KnownCompletion.subscriptions
    )
    var subscription: String?

    @Flag(help: "Doesn't ask.")
    var yes = false

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        guard !ids.isEmpty || subscription != nil else {
            throw ValidationError("missing ids of events or deliveries, or --subscription NAME")
        }
    }

    func run() async throws {
        let opened = try options.openLog()
        try await KnownNames(opened).check(subscription: subscription)
        if let subscription, ids.isEmpty, !yes, Question.canAsk {
            let open = try await opened.log.openDeliveries(of: subscription).waiting
            let deliveries = Counted.text(open, "open delivery", plural: "open deliveries")
            if open > 0 { try Question.confirm("cancel \(deliveries) of \(subscription)?") }
        }
        let result = try await opened.administration.cancel(ids, subscription: subscription)
        if options.json {
            var members: [(String, JSONOutput)] = [
                ("events", .strings(result.events)),
                ("deliveries", .strings(result.deliveries.map(\.description))),
                ("tooLate", .strings(result.tooLate.map(\.delivery.description))),
                ("alreadyCancelled", .strings(result.alreadyCancelled)), ("unknown", .strings(result.unknown)),
                ("underWay", .strings(result.underWay.map(\.delivery.description))),
            ]
            if !result.refused.isEmpty { members.append(("refused", RefusedOutput.json(result.refused))) }
            if subscription != nil { members.append(("unmatchedEvents", .integer(result.unmatchedEvents))) }
            JSONOutput.object(members).write()
        } else {
            try await write(result, opened.log)
        }
        // What is under way may still arrive.
        let isMissed = !result.tooLate.isEmpty || !result.underWay.isEmpty
        if isMissed || !result.unknown.isEmpty || !result.refused.isEmpty { throw ExitStatus.negative }
    }

    private func write(_ result: CancelResult, _ log: WebhookLog) async throws {
        func list(_ text: String, _ ids: [String]) {
            for id in ids { Output.standard.writeLine("\(text)  \(PlainText.escaped(id))") }
        }
        list("cancelled", result.events)
        let now = Timestamp.now
        func missed(_ missed: [CancelResult.Missed], _ why: (CancelResult.Missed) -> String) async throws -> [String] {
            let names = try await named(missed.map(\.delivery.description), log)
            return zip(names, missed).map { "\($0) \($1.subscription): \(why($1))" }
        }
        list("cancelled", try await named(result.deliveries.map(\.description), log))
        list("under way", try await missed(result.underWay) { _ in "no retry will follow" })
        list(
            "too late ",
            try await missed(result.tooLate) { missed in
                missed.state.rawValue + (missed.settledAt.map { " " + RelativeTime.text($0, now: now) } ?? "")
            }
        )
        list("before   ", try await named(result.alreadyCancelled, log).map { "\($0): was cancelled already" })
        for id in result.unknown { list("unknown  ", ["\(id)\(try await IDHint.question(id, in: log))"]) }
        for item in result.refused { Output.standard.writeLine("refused    \(RefusedOutput.text(item))") }
        if let subscription { writeCounts(result, of: subscription, hasIDs: !ids.isEmpty) }
        if result == CancelResult() {
            Output.standard.writeLine(
                ids.isEmpty ? "nothing left to cancel" : "nothing to cancel: nobody was to get it"
            )
        }
    }

    /// The ids of deliveries, behind the events' that somebody gave: `pay-2 (dlv_2)`.
    private func named(_ deliveries: [String], _ log: WebhookLog) async throws -> [String] {
        let given = Set(ids.filter { Delivery.ID($0) == nil })
        guard !given.isEmpty else { return deliveries }
        var events: [String: String] = [:]
        for event in given {
            for delivery in try await log.deliveries(ofEvents: [event]) { events[delivery.id.description] = event }
        }
        return deliveries.map { id in events[id].map { "\($0) (\(id))" } ?? id }
    }

    /// Writes the number of each, where nobody has given the ids.
    private func writeCounts(_ result: CancelResult, of subscription: String, hasIDs: Bool) {
        var lines: [String] = []
        if !result.deliveries.isEmpty, !hasIDs {
            lines.append("\(Counted.deliveries(result.deliveries.count)) cancelled")
        }
        if !result.underWay.isEmpty, !hasIDs {
            lines.append("\(Counted.deliveries(result.underWay.count)) under way: no retry will follow")
        }
        if result.unmatchedEvents > 0 {
            let events = Counted.text(result.unmatchedEvents, "event")
            let are = result.unmatchedEvents == 1 ? "is" : "are"
            lines.append("\(events) \(are) not matched yet; \(subscription) gets nothing of them")
        }
        for line in lines { Output.standard.writeLine(PlainText.escaped(line)) }
    }
}
