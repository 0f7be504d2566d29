internal import ArgumentParser
internal import Webhooks

struct Prune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Deletes what settled long ago.",
        discussion: """
            Deliveries that settled before the retention, with their attempts, then events without deliveries. An event's \
            id is forgotten with it.

              webhooks prune --older-than 90d
            """
    )

    @Option(help: "How long ago. (default: `dispatcher.retention` of the configuration)")
    var olderThan: DurationArgument?

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let dispatcher = try await options.dispatcher()
        let result = try await dispatcher.prune(olderThan: olderThan?.duration)
        if options.json {
            let object: JSONOutput = [
                "events": .integer(result.events),
                "deliveries": .integer(result.deliveries),
                "attempts": .integer(result.attempts),
            ]
            object.write()
        } else {
            Output.standard.writeLine(
                "deleted \(Counted.text(result.events, "event")), \(Counted.deliveries(result.deliveries)), "
                    + Counted.text(result.attempts, "attempt")
            )
        }
    }
}
