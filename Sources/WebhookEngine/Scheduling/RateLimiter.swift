internal import DequeModule
internal import WebhookCore

/// At most so many starts in any window of the limit's period: a log of the last starts, exact at every moment.
struct RateLimiter {
    private var starts: Deque<Int64> = []

    /// When the next start is allowed: now, or the moment at which the oldest of the last `count` starts leaves the window.
    mutating func nextStart(_ limit: RateLimit, now: Timestamp) -> Timestamp {
        while starts.count > limit.count { starts.removeFirst() }
        guard starts.count == limit.count, let oldest = starts.first else { return now }
        return max(now, Timestamp(milliseconds: oldest) + limit.period)
    }

    mutating func started(_ limit: RateLimit, now: Timestamp) {
        starts.append(now.milliseconds)
        while starts.count > limit.count { starts.removeFirst() }
    }
}
