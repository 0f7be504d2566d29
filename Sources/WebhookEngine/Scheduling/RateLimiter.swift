internal import DequeModule
internal import WebhookCore

/// At most so many starts in any window of the limit's period: a log of the last starts, exact at every moment.
///
/// A start is claimed first and leaves when the claim is durable. The moment at which it leaves counts: a commit may take
/// its time, and what was claimed during it must not leave on the heels of what waited for it.
struct RateLimiter {
    private var starts: Deque<Int64> = []
    /// Claimed, and not left yet.
    private var claimed = 0

    /// When the next start may be claimed: now, or the moment at which the start that is in its way leaves the window.
    ///
    /// `nil`: not before a claimed one has left.
    func nextStart(_ limit: RateLimit, now: Timestamp) -> Timestamp? {
        let index = starts.count + claimed - limit.count
        if index < 0 { return now }
        guard index < starts.count else { return nil }
        return max(now, Timestamp(milliseconds: starts[index]) + limit.period)
    }

    mutating func claim() { claimed += 1 }

    /// A claimed start came to nothing.
    mutating func release() { claimed -= 1 }

    /// A claimed start leaves.
    mutating func leave(_ limit: RateLimit?, now: Timestamp) {
        claimed -= 1
        guard let limit else { return }
        starts.append(now.milliseconds)
        while starts.count > limit.count { starts.removeFirst() }
    }
}
