internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The events in the log.",
        subcommands: [EventsList.self, EventsShow.self]
    )
}

struct EventsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists events, newest first.",
        discussion: """
              webhooks events list --topic course.created --topic user.created --since 2h
              webhooks events list --json --limit 1000 | jq .id
            """
    )

    @OptionGroup var filter: FilterOptions
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
        let running = log.runningDispatcher()
        let isCut = try await Pages.walk(limit: page.limit) { size in
            query.limit = size
            let events = try await log.events(query)
            query.after = events.last?.id
            for event in events {
                if options.json {
                    EventOutput.json(event, running: running).write()
                } else {
                    table.add(EventOutput.row(event))
                }
            }
            return events.count
        }
        if !options.json { Pages.write(table, empty: "no events") }
        if isCut, let last = query.after { Pages.noteCut(page.limit, after: last, asJSON: options.json) }
        try await KnownNames(opened).check(subscription: nil, topics: filter.topic)
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

    @Argument(help: "The event's id.")
    var id: String

    @Flag(help: "Prints the data alone, byte for byte.")
    var data = false

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let log = try options.openLog().log
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
        let (deliveries, matching) = try await log.matching(of: event, []) { nil }
        if options.json {
            EventOutput.json(
                logged,
                running: log.runningDispatcher(),
                data: event.data,
                deliveries: deliveries
            )
            .write()
        } else {
            let paused = try await log.paused(deliveries)
            EventOutput.write(logged, data: event.data, deliveries: deliveries, matching: matching, paused: paused)
        }
    }
}
