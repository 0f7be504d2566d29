internal import WebhookCore

/// What is remembered about a name.
struct NameRecord: Sendable {
    /// In which order names that wait are taken up. Within a standing, first come first served.
    enum Standing: Int, Sendable {
        /// Answered in time before, and the last time too.
        case proven
        /// Never tried; or failed quickly; or answered in time before and was slow the last time or two.
        case untried
        /// Slow or silent, without an answer in time before or for the third time running.
        case slow
    }

    var answer: Result<[IPAddress], ResolutionError>
    var expires: MonotonicTime
    /// Whether it ever had an address in time, in this process or, as the store knows, before.
    var hasAnswered: Bool
    /// Lookups in a row that took too long, whatever they found.
    var slowLookups: Int

    private static let toleratedSlowLookups = 2

    var standing: Standing {
        if slowLookups == 0 { return hasAnswered ? .proven : .untried }
        return hasAnswered && slowLookups <= Self.toleratedSlowLookups ? .untried : .slow
    }
}
