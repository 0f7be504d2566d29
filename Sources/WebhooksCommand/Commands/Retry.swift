internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes the next attempt of deliveries due now.",
        discussion: """
            The same delivery, no second copy; for what is pending or waits for a retry. An event id stands for its open \
            deliveries. The attempt uses up the step of the schedule that it would have used later. Breaker, limits, \
            order and pauses stay in force. Needs a dispatcher that runs, and doesn't wait for it: `webhooks deliveries \
            show` tells its outcome. What has settled is for `webhooks retrigger`; an attempt that is under way is \
            left alone.

              webhooks retry dlv_4711
              webhooks retry --state waiting --subscription crm --dry-run
            """
    )

    @Argument(help: "Ids of events or deliveries.", completion: KnownCompletion.ids)
    var ids: [String] = []

    @OptionGroup var filter: FilterOptions

    @Option(
        help: "pending or waiting. (default: both)",
        completion: .list(["pending", "waiting"]),
        transform: DeliveryFilterOptions.state
    )
    var state: [DeliveryState] = []

    @Option(
        help: "Only what failed last with this error: status, timeout, connect. Repeatable.",
        completion: .list(FailureKind.allCases.map(\.rawValue)),
        transform: DeliveryFilterOptions.error
    )
    var error: [FailureKind] = []

    @Option(help: "Only this subscription's.", completion: KnownCompletion.subscriptions)
    var subscription: String?

    @Flag(help: "Only tells how many it would be.")
    var dryRun = false

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        let hasFilter =
            !state.isEmpty || !error.isEmpty || subscription != nil || filter.since != nil || filter.until != nil
            || !filter.topic.isEmpty
        if ids.isEmpty && !hasFilter {
            throw ValidationError("missing ids of events or deliveries, or a filter such as --state waiting")
        }
        if !ids.isEmpty && hasFilter { throw ValidationError("ids and filters exclude each other") }
        if let other = state.first(where: { $0 != .pending && $0 != .waiting }) {
            let next =
                other == .inFlight
                ? "an attempt of those is under way"
                : "`webhooks retrigger --state \(other.rawValue)` sends those again"
            throw ValidationError("only what is pending or waiting can be retried; \(next)")
        }
    }

    func run() async throws {
        let opened = try options.openLog()
        let log = opened.log
        try await KnownNames(opened).check(subscription: subscription, topics: filter.topic)
        var plan =
            try await ids.isEmpty
            ? opened.administration.retryPlan(query) : opened.administration.retryPlan(ids: ids)
        if dryRun {
            report(matches: plan.deliveries.count)
        } else {
            plan = try await opened.administration.retry(plan)
            try await report(plan, opened)
        }
        try await reportRest(plan, log)
    }

    private var query: DeliveryQuery {
        var query = DeliveryQuery()
        query.since = filter.since?.instant
        query.until = filter.until?.instant
        query.topics = filter.topic
        query.states = Set(state)
        query.errors = Set(error)
        query.subscription = subscription
        return query
    }

    private func report(matches count: Int) {
        if options.json {
            let object: JSONOutput = ["matched": .integer(count)]
            return object.write()
        }
        Output.standard.writeLine("\(Counted.deliveries(count)) would be due now")
    }

    private func report(_ plan: WebhookAdministration.RetryPlan, _ opened: OpenedLog) async throws {
        let log = opened.log
        let deliveries = try await log.deliveries(plan.deliveries)
        let owners = try await log.owners(of: deliveries.map(\.subscription))
        if options.json {
            for delivery in deliveries { DeliveryOutput.json(delivery, owners: owners).write() }
        } else if deliveries.isEmpty {
            if ids.isEmpty { Output.standard.writeLine("nothing to retry") }
        } else {
            DeliveryOutput.outcomeTable(deliveries, owners: owners, holds: try await log.holds(deliveries)).write()
            let due = deliveries.count { opened.serves($0.subscription) }
            if due > 0 {
                let are = due == 1 ? "is" : "are"
                Output.standard.writeLine(
                    "\(Counted.deliveries(due)) \(are) due now; breaker, limits and order stay in force"
                )
            }
        }
        guard !deliveries.isEmpty else { return }
        try await PausedNotice.write(deliveries, on: log, asJSON: options.json)
        ParkedNotice.write(deliveries, opened, asJSON: options.json)
        // Nobody waits for a dispatcher where none would send it.
        guard deliveries.contains(where: { opened.serves($0.subscription) }) else { return }
        try await BreakerNotice.write(deliveries, on: log, asJSON: options.json)
        let presence = await log.dispatcherPresence()
        if let running = presence.running {
            guard running.isStopping || running.silence != nil else { return }
            Notice.note("waiting", "waits for \(DispatcherText.waitsFor(running))", asJSON: options.json)
        } else {
            Notice.note("waiting", "waits \(DispatcherText.forWhom(presence))", asJSON: options.json)
        }
    }

    /// Says what could not be retried, all at once.
    private func reportRest(_ plan: WebhookAdministration.RetryPlan, _ log: WebhookLog) async throws {
        let rows = plan.refused.map { RefusedOutput.text($0) }
        guard !ids.isEmpty || !rows.isEmpty else { return }
        let unmatched = try await IDHint.withoutDeliveries(plan.unmatched, in: log)
        let refused = rows + (ids.isEmpty ? [] : left(plan) + unmatched)
        let unknown = ids.isEmpty ? [] : try await IDHint.unknown(plan.unknown, in: log)
        guard !refused.isEmpty || !unknown.isEmpty else { return }
        let code: WebhooksError.Code = refused.isEmpty ? .notFound : .refused
        throw CommandFailure(
            .negative,
            code: code.description,
            (refused + unknown).joined(separator: "\n"),
            hint: refused.isEmpty ? "`webhooks deliveries list` shows those there are" : nil
        )
    }

    /// The lines about what is left alone of what was asked for by id.
    private func left(_ plan: WebhookAdministration.RetryPlan) -> [String] {
        plan.settled.map { "\($0) has settled: `webhooks retrigger \($0)` sends it again" }
            + plan.erased.map { "\($0) was erased: there is nothing to send" }
            + plan.inFlight.map { "\($0) has an attempt under way" }
    }
}
