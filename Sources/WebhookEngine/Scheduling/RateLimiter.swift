internal import WebhookCore

/// Paces starts: one each period ÷ count after the one before (the generic cell rate algorithm, ITU-T I.371, with a burst of
/// one), so that a receiver sees no bunches.
///
/// What counts is the moment at which a start is handed over to leave. A start is claimed first, a little ahead, so that its
/// commit doesn't slow the pace; a claim that is durable too early waits for its moment.
struct RateLimiter {
    /// When the next start may leave, in microseconds on the timeline; nothing has left yet: at once.
    private var next = Int64.min
    /// Claimed, and not left yet.
    private(set) var claimed = 0

    /// A start may be claimed so long before it may leave: about what a commit takes.
    static let lookahead: Int64 = 20_000
    /// A start that left late, by a clock that ticks in milliseconds, makes up for so much with the next one.
    static let tolerance: Int64 = 2_000

    /// Microseconds between two starts: half a percent more than the limit says. With what lateness makes up for, that is
    /// still at most `count` starts in any second or longer.
    static func interval(_ limit: RateLimit) -> Int64 {
        let period = limit.period.wholeMilliseconds * 1000
        let exact = (period + Int64(limit.count) - 1) / Int64(max(1, limit.count))
        return exact + (exact + 199) / 200
    }

    /// A process begins, or a limit: somebody else may have started one just now. Intervals of more than a second wait no
    /// longer than that.
    mutating func begin(_ limit: RateLimit?, now: Timestamp) {
        guard let limit else { return }
        next = max(next, now.microseconds + min(Self.interval(limit), 1_000_000))
    }

    /// When the next start may be claimed: now or later; `nil`: not before a claimed one has left.
    func nextClaim(_ limit: RateLimit, now: Timestamp) -> Timestamp? {
        let time = now.microseconds
        let slot = max(next, time) + Int64(claimed) * Self.interval(limit)
        guard slot > time + Self.lookahead else { return now }
        return claimed > 0 ? nil : Timestamp(milliseconds: (slot - Self.lookahead + 999) / 1000)
    }

    mutating func claim() { claimed += 1 }

    /// A claimed start came to nothing.
    mutating func release() { claimed -= 1 }

    /// When a claimed start may leave; now or later.
    func nextLeave(now: Timestamp) -> Timestamp {
        next <= now.microseconds ? now : Timestamp(milliseconds: (next + 999) / 1000)
    }

    /// A claimed start leaves.
    mutating func leave(_ limit: RateLimit?, now: Timestamp) {
        claimed -= 1
        guard let limit else { return }
        next = max(next, now.microseconds - Self.tolerance) + Self.interval(limit)
    }
}

extension Timestamp {
    fileprivate var microseconds: Int64 { milliseconds * 1000 }
}
