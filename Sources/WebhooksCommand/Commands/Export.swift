internal import ArgumentParser
internal import Webhooks

struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes deliveries with their events as CSV or JSON lines.",
        discussion: """
            Streams, newest first, a line a delivery. In CSV (RFC 4180) a cell that begins with = + - @ ', a tab or a carriage return gets a \
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
        // What goes to a terminal must not act there; in JSON escapes replace it, and CSV is for files.
        try await dispatcher.export(query, as: format == .csv ? .csv : .jsonLines) { lines in
            Output.standard.write(format == .csv ? lines : JSONEscaping.terminalSafe(ByteString(lines)))
            return !Output.standard.isBroken
        }
    }
}
