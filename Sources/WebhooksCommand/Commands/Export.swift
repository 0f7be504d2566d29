internal import ArgumentParser
internal import WebhookCore
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
        let opened = try options.openLog()
        let query = DeliveryQuery(delivery, filter)
        // What goes to a terminal must not act there: JSON has escapes that mean the same, and a line of CSV that is only
        // looked at is escaped as other text is.
        let isShown = Terminal.standardOutput.isTerminal
        try await opened.log.export(query, as: format == .csv ? .csv : .jsonLines) { lines in
            switch format {
            case .csv where isShown: Output.standard.write(PlainText.escapedRecords(lines))
            case .csv: Output.standard.write(lines)
            case .jsonl: Output.standard.write(JSONEscaping.terminalSafe(ByteString(lines)))
            }
            return !Output.standard.isBroken
        }
        try await KnownNames(opened).check(subscription: delivery.subscription, topics: filter.topic)
    }
}
