internal import WebhookCore

/// Bounds the log's lines of one kind: what comes by the thousand is counted, not repeated.
struct LineBudget {
    /// Lines in a period.
    static let lines = 20
    static let period: Duration = .seconds(10)

    private var left = lines
    private var suppressed = 0
    private var renewedAt: Timestamp?

    /// Asks for a line.
    ///
    /// - Returns: how many were left out since the last one, or `nil` where this one is left out too.
    mutating func take(at now: Timestamp) -> Int? {
        // A clock that was put back renews it as well.
        if renewedAt.map({ now < $0 || now >= $0 + Self.period }) ?? true {
            (left, renewedAt) = (Self.lines, now)
        }
        guard left > 0 else {
            suppressed += 1
            return nil
        }
        left -= 1
        defer { suppressed = 0 }
        return suppressed
    }
}
