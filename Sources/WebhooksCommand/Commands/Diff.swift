internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what another configuration would change.",
        discussion: """
            Compares the configuration with another file: which subscriptions are added, changed (by which keys) or dropped, \
            and how many open deliveries that touches. Values are not shown, for some are secrets; secrets that are not \
            there are not compared, nor is what a profile's own files say. Exits 0 where nothing differs, 1 where something \
            does, 65 where one of the two can't be used.

              webhooks diff config/new.yaml
              webhooks diff config/new.yaml --json | jq -r 'select(.change == "dropped").subscription'
            """
    )

    @Argument(help: "The other configuration.", completion: .file(extensions: ["yaml", "yml", "json"]))
    var new: String

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let before = try Self.registry(options.configuration)
        let after = try Self.registry(.file(new))
        let difference = ConfigurationDifference(from: before, to: after)
        let log = try options.openLog().log
        for entry in difference.subscriptions {
            let open = try await entry.change == .added ? 0 : log.openDeliveriesIfAny(of: entry.subscription)
            options.json ? Self.json(entry, open).write() : Self.write(entry, open)
        }
        if !difference.settings.isEmpty {
            if options.json {
                let object: JSONOutput = ["settings": .strings(difference.settings)]
                object.write()
            } else {
                Output.standard.writeLine("settings " + difference.settings.joined(separator: ", "))
            }
        }
        if !difference.isEmpty { throw ExitStatus.negative }
        if !options.json { Output.standard.writeLine("no difference") }
    }

    private static func registry(_ configuration: WebhookConfiguration) throws -> Registry {
        let report = configuration.onCommandLine().withoutSources().load()
        guard let registry = report.registry, report.isValid else {
            throw WebhooksError(report.diagnostics.filter { $0.severity == .error })
        }
        return registry
    }

    private static func json(_ entry: ConfigurationDifference.Entry, _ open: Int) -> JSONOutput {
        [
            "subscription": .text(entry.subscription), "change": .text(entry.change.rawValue),
            "keys": .strings(entry.keys), "openDeliveries": .integer(open),
        ]
    }

    private static func write(_ entry: ConfigurationDifference.Entry, _ open: Int) {
        let style: Terminal.Style =
            switch entry.change {
            case .added: .good
            case .changed: .doubtful
            case .dropped: .bad
            }
        let word = entry.change.rawValue
        var line = Terminal.standardOutput.styled(word, style) + String(repeating: " ", count: 9 - word.count)
        line += PlainText.escaped(entry.subscription)
        if !entry.keys.isEmpty { line += ": " + entry.keys.joined(separator: ", ") }
        if open > 0 {
            let count = Counted.text(open, "open delivery", plural: "open deliveries")
            line +=
                entry.isTakenOff ? "; \(count) would be parked" : "; \(count) would go by it, with the bodies they have"
        }
        Output.standard.writeLine(line)
    }
}
