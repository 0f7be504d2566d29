import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Rate limiter")
struct RateLimiterTests {
    private func instant(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    static let limits: [RateLimit] = [
        RateLimit(count: 1, per: .seconds(1)), RateLimit(count: 10, per: .seconds(1)),
        RateLimit(count: 100, per: .seconds(1)), RateLimit(count: 3000, per: .seconds(1)),
        RateLimit(count: 600, per: .seconds(60)), RateLimit(count: 1000, per: .seconds(3600)),
        RateLimit(count: 7, per: .seconds(60)),
    ]

    /// Plays somebody who always has something to send; commits take up to 30 ms and timers are up to 2 ms late.
    private func starts(_ limit: RateLimit, for length: Int64, seed: UInt64) -> [Int64] {
        var random = SeededGenerator(seed: seed)
        var limiter = RateLimiter()
        var starts: [Int64] = []
        var durable: [Int64] = []
        var now: Int64 = 0
        while now < length {
            while let next = limiter.nextClaim(limit, now: instant(now)), next <= instant(now) {
                limiter.claim()
                durable.append(max(durable.last ?? 0, now + Int64(random.pick(0...(random.chance(5) ? 30 : 4)))))
            }
            while let first = durable.first, first <= now, limiter.nextLeave(now: instant(now)) <= instant(now) {
                durable.removeFirst()
                limiter.leave(limit, now: instant(now))
                starts.append(now)
            }
            now += random.chance(10) ? 2 : 1
        }
        return starts
    }

    @Test("no second has more than the limit, nor has any period", arguments: limits)
    func anyBuffer(limit: RateLimit) {
        for seed in 1...3 as ClosedRange<UInt64> {
            let starts = starts(limit, for: 20_000, seed: seed)
            let period = limit.period.wholeMilliseconds
            for (length, most) in [
                (1000, (limit.count * 1000 + Int(period) - 1) / Int(period)), (Int(period), limit.count),
            ] {
                var first = 0
                for (index, start) in starts.enumerated() {
                    while starts[first] <= start - Int64(length) { first += 1 }
                    #expect(index - first + 1 <= most, "within \(length) ms up to \(start)")
                    if index - first + 1 > most { return }
                }
            }
        }
    }

    @Test("spread, not in bunches, and at the limit's pace", arguments: limits)
    func pace(limit: RateLimit) {
        let starts = starts(limit, for: 20_000, seed: 5)
        let interval = Double(limit.period.wholeMilliseconds) / Double(limit.count)
        for (before, after) in zip(starts, starts.dropFirst()) {
            #expect(Double(after - before) >= interval - 3)
        }
        // A clock that ticks in milliseconds, and now and then every other, costs a fast pace something.
        #expect(Double(starts.count) >= 20_000 / interval * (interval < 1 ? 0.8 : 0.97) - 1)
    }

    @Test("what comes after a pause finds no saved-up burst")
    func idle() {
        let limit = RateLimit(count: 10, per: .seconds(1))
        var limiter = RateLimiter()
        for start in [0, 60_000] as [Int64] {
            let now = instant(start)
            #expect(limiter.nextClaim(limit, now: now) == now && limiter.nextLeave(now: now) == now)
            limiter.claim()
            limiter.leave(limit, now: now)
            #expect(limiter.nextLeave(now: now) > instant(start + 97))
        }
    }

    @Test("what is claimed counts, until it is given up")
    func claims() {
        let limit = RateLimit(count: 2, per: .seconds(1))
        var limiter = RateLimiter()
        limiter.claim()
        #expect(limiter.nextClaim(limit, now: instant(0)) == nil)
        limiter.release()
        #expect(limiter.nextClaim(limit, now: instant(0)) == instant(0))
    }

    @Test("a process that begins goes on from the last start, by a clock that is wrong too")
    func beginsAfterStart() {
        let limit = RateLimit(count: 1, per: .seconds(60))
        func wait(_ lastStart: Int64) -> Int64 {
            var limiter = RateLimiter()
            limiter.begin(limit, lastStart: instant(lastStart), now: instant(100_000))
            return limiter.nextLeave(now: instant(100_000)).milliseconds - 100_000
        }
        #expect((60_000...60_300).contains(wait(100_000)) && wait(900_000) == wait(100_000))
        #expect((21_000...21_300).contains(wait(60_000)))
        #expect(wait(10_000) == 1_000)
    }

    @Test("a process that begins leaves room for the one before", arguments: limits)
    func begins(limit: RateLimit) {
        var limiter = RateLimiter()
        limiter.begin(limit, now: instant(5000))
        let wait = limiter.nextLeave(now: instant(5000)).milliseconds - 5000
        #expect(wait >= min(1000, limit.period.wholeMilliseconds / Int64(limit.count)) && wait <= 1006)
    }
}
