internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Prune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Deletes what settled long ago.",
        discussion: """
            Deliveries that settled before the retention, with their attempts, then events without deliveries. An event's \
            id is forgotten with it. A running dispatcher does the same by itself, once an hour, with \
            `dispatcher.retention`: what was past it an hour before too, and at most a tenth of the log at once. On a \
            terminal it asks before it deletes what the retention would keep. It refuses to delete all that has settled, \
            by whatever age, for a clock that is ahead would make that of any; --yes does it.

              webhooks prune --older-than 90d --dry-run
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

    @Flag(help: "Says what would be deleted, and deletes nothing.")
    var dryRun = false

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
        if dryRun {
            write(try await opened.administration.prunable(olderThan: age))
            guard !yes, let all = try await all(opened.log, age: age) else { return }
            Notice.warning("refused", "\(all); without --yes that is refused", asJSON: options.json)
            throw ExitStatus.negative
        }
        // A missing store comes before any question.
        if !yes {
            if let text = try await all(opened.log, age: age) {
                guard Question.canAsk else {
                    throw CommandFailure(
                        .negative,
                        code: WebhooksError.Code.refused.description,
                        text,
                        hint: "is this machine's clock right? --yes deletes it all the same"
                    )
                }
                try Question.confirm("\(text). Delete it?")
            } else if let question = question(age, retention: opened.outline.retention) {
                try Question.confirm(question)
            }
        }
        let result = try await opened.administration.prune(olderThan: age)
        write(result)
        if !result.refused.isEmpty { throw ExitStatus.negative }
    }

    private func write(_ result: PruneResult) {
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
                "\(dryRun ? "would delete" : "deleted") \(Counted.text(result.events, "event")), \(Counted.deliveries(result.deliveries)), "
                    + Counted.text(result.attempts, "attempt")
            )
            for item in result.refused { Output.standard.writeLine("not deleted  \(RefusedOutput.text(item))") }
        }
    }

    /// Tells whether so much would go that the clock may be ahead: all that has settled.
    static func looksWrong(_ newestSettled: Timestamp, age: Duration, now: Timestamp) -> Bool {
        newestSettled <= now - age
    }

    /// Says that all that has settled would go; `nil`: something stays, or nothing has.
    private func all(_ log: WebhookLog, age: Duration) async throws -> String? {
        guard let newest = try await newestSettled(log), Self.looksWrong(newest, age: age, now: .now) else {
            return nil
        }
        return "all that has settled would be deleted: the newest did \(RelativeTime.text(newest, now: .now))"
    }

    /// The time at which the delivery that settled last did so; `nil`: none has.
    private func newestSettled(_ log: WebhookLog) async throws -> Timestamp? {
        var query = DeliveryQuery(states: [.delivered, .failed, .unknown, .cancelled])
        // By id; a few of the newest may have waited long.
        query.limit = 100
        return try await log.deliveries(query).compactMap(\.settledAt).max()
    }

    /// The question for a person who is about to delete more than is deleted anyway.
    private func question(_ age: Duration, retention: Duration?) -> String? {
        guard age < retention ?? .seconds(86_400) else { return nil }
        let kept = retention.map { ", which `dispatcher.retention` keeps for \(DurationArgument($0).text)" } ?? ""
        return "delete all that settled more than \(DurationArgument(age).text) ago\(kept)?"
    }
}
