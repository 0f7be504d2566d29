package import Logging

/// A log with a bounded number of lines of one kind: what clients or signals cause by the thousand is counted, not repeated.
package struct BoundedLogger: Sendable {
    package let logger: Logger
    private let budgets = LineBudgets()

    package init(_ logger: Logger) { self.logger = logger }

    /// Writes a line unless there were too many of its kind; the next one says how many were left out.
    ///
    /// - Parameter kind: what is counted together; defaults to the message.
    package func line(
        _ level: Logger.Level,
        _ message: Logger.Message,
        kind: String? = nil,
        _ metadata: @autoclosure () -> Logger.Metadata = [:]
    ) {
        guard level >= logger.logLevel, let suppressed = budgets.take(kind ?? message.description) else { return }
        var metadata = metadata()
        if suppressed > 0 { metadata["leftOut"] = "\(suppressed)" }
        logger.log(level: level, Self.counted(message, suppressed), metadata: metadata)
    }

    /// A message with the number of lines like it that were left out before.
    static func counted(_ message: Logger.Message, _ suppressed: Int) -> Logger.Message {
        suppressed > 0 ? "\(message.description) (and \(suppressed) more like it)" : message
    }
}
