internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follows deliveries as they are attempted and settle, until Ctrl-C.",
        discussion: """
            A line for every delivery that moves on from now on, as it is then, whichever process delivers it. Without --state \
            that is what has had an attempt or has settled. Reads the store a few times a second, and costs a dispatcher \
            nothing.

              webhooks tail
              webhooks tail --subscription crm --state failed --state unknown
              webhooks tail --json | jq -r .id
            """
    )

    @OptionGroup var delivery: DeliveryFilterOptions

    @Option(help: "Only this topic. Repeatable.", completion: KnownCompletion.topics)
    var topic: [String] = []

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        var filter = DeliveryTail.Filter()
        (filter.states, filter.errors) = (Set(delivery.state), Set(delivery.error))
        (filter.topics, filter.subscription) = (Set(topic), delivery.subscription)
        var tail = try await DeliveryTail(opened.log, filter)
        try await KnownNames(opened).check(subscription: delivery.subscription, topics: topic)
        if !options.json { Progress.say("following \(opened.log.storeName); Ctrl-C ends") }
        switch await opened.log.dispatcherPresence() {
        case .running: break
        case .reconnecting(let lost):
            let text = "no dispatcher is connected to the database; \(lost.text)"
            Notice.note("reconnecting", text, asJSON: options.json)
        case .none: Notice.note("no_dispatcher", "no dispatcher runs: \(DispatcherText.start)", asJSON: options.json)
        }
        var outage = Outage()
        for await _ in Ticks(every: DeliveryTail.interval).stream {
            let moved: [Delivery]
            let owners: SubscriptionOwners
            do {
                var next = tail
                moved = try await next.next()
                owners = try await opened.log.owners(of: moved.map(\.subscription))
                tail = next
                outage.ends()
            } catch {
                guard let failure = Outage.failure(error) else { throw error }
                outage.report(failure, asJSON: options.json)
                continue
            }
            for delivery in moved {
                if options.json {
                    DeliveryOutput.json(delivery, owners: owners).write()
                } else {
                    Output.standard.writeLine(Self.line(delivery, owners: owners))
                }
            }
            Output.standard.flush()
            if Output.standard.isBroken { break }
        }
    }

    /// `TIME  failed     dlv_7  crm  user.created  attempt 2  503  next in 5 s`.
    static func line(_ delivery: Delivery, owners: SubscriptionOwners, now: Timestamp = .now) -> String {
        let terminal = Terminal.standardOutput
        let state = delivery.state.rawValue
        let mark = terminal.styled(state, DeliveryOutput.style(delivery.state))
        let padding = String(repeating: " ", count: max(0, 9 - state.count))
        var facts = [delivery.id.description, owners.label(delivery.subscription), delivery.topic]
        if delivery.attempts > 0 { facts.append("attempt \(delivery.attempts)") }
        if let result = DeliveryOutput.result(delivery.lastStatus, delivery.lastError) { facts.append(result) }
        if let next = delivery.nextAttemptAt { facts.append("next \(RelativeTime.next(next, now: now))") }
        let time = terminal.styled((delivery.settledAt ?? now).description, .dim)
        return "\(time)  \(mark)\(padding)  \(PlainText.escaped(facts.joined(separator: "  ")))"
    }
}
