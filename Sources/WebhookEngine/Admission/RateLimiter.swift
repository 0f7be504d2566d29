internal import WebhookCore

/// Paces starts: one each period ÷ count after the one before (the generic cell rate algorithm, ITU-T I.371, with a burst of
/// one), so that a receiver sees no bunches.
///
/// The time that counts is when a start is handed over to leave. A start is claimed first, a little ahead, so that its
/// commit doesn't slow the pace; a claim that is durable too early waits for its time.
struct RateLimiter {
    /// The time at which the next start may leave, in microseconds on the monotonic clock; nothing has left yet: at
    /// once.
    private var next = Int64.min
    /// Claimed, and not left yet.
    private(set) var claimed = 0

    /// The time by which a start may be claimed before it may leave: about what a commit takes.
    static let lookahead: Int64 = 20_000
    /// The lateness of a start, by a clock that ticks in milliseconds, that the next one makes up for at most.
    static let tolerance: Int64 = 2_000
    /// The time after a process's beginning in which nothing starts, or an interval if that is less: nobody knows what the
    /// one before did last.
    private static let beginning: Int64 = 1_000_000
    /// The delay after which a claim that leaves is written down again.
    static let longestClaim: Duration = .seconds(1)

    /// The most by which clocks of nodes differ, for what is slower than what every beginning waits.
    static let clockError: Duration = .seconds(5)

    /// Microseconds between two starts: half a percent more than the limit says. With what lateness makes up for, that is
    /// still at most `count` starts in any second or longer.
    static func interval(_ limit: RateLimit) -> Int64 {
        let period = limit.period.wholeMilliseconds * 1000
        let exact = (period + Int64(limit.count) - 1) / Int64(max(1, limit.count))
        return exact + (exact + 199) / 200
    }

    /// Tells whether starts are further apart than what every beginning waits, so that the last one is worth
    /// remembering.
    static func isSlow(_ limit: RateLimit) -> Bool { interval(limit) > beginning }

    /// A process begins, or a limit: somebody else may have started one just now.
    ///
    /// - Parameter lastStart: when the last start was claimed, where it is known. It has left ``longestClaim`` later at most.
    mutating func begin(_ limit: RateLimit?, lastStart: Timestamp? = nil, now: Timestamp) {
        guard let limit else { return }
        let (interval, now) = (Self.interval(limit), now.microseconds)
        next = max(next, now + min(interval, Self.beginning))
        // By a clock that was ahead it was at most now.
        if let lastStart { next = max(next, min((lastStart + Self.longestClaim).microseconds, now) + interval) }
    }

    /// The time at which the next start may be claimed: now or later; `nil`: not before a claimed one has left.
    func nextClaim(_ limit: RateLimit, now: Timestamp) -> Timestamp? {
        let time = now.microseconds
        let slot = max(next, time) + Int64(claimed) * Self.interval(limit)
        guard slot > time + Self.lookahead else { return now }
        return claimed > 0 ? nil : Timestamp(milliseconds: (slot - Self.lookahead + 999) / 1000)
    }

    mutating func claim() { claimed += 1 }

    /// A claimed start doesn't leave.
    mutating func release() { claimed -= 1 }

    /// The time at which a claimed start may leave: now or later.
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
