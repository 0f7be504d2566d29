internal import ArgumentParser
internal import Logging
internal import WebhookCore

/// The options that every command takes.
struct OutputOptions: ParsableArguments {
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

    @Option(
        help: ArgumentHelp(
            "How log lines look: text, or json with one object a line. (default: text)",
            valueName: "format"
        ),
        completion: .list(LogFormat.allCases.map(\.rawValue)),
        transform: Self.logFormat
    )
    var logFormat = LogFormat.text

    private static func logFormat(_ text: String) throws -> LogFormat {
        guard let format = LogFormat(rawValue: text) else { throw ValidationError("the formats are text and json") }
        return format
    }

    private static func logLevel(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("the levels are \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return level
    }

    /// A logger to stderr.
    func logger(_ standard: Logger.Level = .warning) -> Logger {
        var logger = Logger(label: "webhooks") { [logFormat] _ in StandardErrorLogHandler(format: logFormat) }
        logger.logLevel = logLevel ?? standard
        return logger
    }
}
