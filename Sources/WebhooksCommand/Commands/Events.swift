internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The events in the log.",
        subcommands: [EventsList.self, EventsShow.self],
        defaultSubcommand: EventsList.self
    )
}

struct EventsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists events, newest first.",
        discussion: """
              webhooks events list --topic course.created --topic user.created --since 2h
              webhooks events list --where data.user.id=530118 --since 5d
              webhooks events list --json --limit 1000 | jq .id
            """
    )

    @OptionGroup var filter: FilterOptions

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Only events with this content, such as data.user.id=7. Repeatable.",
            valueName: "path=value"
        ),
        transform: Self.condition
    )
    var conditions: [EventCondition] = []

    @OptionGroup var page: PageOptions
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        let log = opened.log
        var query = EventQuery()
        query.since = filter.since?.instant
        query.until = filter.until?.instant
        query.topics = filter.topic
        query.tenant = page.tenant
        query.isTest = page.test
        query.after = page.after
        if let after = page.after, try await log.event(after) == nil {
            throw try await IDHint.noEvent(after, in: log, hint: "--after takes the id of the last row of a page")
        }
        var table = Table([
            .init("EVENT"), .init("TOPIC", flexible: true), .init("TENANT", flexible: true, sacrifice: 2),
            .init("OCCURRED"),
            .init("DELIVERIES", number: true, sacrifice: 4), .init("NOTES", flexible: true, sacrifice: 3),
        ])
        let presence = await log.dispatcherPresence()
        func show(_ events: [LoggedEvent]) {
            for event in events {
                query.after = event.id
                if options.json {
                    EventOutput.json(event, presence).write()
                } else {
                    table.add(EventOutput.row(event, presence))
                }
            }
        }
        let isCut: Bool
        if conditions.isEmpty {
            isCut = try await Pages.walk(limit: page.limit) { size in
                query.limit = size
                let events = try await log.events(query)
                show(events)
                return events.count
            }
        } else {
            isCut = try await search(query, log, show)
        }
        if !options.json { Pages.write(table, empty: "no events") }
        if isCut, let last = query.after { Pages.noteCut(page.limit, after: last, asJSON: options.json) }
        try await KnownNames(opened).check(subscription: nil, topics: filter.topic)
    }

    /// Looks through all events for those with the content that is asked for.
    ///
    /// - Returns: whether the limit ended it although there may be more.
    private func search(_ query: EventQuery, _ log: WebhookLog, _ show: ([LoggedEvent]) -> Void) async throws -> Bool {
        var (query, left) = (query, page.limit)
        query.limit = 500
        while !Output.standard.isBroken {
            let found = try await log.events(query, where: conditions)
            show(Array(found.events.prefix(left)))
            left -= min(left, found.events.count)
            guard left > 0 else { return true }
            guard let next = found.next else { return false }
            query.after = next
        }
        return false
    }

    private static func condition(_ text: String) throws -> EventCondition {
        guard let condition = EventCondition(text) else {
            throw ValidationError(EventCondition.problem(text) ?? "must be \(EventCondition.grammar)")
        }
        return condition
    }
}

struct EventsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows an event, its data and its deliveries.",
        discussion: """
              webhooks events show evt_01KB6RZ3V8Q4W7N2M5T9XJ0ACD
              webhooks events show evt_01KB6RZ3V8Q4W7N2M5T9XJ0ACD --data > payload.json
            """
    )

    @Argument(help: "The event's id.", completion: KnownCompletion.events)
    var id: String

    @Flag(help: "Prints the data alone, byte for byte.")
    var data = false

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        let log = opened.log
        guard let event = try await log.event(id) else {
            throw try await IDHint.noEvent(id, in: log, hint: "`webhooks events list` shows those there are")
        }
        if data {
            // To a terminal in escapes that mean the same; to anything else as it is.
            let isTerminal = Terminal.standardOutput.isTerminal
            Output.standard.write(isTerminal ? JSONEscaping.terminalSafe(event.data) : event.data.bytes)
            return Output.standard.writeLine()
        }
        guard let logged = try await log.loggedEvent(id) else {
            throw CommandFailure.notFound("event \(id)", hint: "it was pruned just now")
        }
        let eventID = try await log.eventID(ofMessage: id)
        let (deliveries, matching) = try await log.matching(of: event, []) { nil }
        let owners = try await log.owners(of: deliveries.map(\.subscription))
        if options.json {
            EventOutput.json(
                logged,
                await log.dispatcherPresence(),
                eventID: eventID,
                data: event.data,
                deliveries: deliveries,
                owners: owners
            )
            .write()
        } else {
            let holds = try await log.holds(deliveries, isServed: opened.serves)
            EventOutput.write(
                logged,
                eventID: eventID,
                data: event.data,
                deliveries: deliveries,
                matching: matching,
                owners: owners,
                holds: holds
            )
        }
    }
}
