internal import Logging
internal import WebhookCore
internal import Webhooks

/// The form of log lines.
enum LogFormat: String, CaseIterable, Sendable {
    /// Time, level, message and sorted `key=value`.
    case text
    /// An object: `time`, `level`, `message`, then the metadata by name.
    case json
}

/// Logs to stderr, a line each. What comes from outside is escaped.
struct StandardErrorLogHandler: LogHandler {
    var format = LogFormat.text
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level = .warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let given = event.metadata { all.merge(given) { $1 } }
        if format == .json {
            return Output.error.writeLine(Self.json(event.level, event.message.description, all, at: .now).line)
        }
        let terminal = Terminal.standardError
        var line = "\(terminal.styled(Timestamp.now.description, .dim)) "
        line += terminal.styled(event.level.rawValue, style(event.level))
        line += " " + PlainText.escaped(event.message.description)
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line += " " + terminal.styled(PlainText.escaped(key) + "=", .dim) + quoted("\(value)")
        }
        Output.error.writeLine(line)
    }

    /// The keys whose values are numbers, always: whoever reads the lines may add them up.
    static let numbers: Set<String> = [
        "attempt", "attempts", "count", "deleted", "deliveries", "disabled", "events", "failures", "graceMs", "leftOut",
        "mebibytes", "of", "open", "paused", "pauseMs", "pid", "problems", "status", "subscriptions", "underWay",
        "unknown",
        "unreported",
    ]

    /// Stable keys and types: the metadata stand beside the line's own, those in ``numbers`` as numbers.
    static func json(
        _ level: Logger.Level,
        _ message: String,
        _ metadata: Logger.Metadata,
        at now: Timestamp
    ) -> JSONOutput {
        var members: [(String, JSONOutput)] = [
            ("time", .time(now)), ("level", .text(level.rawValue)), ("message", .text(message)),
        ]
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let text = "\(value)"
            let number = numbers.contains(key) ? Int(text) : nil
            let isTaken = ["time", "level", "message"].contains(key)
            members.append((isTaken ? key + "_" : key, number.map { .integer($0) } ?? .text(text)))
        }
        return .object(members)
    }

    private func style(_ level: Logger.Level) -> Terminal.Style {
        switch level {
        case .trace, .debug: .dim
        case .info, .notice: .plain
        case .warning: .doubtful
        case .error, .critical: .error
        }
    }

    /// In quotes where spaces would make it unclear where it ends.
    private func quoted(_ value: String) -> String {
        let text = PlainText.escaped(value)
        let scalars = text.unicodeScalars
        guard scalars.isEmpty || scalars.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return text }
        return "\"" + scalars.map { $0 == "\"" ? "\\\"" : String($0) }.joined() + "\""
    }
}

/// Lines of a log in JSON for what a command says beside its results: a reader of the log expects nothing else on
/// stderr.
enum LogLine {
    /// True when `--log-format json` stands among the arguments; asked before or after they could be parsed.
    static let isWanted: Bool = {
        let arguments = CommandLine.arguments.dropFirst().prefix { $0 != "--" }
        return arguments.contains("--log-format=json")
            || zip(arguments, arguments.dropFirst()).contains { $0 == "--log-format" && $1 == "json" }
    }()

    static func write(_ level: Logger.Level, _ message: String, _ members: [(String, JSONOutput)] = []) {
        let own: [(String, JSONOutput)] = [
            ("time", .time(.now)), ("level", .text(level.rawValue)), ("message", .text(message)),
        ]
        Output.error.writeLine(JSONOutput.object(own + members).line)
    }
}
