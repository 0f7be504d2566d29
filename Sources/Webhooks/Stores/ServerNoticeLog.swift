#if PostgreSQL
    internal import Logging
    internal import WebhooksPostgres

    /// Logs what a PostgreSQL server says beside its answers, in a bounded number of lines.
    final class ServerNoticeLog: Sendable {
        private let logger: Logger
        private let budgets = LineBudgets(lines: ServerNoticeLog.mostLines)

        /// Lines of one SQLSTATE in a period.
        private static let mostLines = 5

        init(_ logger: Logger) { self.logger = logger }

        /// Logs a warning at `info`, for it keeps nothing from working, and what is said besides at `debug`.
        func write(_ notice: ServerNotice, from store: String) {
            let level: Logger.Level = notice.severity == "WARNING" ? .info : .debug
            guard level >= logger.logLevel, let leftOut = budgets.take(notice.state) else { return }
            var metadata: Logger.Metadata = [
                "store": "\(store)", "severity": "\(notice.severity)", "state": "\(notice.state)",
                "message": "\(notice.message)",
            ]
            if leftOut > 0 { metadata["leftOut"] = "\(leftOut)" }
            logger.log(level: level, BoundedLogger.counted("the database server says", leftOut), metadata: metadata)
        }
    }
#endif
