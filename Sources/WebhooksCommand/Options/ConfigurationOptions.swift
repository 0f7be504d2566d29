internal import ArgumentParser
internal import Glibc
internal import Logging
internal import Webhooks

/// The options that every command takes.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: "The configuration file. (default: $WEBHOOKS_CONFIG, else config/webhooks.yaml)",
        completion: .file(extensions: ["yaml", "yml", "json"])
    )
    var config: String?

    @Option(help: "Replaces the configured store, such as sqlite:var/webhooks.sqlite.")
    var store: String?

    @Flag(help: "Prints JSON for programs, one object a line.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "The least that is logged to stderr: trace, debug, info, notice, warning, error or critical. "
                + "(default: notice for run, else warning)",
            valueName: "level"
        ),
        completion: .list(Logger.Level.allCases.map(\.rawValue)),
        transform: Self.logLevel
    )
    var logLevel: Logger.Level?

    private static func logLevel(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("the levels are \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return level
    }

    static let defaultPath = "config/webhooks.yaml"

    /// The file, and whether somebody named it.
    var path: (text: String, isGiven: Bool) {
        if let config { return (config, true) }
        if let variable = getenv("WEBHOOKS_CONFIG"), variable[0] != 0 { return (String(cString: variable), true) }
        return (Self.defaultPath, false)
    }

    var configuration: WebhookConfiguration { .file(path.text, store: store) }

    /// A dispatcher over the configuration. Opens no store yet.
    func dispatcher(logLevel standard: Logger.Level = .warning) async throws -> WebhookDispatcher {
        try await WebhookDispatcher(configuration: configuration, logger: logger(standard))
    }

    /// A logger to stderr.
    func logger(_ standard: Logger.Level = .warning) -> Logger {
        var logger = Logger(label: "webhooks") { _ in StandardErrorLogHandler() }
        logger.logLevel = logLevel ?? standard
        return logger
    }
}
