internal import ArgumentParser
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
        let dispatcher = try await options.dispatcher()
        var query = EventQuery()
        query.since = filter.since?.moment
        query.until = filter.until?.moment
        query.topics = filter.topic
        query.tenant = page.tenant
        query.isTest = page.test
        query.after = page.after
        if let after = page.after, try await dispatcher.event(after) == nil {
            throw CommandFailure.notFound("event \(after)", hint: "--after takes the id of the last row of a page")
        }
        var table = Table([
            .init("EVENT"), .init("TOPIC", flexible: true), .init("TENANT", flexible: true, sacrifice: 2),
            .init("OCCURRED"),
            .init("DELIVERIES", number: true, sacrifice: 4), .init("NOTES", flexible: true, sacrifice: 3),
        ])
        try await Pages.walk(limit: page.limit) { size in
            query.limit = size
            let events = try await dispatcher.events(query)
            query.after = events.last?.id
            for event in events {
                if options.json { EventOutput.json(event).write() } else { table.add(EventOutput.row(event)) }
            }
            return events.count
        }
        if !options.json { Pages.write(table, empty: "no events") }
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
        let dispatcher = try await options.dispatcher()
        guard let event = try await dispatcher.event(id) else {
            throw CommandFailure.notFound("event \(id)", hint: "`webhooks events list` shows those there are")
        }
        if data {
            // To a terminal in escapes that mean the same; to anything else as it is.
            let isTerminal = Terminal.standardOutput.isTerminal
            Output.standard.write(isTerminal ? JSONEscaping.terminalSafe(event.data) : event.data.bytes)
            return Output.standard.writeLine()
        }
        guard let logged = try await dispatcher.loggedEvent(id) else {
            throw CommandFailure.notFound("event \(id)", hint: "it was pruned just now")
        }
        let deliveries = try await dispatcher.deliveries(ofEvents: [id])
        if options.json {
            EventOutput.json(logged, data: event.data, deliveries: deliveries).write()
        } else {
            EventOutput.write(logged, data: event.data, deliveries: deliveries)
        }
    }
}
