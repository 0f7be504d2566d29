internal import ArgumentParser
internal import Webhooks

struct Retrigger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sends events or deliveries again.",
        discussion: """
            Same event id, same bytes, fresh timestamp and signature; a new delivery, linked to the old one. An event id \
            stands for the newest delivery of each of its subscriptions. Delivers and waits as emit does. Refused for a \
            disabled subscription.

              webhooks retrigger dlv_4711
              webhooks retrigger --state failed --state unknown --since 2h --subscription crm --dry-run
            """
    )

    @Argument(help: "Ids of events or deliveries.")
    var ids: [String] = []

    @OptionGroup var filter: FilterOptions
    @OptionGroup var delivery: DeliveryFilterOptions

    @Flag(help: "Only tells how many it would be.")
    var dryRun = false

    @Flag(help: "Returns once it is on disk; a dispatcher delivers it.")
    var detach = false

    @Option(help: "How long to wait for the first attempts.")
    var wait = DurationArgument(.seconds(30))

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        let hasFilter =
            !delivery.state.isEmpty || delivery.subscription != nil || filter.since != nil || filter.until != nil
            || !filter.topic.isEmpty
        if ids.isEmpty && !hasFilter {
            throw ValidationError("missing ids of events or deliveries, or a filter such as --state failed --since 2h")
        }
        if !ids.isEmpty && hasFilter { throw ValidationError("ids and filters exclude each other") }
    }

    func run() async throws {
        let dispatcher = try await options.dispatcher()
        let plan = try await ids.isEmpty ? dispatcher.retriggerPlan(query) : dispatcher.retriggerPlan(ids: ids)
        if dryRun {
            reportMatches(plan)
        } else if !plan.deliveries.isEmpty {
            try await send(plan, dispatcher)
        } else if plan.refusals.isEmpty, plan.unknown.isEmpty, !options.json {
            Output.standard.writeLine("nothing to send again")
        }
        try reportRest(plan)
    }

    private var query: DeliveryQuery {
        var query = DeliveryQuery()
        query.since = filter.since?.moment
        query.until = filter.until?.moment
        query.topics = filter.topic
        query.states = Set(delivery.state)
        query.subscription = delivery.subscription
        return query
    }

    private func send(_ plan: WebhookDispatcher.RetriggerPlan, _ dispatcher: WebhookDispatcher) async throws {
        FileDescriptors.raiseLimit()
        if detach {
            let ids = try await dispatcher.retriggerWithinCommand(plan.deliveries)
            return write(try await dispatcher.deliveries(ids))
        }
        let trap = InterruptTrap()
        let (deliveries, areDone) = try await dispatcher.delivering(as: .retrigger) { () throws(WebhooksError) in
            let ids = try await dispatcher.retriggerWithinCommand(plan.deliveries)
            let events = Array(Set(plan.deliveries.map(\.event)))
            let waiting = FirstAttemptsWait(dispatcher: dispatcher, trap: trap)
            let wait = try await waiting.run(events: events, timeout: self.wait.duration)
            return (try await dispatcher.deliveries(ids), wait.areDone)
        }
        write(deliveries)
        if !areDone || deliveries.contains(where: { $0.state != .delivered }) {
            // What was refused is said all the same.
            try reportRest(plan)
            throw ExitStatus.negative
        }
    }

    private func write(_ deliveries: [Delivery]) {
        if options.json {
            for delivery in deliveries { DeliveryOutput.json(delivery).write() }
        } else {
            DeliveryOutput.outcomeTable(deliveries).write()
        }
    }

    private func reportMatches(_ plan: WebhookDispatcher.RetriggerPlan) {
        if options.json {
            let object: JSONOutput = ["matched": .integer(plan.deliveries.count)]
            object.write()
        } else {
            Output.standard.writeLine("\(Counted.deliveries(plan.deliveries.count)) would be sent again")
        }
    }

    /// Says what was refused or unknown, all at once.
    private func reportRest(_ plan: WebhookDispatcher.RetriggerPlan) throws {
        guard !plan.refusals.isEmpty || !plan.unknown.isEmpty else { return }
        let refusals = plan.refusals.map { refusal in
            "\(Counted.deliveries(refusal.deliveries)) of \(refusal.subscription) left out: \(refusal.reason)"
        }
        let unknown = plan.unknown.map { "there is no event or delivery \($0)" }
        let code: WebhooksError.Code = refusals.isEmpty ? .notFound : .refused
        throw CommandFailure(
            .negative,
            code: code.description,
            (refusals + unknown).joined(separator: "\n"),
            hint: refusals.isEmpty ? "`webhooks deliveries list` shows those there are" : nil
        )
    }
}

extension WebhookDispatcher {
    /// Deliveries by id, in order; those that are gone are left out.
    func deliveries(_ ids: [Delivery.ID]) async throws(WebhooksError) -> [Delivery] {
        var found: [Delivery] = []
        for id in ids {
            if let delivery = try await delivery(id) { found.append(delivery) }
        }
        return found
    }
}
