internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks the configuration, every template and every example.",
        discussion: """
            Loads everything that a dispatcher would and sends nothing. All problems are listed at once, each as \
            file:line:column: message. Exits 65 on errors, 0 with warnings only.

            With --topic and --data it also makes the body of that event for every subscription that would get it, and \
            compares it with the catalogue; exits 1 where one can't be made or doesn't fit.

            With --no-secrets what { env: NAME } and { file: PATH } name needn't be there: for a check where the secrets \
            are not. What is there is judged all the same. With --strict warnings count as errors.

              webhooks validate --config config/webhooks.yaml
              webhooks validate --no-secrets --strict     (in CI)
              webhooks validate --topic course.created --data '{"course":{"id":"318"}}'
            """
    )

    @Option(help: "The topic of the event in --data.")
    var topic: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("An event's data to check: JSON, @FILE or - for stdin.", valueName: "json|@file|-"),
        completion: .file()
    )
    var data: String?

    @Option(help: "The event's tenant: reaches only subscriptions of this tenant or of none.")
    var tenant: String?

    @Flag(help: "Doesn't ask for secrets, and other values from the environment or a file, that are not there.")
    var noSecrets = false

    @Flag(help: "Takes warnings for errors.")
    var strict = false

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if (topic == nil) != (data == nil) { throw ValidationError("--topic and --data go together") }
        if tenant != nil && topic == nil { throw ValidationError("--tenant is for --topic and --data") }
    }

    func run() throws {
        let configuration = options.wholeConfiguration.judgingAPI()
        let report = (noSecrets ? configuration.withoutSources() : configuration).load()
        let isGood = report.isValid && !(strict && !report.diagnostics.isEmpty)
        if options.json {
            writeJSON(report, isGood)
        } else {
            write(report, isGood)
        }
        if !isGood { throw ExitStatus.data }
        guard let topic, let data, let registry = report.registry else { return }
        let event = try Event(topic: topic, data: try DataOptions.read(data), tenant: tenant)
        let output = PayloadCheckOutput(event, registry, report.topics)
        output.write(asJSON: options.json)
        if !output.isGood { throw ExitStatus.negative }
    }

    private func writeJSON(_ report: WebhookConfiguration.Report, _ isGood: Bool) {
        let problems = report.diagnostics.map { diagnostic -> JSONOutput in
            [
                "severity": .text(diagnostic.severity.rawValue),
                "file": .text(diagnostic.file),
                "line": .integer(diagnostic.line),
                "column": .integer(diagnostic.column),
                "message": .text(diagnostic.message),
            ]
        }
        let object: JSONOutput = [
            "valid": .bool(isGood),
            "problems": .array(problems),
            "subscriptions": .strings(report.registry?.subscriptions.map(\.name) ?? []),
        ]
        object.write()
    }

    private func write(_ report: WebhookConfiguration.Report, _ isGood: Bool) {
        let terminal = Terminal.standardOutput
        let subscriptions = report.registry.map { Array($0.subscriptions) } ?? []
        if !subscriptions.isEmpty {
            table(of: subscriptions).write()
            Output.standard.writeLine()
        }
        for diagnostic in report.diagnostics { Output.standard.writeLine(PlainText.escaped(diagnostic.description)) }
        let errors = report.diagnostics.count { $0.severity == .error }
        let warnings = report.diagnostics.count - errors
        let path = PlainText.escaped(options.path.text)
        let mark = isGood ? terminal.styled("valid", .good) : terminal.styled("invalid", .bad)
        let summary = Self.summary(subscriptions: subscriptions.count, errors: errors, warnings: warnings)
        Output.standard.writeLine("\(mark)  \(path): \(summary)")
    }

    /// The problems, and of a valid configuration the subscriptions: an invalid one has none that count.
    static func summary(subscriptions: Int, errors: Int, warnings: Int) -> String {
        var parts = errors > 0 ? [Counted.text(errors, "error")] : [Counted.text(subscriptions, "subscription")]
        if warnings > 0 { parts.append(Counted.text(warnings, "warning")) }
        return parts.joined(separator: ", ")
    }

    private func table(of subscriptions: [Subscription]) -> Table {
        var table = Table([
            .init("SUBSCRIPTION", flexible: true), .init("PROFILE"), .init("CONTENT TYPE", flexible: true),
            .init("MODE"),
            .init("TOPICS", flexible: true), .init("URL", flexible: true),
        ])
        for subscription in subscriptions {
            let style: Terminal.Style = subscription.isEnabled ? .plain : .dim
            table.add([
                .init(subscription.name + (subscription.isEnabled ? "" : " (disabled)"), style),
                .init(subscription.profile.name, style), .init(subscription.contentType.rawValue, style),
                .init(subscription.policy.mode.rawValue, style),
                .init(subscription.topics.map(\.description).joined(separator: " "), style),
                .init(subscription.url.display, style),
            ])
        }
        return table
    }
}
