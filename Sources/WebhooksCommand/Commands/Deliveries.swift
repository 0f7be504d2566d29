internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Deliveries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The deliveries in the log.",
        subcommands: [DeliveriesList.self, DeliveriesShow.self],
        defaultSubcommand: DeliveriesList.self
    )
}

struct DeliveriesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists deliveries, newest first.",
        discussion: """
              webhooks deliveries list --state failed --state unknown --since 5d
              webhooks deliveries list --subscription crm --after dlv_4711
            """
    )

    @OptionGroup var filter: FilterOptions
    @OptionGroup var delivery: DeliveryFilterOptions
    @OptionGroup var page: PageOptions
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        let log = opened.log
        var query = DeliveryQuery(delivery, filter)
        query.tenant = page.tenant
        query.isTest = page.test
        if let after = page.after {
            guard let row = try await log.delivery(named: after) else {
                throw try await IDHint.noDelivery(
                    after,
                    in: log,
                    hint: "--after takes the id of the last row of a page"
                )
            }
            query.after = row.id
        }
        var found: [Delivery] = []
        var count = 0
        let isCut = try await Pages.walk(limit: page.limit) { size in
            query.limit = size
            let deliveries = try await log.deliveries(query)
            query.after = deliveries.last?.id
            count += deliveries.count
            if options.json {
                let owners = try await log.owners(of: deliveries.map(\.subscription))
                let holds = try await log.holds(deliveries, isServed: opened.serves)
                for delivery in deliveries { DeliveryOutput.json(delivery, owners: owners, holds: holds).write() }
            } else {
                found += deliveries
            }
            return deliveries.count
        }
        if !options.json {
            let owners = try await log.owners(of: found.map(\.subscription))
            let holds = try await log.holds(found, isServed: opened.serves)
            Pages.write(DeliveryOutput.listTable(found, owners: owners, holds: holds), empty: "no deliveries")
        }
        if isCut, let last = query.after { Pages.noteCut(page.limit, after: last.description, asJSON: options.json) }
        if count == 0 || query.states.contains(.pending) { try await noteUnmatched(log) }
        try await KnownNames(opened).check(subscription: delivery.subscription, topics: filter.topic)
    }

    /// Says of events that have no deliveries yet, because they are due later or nobody delivers: the list can't show them.
    private func noteUnmatched(_ log: WebhookLog) async throws {
        let events = try await log.unmatchedEvents()
        if events.later > 0 {
            let are = events.later == 1 ? "1 event is" : "\(events.later) events are"
            let message = "\(are) due later, and get deliveries then: `webhooks events list` shows when"
            Notice.note("scheduled", message, asJSON: options.json)
        }
        guard events.due > 0 else { return }
        let presence = await log.dispatcherPresence()
        guard presence.running == nil else { return }
        let wait = events.due == 1 ? "1 event waits" : "\(events.due) events wait"
        Notice.note("waiting", "\(wait) \(DispatcherText.forWhom(presence))", asJSON: options.json)
    }
}

struct DeliveriesShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a delivery: every attempt with request, answer and timings.",
        discussion: """
            Secrets are *** and were so when they were recorded.

              webhooks deliveries show dlv_4711
            """
    )

    @Argument(help: "The delivery's id, such as dlv_4711.", completion: KnownCompletion.deliveries)
    var id: String

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        let log = opened.log
        guard let delivery = try await log.delivery(named: id) else {
            throw try await IDHint.noDelivery(id, in: log, hint: "`webhooks deliveries list` shows those there are")
        }
        let attempts = try await log.attempts(of: delivery.id)
        let owners = try await log.owners(of: [delivery.subscription])
        let holds = try await log.holds([delivery], isServed: opened.serves)
        if options.json {
            DeliveryOutput.json(delivery, log: attempts, owners: owners, holds: holds).write()
        } else {
            DeliveryOutput.write(delivery, attempts, owners: owners, holds: holds)
        }
    }
}
