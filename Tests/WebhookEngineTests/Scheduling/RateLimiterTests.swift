import Testing
import WebhookCore
import WebhooksTesting

@testable import WebhookEngine

@Suite("Rate limiter")
struct RateLimiterTests {
    private func moment(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    @Test("at most so many starts in any period, and never later than needed")
    func anyWindow() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<50 {
            let limit = RateLimit(count: random.pick(1...5), per: .milliseconds(random.pick(10...200)))
            var limiter = RateLimiter()
            var starts: [Int64] = []
            var now: Int64 = 0
            for _ in 0..<200 {
                now += Int64(random.pick(0...40))
                let period = limit.period.wholeMilliseconds
                let recent = starts.filter { $0 > now - period }
                guard let next = limiter.nextStart(limit, now: moment(now)) else {
                    Issue.record("nothing is claimed, so there is a moment")
                    return
                }
                #expect((next == moment(now)) == (recent.count < limit.count))
                if next > moment(now) { now = next.milliseconds }
                limiter.claim()
                limiter.leave(limit, now: moment(now))
                starts.append(now)
                #expect(starts.filter { $0 > now - period }.count <= limit.count)
            }
        }
    }

    @Test("what is claimed counts, and the moment at which it leaves")
    func claims() {
        let limit = RateLimit(count: 2, per: .milliseconds(100))
        var limiter = RateLimiter()
        limiter.claim()
        let first = limiter.nextStart(limit, now: moment(0))
        #expect(first == moment(0))
        limiter.claim()
        let second = limiter.nextStart(limit, now: moment(0))
        #expect(second == nil)
        limiter.leave(limit, now: moment(50))
        limiter.leave(limit, now: moment(50))
        let third = limiter.nextStart(limit, now: moment(60))
        #expect(third == moment(150))
        limiter.claim()
        limiter.release()
        let fourth = limiter.nextStart(limit, now: moment(150))
        #expect(fourth == moment(150))
    }
}
