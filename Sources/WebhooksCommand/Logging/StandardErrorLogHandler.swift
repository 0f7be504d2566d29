internal import Logging
internal import WebhookCore
internal import Webhooks

/// Logs to stderr, a line each: time, level, message and sorted `key=value`. What comes from outside is escaped.
struct StandardErrorLogHandler: LogHandler {
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
        let terminal = Terminal.standardError
        var line = "\(terminal.styled(Timestamp.now.description, .dim)) "
        line += terminal.styled(event.level.rawValue, style(event.level))
        line += " " + PlainText.escaped(event.message.description)
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line += " " + terminal.styled(PlainText.escaped(key) + "=", .dim) + quoted("\(value)")
        }
        Output.error.writeLine(line)
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
