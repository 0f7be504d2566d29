internal import ArgumentParser
internal import Webhooks

struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes deliveries with their events as CSV or JSON lines.",
        discussion: """
            Streams, newest first. In CSV (RFC 4180) a cell that begins with = + - @ ', a tab or a carriage return gets a \
            leading ', so that no spreadsheet takes it for a formula; a reader strips it.

              webhooks export --format csv --since 30d > deliveries.csv
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case csv
        case jsonl
    }

    @Option(help: "csv or jsonl.")
    var format: Format

    @OptionGroup var filter: FilterOptions
    @OptionGroup var delivery: DeliveryFilterOptions
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let dispatcher = try await options.dispatcher()
        var query = DeliveryQuery()
        query.since = filter.since?.moment
        query.until = filter.until?.moment
        query.topics = filter.topic
        query.states = Set(delivery.state)
        query.subscription = delivery.subscription
        if format == .csv { Output.standard.write(ExportRow.csvHeader) }
        // An event's deliveries stand together for the most part: its data is read once for them.
        var event: Event?
        try await Pages.walk(limit: .max) { size in
            query.limit = size
            let page = try await dispatcher.deliveries(query)
            query.after = page.last?.id
            for delivery in page {
                if event?.id != delivery.event { event = try await dispatcher.event(delivery.event) }
                let row = ExportRow(delivery: delivery, event: event)
                Output.standard.write(format == .csv ? row.csv : row.json)
            }
            return page.count
        }
    }
}
