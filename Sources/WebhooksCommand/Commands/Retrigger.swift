internal import ArgumentParser
internal import Glibc
internal import WebhookCore
internal import Webhooks

struct Retrigger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sends events or deliveries again.",
        discussion: """
            Same event id, same bytes, fresh timestamp and signature; a new delivery, linked to the old one. An event id \
            stands for the newest delivery of each of its subscriptions. Delivers and waits as emit does. Refused for a \
            disabled subscription, and for deliveries that have not settled: `webhooks retry` makes their next attempt \
            now; --duplicate sends a second copy beside the one that is still coming. With filters, what was sent again \
            since, what was cancelled by hand and what is a test is left out; --test sends tests again, and nothing else. On a \
            terminal, more than 100 are asked about first, and so are those whose outcome is unknown: they may have arrived, and \
            then the receiver gets them a second time.

            --missing sends a subscription what it has no delivery of and wants: emitted before it was there, or matched by a \
            dispatcher whose file doesn't have it. Of the events that are named, or of all within --since, --until and --topic; \
            tests and what was cancelled aside. Twice sends nothing twice.

              webhooks retrigger dlv_4711
              webhooks retrigger --state failed --since 2h --subscription crm --dry-run
              webhooks retrigger --missing --subscription crm --since 2h
            """
    )

    @Argument(help: "Ids of events or deliveries.", completion: KnownCompletion.ids)
    var ids: [String] = []

    @OptionGroup var filter: FilterOptions
    @OptionGroup var delivery: DeliveryFilterOptions

    @Flag(help: "With filters: only tests, which are left out otherwise.")
    var test = false

    @Flag(help: "Only events that --subscription wants and has no delivery of.")
    var missing = false

    @Flag(help: "Only tells how many it would be.")
    var dryRun = false

    @Flag(help: "Sends a second copy also of what has not settled.")
    var duplicate = false

    @Flag(help: "Doesn't ask, however many there are, or whether one may have arrived.")
    var yes = false

    @Flag(help: "Returns once it is on disk; a dispatcher delivers it.")
    var detach = false

    @OptionGroup var patience: WaitOptions

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        let hasTimes = filter.since != nil || filter.until != nil || !filter.topic.isEmpty
        if missing {
            guard delivery.subscription != nil else { throw ValidationError("--missing needs --subscription NAME") }
            guard !ids.isEmpty || hasTimes else {
                throw ValidationError("--missing needs ids of events, or --since, --until or --topic")
            }
            guard ids.isEmpty || !hasTimes else { throw ValidationError("ids and filters exclude each other") }
            guard delivery.state.isEmpty, delivery.error.isEmpty, !test, !duplicate else {
                throw ValidationError(
                    "--missing is for events without a delivery: --state, --error, --test and --duplicate don't go with it"
                )
            }
            return
        }
        let hasFilter =
            !delivery.state.isEmpty || !delivery.error.isEmpty || delivery.subscription != nil || hasTimes || test
        if ids.isEmpty && !hasFilter {
            throw ValidationError("missing ids of events or deliveries, or a filter such as --state failed --since 2h")
        }
        if !ids.isEmpty && hasFilter { throw ValidationError("ids and filters exclude each other") }
    }

    func run() async throws {
        let dispatcher = try await options.dispatcher(holdsBroken: true)
        // Before anything is sent: a slip would leave out what was meant.
        try await KnownNames(dispatcher).check(subscription: delivery.subscription, topics: filter.topic)
        let plan = try await plan(by: dispatcher)
        if plan.cancelledByHand > 0 {
            let were = plan.cancelledByHand == 1 ? "was" : "were"
            Notice.note(
                "cancelledByHand",
                "\(Counted.deliveries(plan.cancelledByHand)) left out that \(were) cancelled by hand: "
                    + "`webhooks retrigger ID` sends one again",
                asJSON: options.json
            )
        }
        if plan.mayHaveArrived > 0 {
            let they =
                plan.mayHaveArrived == 1
                ? "the outcome of 1 delivery is" : "the outcomes of \(plan.mayHaveArrived) deliveries are"
            let it = plan.mayHaveArrived == 1 ? "it may have arrived, and arrives" : "they may have arrived, and arrive"
            Notice.note("mayHaveArrived", "\(they) unknown: \(it) a second time then", asJSON: options.json)
        }
        if dryRun {
            reportMatches(plan)
        } else if plan.count > 0 {
            if plan.count > Self.many || plan.mayHaveArrived > 0, !yes {
                try Question.confirm("send \(Counted.deliveries(plan.count)) again?")
            }
            try await send(plan, dispatcher)
        } else if !hasRest(plan), !options.json {
            Output.standard.writeLine("nothing to send again")
        }
        try await reportRest(plan, dispatcher.log)
    }

    private func plan(by dispatcher: WebhookDispatcher) async throws -> WebhookDispatcher.RetriggerPlan {
        if missing, let name = delivery.subscription {
            var query = EventQuery()
            (query.ids, query.topics) = (ids, filter.topic)
            (query.since, query.until) = (filter.since?.instant, filter.until?.instant)
            return try await dispatcher.retriggerPlan(missedBy: name, query)
        }
        guard ids.isEmpty else { return try await dispatcher.retriggerPlan(ids: ids, duplicates: duplicate) }
        return try await dispatcher.retriggerPlan(query, duplicates: duplicate)
    }

    private var query: DeliveryQuery {
        var query = DeliveryQuery(delivery, filter)
        // A test that failed is no loss, and its receiver may not know its topic at all.
        query.isTest = test
        return query
    }

    /// More than this are asked about.
    private static let many = 100

    private func send(_ plan: WebhookDispatcher.RetriggerPlan, _ dispatcher: WebhookDispatcher) async throws {
        FileDescriptors.raiseLimit()
        let trap = InterruptTrap()
        if detach {
            let ids = try await insert(plan, dispatcher, trap)
            try await write(try await dispatcher.log.deliveries(ids), dispatcher.log)
            if ids.count < plan.count - plan.setAside.count { throw ExitStatus.negative }
            return
        }
        let waiting = FirstAttemptsWait(dispatcher: dispatcher, trap: trap, asJSON: options.json)
        let (ids, first) = try await dispatcher.delivering(as: .retrigger) { () throws(WebhooksError) in
            let ids = try await insert(plan, dispatcher, trap)
            // What else there is of the same events is none of this command's business.
            let wait = try await waiting.run(
                events: plan.setAside,
                deliveries: ids,
                timeout: patience.wait.duration
            )
            return (ids, wait)
        }
        let wait = try await waiting.afterDraining(first, events: plan.setAside, deliveries: ids)
        let areDone = wait.areDone && ids.count == plan.count - plan.setAside.count
        let rendered = plan.setAside.isEmpty ? [] : try await dispatcher.log.deliveries(ofEvents: plan.setAside)
        let deliveries = try await dispatcher.log.deliveries(ids) + rendered
        try await write(deliveries, dispatcher.log)
        try await WaitNotice.write(
            deliveries,
            on: dispatcher,
            waited: patience.wait.duration,
            asJSON: options.json
        )
        if !areDone || deliveries.contains(where: { $0.state != .delivered }) {
            // What was refused is said all the same.
            try await reportRest(plan, dispatcher.log)
            throw ExitStatus.negative
        }
    }

    /// Puts the new deliveries on disk; Ctrl-C leaves those that are not there yet for the next time.
    private func insert(
        _ plan: WebhookDispatcher.RetriggerPlan,
        _ dispatcher: WebhookDispatcher,
        _ trap: InterruptTrap
    ) async throws(WebhooksError) -> [Delivery.ID] {
        let line = ProgressLine()
        defer { line.clear() }
        var refused: [RefusedItem] = []
        let ids = try await dispatcher.retrigger(
            plan,
            goesOn: { count in
                line.update("\(count) of \(Counted.deliveries(plan.count)) on disk")
                return !trap.isTriggered
            },
            refused: { refused.append($0) }
        )
        line.clear()
        for item in refused { Notice.warning("refused", RefusedOutput.text(item), asJSON: options.json) }
        if trap.isTriggered {
            Progress.say("stopped: \(ids.count) of \(Counted.deliveries(plan.count)) are sent again")
        }
        return ids
    }

    private func write(_ deliveries: [Delivery], _ log: WebhookLog) async throws {
        let owners = try await log.owners(of: deliveries.map(\.subscription))
        if options.json {
            for delivery in deliveries { DeliveryOutput.json(delivery, owners: owners).write() }
        } else {
            DeliveryOutput.outcomeTable(deliveries, owners: owners, holds: try await log.holds(deliveries)).write()
        }
    }

    private func reportMatches(_ plan: WebhookDispatcher.RetriggerPlan) {
        if options.json {
            let object: JSONOutput = ["matched": .integer(plan.count)]
            object.write()
        } else {
            Output.standard.writeLine("\(Counted.deliveries(plan.count)) would be sent again")
        }
    }

    private func hasRest(_ plan: WebhookDispatcher.RetriggerPlan) -> Bool {
        !plan.refusals.isEmpty || !plan.withoutDeliveries.isEmpty || !plan.unknown.isEmpty
    }

    /// Says what was refused or unknown, all at once.
    private func reportRest(_ plan: WebhookDispatcher.RetriggerPlan, _ log: WebhookLog) async throws {
        guard hasRest(plan) else { return }
        let refusals =
            try await plan.refusals.map { refusal in
                "\(Counted.deliveries(refusal.deliveries)) of \(refusal.subscription) left out: "
                    + refusal.reason(for: .commandLine)
            } + IDHint.withoutDeliveries(plan.withoutDeliveries, in: log)
        let unknown = try await IDHint.unknown(plan.unknown, in: log)
        let code: WebhooksError.Code = refusals.isEmpty ? .notFound : .refused
        throw CommandFailure(
            .negative,
            code: code.description,
            (refusals + unknown).joined(separator: "\n"),
            hint: refusals.isEmpty ? "`webhooks deliveries list` shows those there are" : nil
        )
    }
}

extension WebhookLog {
    /// Deliveries by id, in order; those that are gone are left out.
    func deliveries(_ ids: [Delivery.ID]) async throws(WebhooksError) -> [Delivery] {
        var found: [Delivery] = []
        for id in ids {
            if let delivery = try await delivery(id) { found.append(delivery) }
        }
        return found
    }
}
