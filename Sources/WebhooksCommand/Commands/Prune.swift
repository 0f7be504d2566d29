internal import ArgumentParser
internal import Webhooks

struct Prune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Deletes what settled long ago.",
        discussion: """
            Deliveries that settled before the retention, with their attempts, then events without deliveries. An event's \
            id is forgotten with it. A running dispatcher does the same by itself, once an hour, with \
            `dispatcher.retention`: what was past it an hour before too, and at most a tenth of the log at once. On a \
            terminal it asks before it deletes what the retention would keep.

              webhooks prune --older-than 90d
            """
    )

    @Option(
        help: ArgumentHelp(
            "How long ago, such as 12h or 90d. (default: `dispatcher.retention` of the configuration)",
            valueName: "duration"
        ),
        transform: DurationArgument.read
    )
    var olderThan: DurationArgument?

    @Flag(help: "Doesn't ask, however much it is.")
    var yes = false

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        guard let age = olderThan?.duration ?? opened.outline.retention else {
            throw CommandFailure(
                .usage,
                code: "usage",
                "the configuration's retention is not known",
                hint: "--older-than says how old what is deleted must be, such as 30d"
            )
        }
        // A missing store comes before any question.
        _ = try await opened.log.events()
        guard yes || confirms(age, retention: opened.outline.retention) else { throw ExitStatus.negative }
        let result = try await opened.log.prune(olderThan: age)
        if options.json {
            var members: [(String, JSONOutput)] = [
                ("events", .integer(result.events)),
                ("deliveries", .integer(result.deliveries)),
                ("attempts", .integer(result.attempts)),
            ]
            if !result.refused.isEmpty { members.append(("refused", RefusedOutput.json(result.refused))) }
            JSONOutput.object(members).write()
        } else {
            Output.standard.writeLine(
                "deleted \(Counted.text(result.events, "event")), \(Counted.deliveries(result.deliveries)), "
                    + Counted.text(result.attempts, "attempt")
            )
            for item in result.refused { Output.standard.writeLine("not deleted  \(RefusedOutput.text(item))") }
        }
        if !result.refused.isEmpty { throw ExitStatus.negative }
    }

    /// Asks a person who is about to delete more than is deleted anyway.
    private func confirms(_ age: Duration, retention: Duration?) -> Bool {
        guard age < retention ?? .seconds(86_400) else { return true }
        let kept = retention.map { ", which `dispatcher.retention` keeps for \(DurationArgument($0).text)" } ?? ""
        return Question.confirms("delete all that settled more than \(DurationArgument(age).text) ago\(kept)?")
    }
}
