internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks for what keeps deliveries from working, and says what to do.",
        discussion: """
            The configuration, the rights of its secrets' files; the store: rights, disk, write-ahead log, dispatcher, versions; \
            each receiver's name; certificates that expire; the clock. Sends no request and changes nothing. Exits 1 where \
            something is an error; warnings alone exit 0.

              webhooks doctor
              webhooks doctor --json | jq -r .findings
            """
    )

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        try options.checkStore()
        let configuration = options.wholeConfiguration.judgingAPI()
        let log = WebhookLog(location: configuration.outline().store, logger: options.logger())
        let findings = await Doctor(configuration, log).examine()
        let isGood = !findings.contains { $0.severity == .error }
        if options.json {
            let object: JSONOutput = ["ok": .bool(isGood), "findings": .array(findings.map(Self.json))]
            object.write()
        } else {
            for finding in findings { Self.write(finding) }
        }
        if !isGood { throw ExitStatus.negative }
    }

    private static func json(_ finding: DoctorFinding) -> JSONOutput {
        [
            "area": .text(finding.area.rawValue), "code": .text(finding.code),
            "severity": .text(finding.severity.rawValue),
            "message": .text(finding.message), "hint": .string(finding.hint),
        ]
    }

    private static func write(_ finding: DoctorFinding) {
        let terminal = Terminal.standardOutput
        let style: Terminal.Style =
            switch finding.severity {
            case .ok: .good
            case .warning: .doubtful
            case .error: .bad
            }
        let mark = finding.severity.rawValue
        let padding = String(repeating: " ", count: 9 - mark.count)
        let line = "\(finding.area.rawValue): \(finding.message)"
        Output.standard.writeLine(terminal.styled(mark, style) + padding + PlainText.escaped(line))
        if let hint = finding.hint {
            Output.standard.writeLine("         " + terminal.styled(PlainText.escaped(hint), .dim))
        }
    }
}
