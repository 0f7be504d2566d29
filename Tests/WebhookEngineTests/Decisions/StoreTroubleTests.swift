import Testing
import WebhookCore

@testable import WebhookEngine

@Suite("A store that fails")
struct StoreTroubleTests {
    /// What a failure brings.
    private struct Answer: Equatable {
        var wait: Duration
        var occasion: EngineNotice.StoreFailure
    }

    private func fail(_ trouble: inout StoreTrouble, _ work: StoreTrouble.Work, _ now: Timestamp) -> Answer {
        let (wait, occasion) = trouble.failed(work, now: now)
        return Answer(wait: wait, occasion: occasion)
    }

    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    @Test("Each failure doubles the wait, up to five seconds; it is said once, then once a minute")
    func waits() {
        var trouble = StoreTrouble()
        var (waits, said): ([Duration], [EngineNotice.StoreFailure]) = ([], [])
        var now = at(0)
        while now < at(125_000) {
            let (wait, occasion) = trouble.failed([.results, .claims], now: now)
            waits.append(wait)
            if occasion != .again { said.append(occasion) }
            now = now + wait
        }
        let expected: [Duration] = [100, 200, 400, 800, 1600, 3200, 5000].map { .milliseconds($0) }
        #expect(Array(waits.prefix(7)) == expected)
        #expect(said == [.first, .reminder(since: at(0)), .reminder(since: at(0))])
    }

    @Test("What only reads, or is less than what failed, mends nothing")
    func falseRecovery() {
        var trouble = StoreTrouble()
        #expect(fail(&trouble, [.fanOuts, .results], at(0)) == Answer(wait: .milliseconds(100), occasion: .first))
        let isBack = [
            trouble.succeeded(.reads, now: at(100)), trouble.succeeded([.reads, .claims], now: at(101)),
            trouble.succeeded(.acceptances, now: at(102)),
        ]
        #expect(isBack == [false, false, false] && trouble.isFailing)
        // It goes on with the longer wait, and without a word.
        #expect(fail(&trouble, .fanOuts, at(110)) == Answer(wait: .milliseconds(200), occasion: .again))
        let parts = [trouble.succeeded(.results, now: at(300)), trouble.succeeded(.fanOuts, now: at(301))]
        #expect(parts == [false, true] && !trouble.isFailing)
    }

    @Test("A failure soon after a recovery goes on where the one before was, and is not said again")
    func flapping() {
        var trouble = StoreTrouble()
        var said = 0
        for round in 0..<200 {
            let now = at(Int64(round) * 300)
            if trouble.failed(.claims, now: now).occasion != .again { said += 1 }
            if trouble.succeeded(.claims, now: now + .milliseconds(200)) { said += 1 }
        }
        #expect(said == 2, "of a minute")
        #expect(fail(&trouble, .claims, at(60_000)) == Answer(wait: .seconds(5), occasion: .first))
        let isBack = trouble.succeeded(.claims, now: at(60_001))
        #expect(isBack)
        // What comes after a calm is new.
        #expect(fail(&trouble, .claims, at(70_001)) == Answer(wait: .milliseconds(100), occasion: .first))
    }

    @Test("What nobody tries again is not waited for, nor an emit that was refused")
    func abandoned() {
        var trouble = StoreTrouble()
        _ = trouble.failed([.claims, .acceptances], now: at(0))
        let soon = trouble.succeeded(.results, now: at(9_999))
        let later = trouble.succeeded(.results, now: at(10_000))
        #expect(!soon && later)
        _ = trouble.failed(.acceptances, now: at(100_000))
        let (read, written) = (
            trouble.succeeded(.reads, now: at(100_001)), trouble.succeeded(.claims, now: at(100_002))
        )
        #expect(!read && written)
        _ = trouble.failed(.reads, now: at(200_000))
        let again = trouble.succeeded(.reads, now: at(200_001))
        #expect(again)
    }
}
