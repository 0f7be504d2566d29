internal import WebhookCore

/// Decides what retention may delete, so that a wrong clock doesn't delete a log: what has been old on two looks an hour of
/// the monotonic clock apart, and of that never more than a share of the log at once.
///
/// Who wants more to go at once says so by `webhooks prune`.
struct RetentionPlan {
    /// Nanoseconds between two looks.
    static let distance: UInt64 = 3_600_000_000_000
    /// One of so many rows may go at once.
    static let share = 10
    /// So many may go whatever the log's size.
    static let least = 1000

    private var last: (cutoff: Timestamp, uptime: UInt64)?

    /// What is to be deleted now.
    struct Portion: Equatable {
        /// What settled before.
        var cutoff: Timestamp
        /// Of deliveries, and of events, at most so many.
        var limit: Int
    }

    /// A look at the clocks.
    ///
    /// - Parameters:
    ///   - cutoff: what is older than the retention, as the wall clock says now.
    ///   - uptime: the monotonic clock, in nanoseconds.
    ///   - rows: about how many deliveries or events there are, whichever are more.
    /// - Returns: `nil`: nothing before a later look.
    mutating func look(cutoff: Timestamp, uptime: UInt64, rows: () throws -> Int) rethrows -> Portion? {
        guard let last else {
            self.last = (cutoff, uptime)
            return nil
        }
        guard uptime - last.uptime >= Self.distance else { return nil }
        let limit = max(Self.least, try rows() / Self.share)
        self.last = (cutoff, uptime)
        return Portion(cutoff: min(cutoff, last.cutoff), limit: limit)
    }
}
