import Testing

@testable import WebhookEngine

@Suite struct StoreProgressTests {
    @Test func `a transaction that is still under way at the next look hangs`() {
        let before = CallProgress(begun: 3, ended: 2)
        #expect(CallProgress(begun: 3, ended: 2).hangs(since: before))
        #expect(CallProgress(begun: 4, ended: 2).hangs(since: before))
    }

    @Test func `transactions that end are no hang, nor is rest`() {
        #expect(!CallProgress(begun: 3, ended: 2).hangs(since: nil))
        // Another one is under way than before.
        #expect(!CallProgress(begun: 4, ended: 3).hangs(since: CallProgress(begun: 3, ended: 2)))
        #expect(!CallProgress(begun: 3, ended: 3).hangs(since: CallProgress(begun: 3, ended: 2)))
        let rest = CallProgress(begun: 3, ended: 3)
        #expect(!rest.hangs(since: rest))
        #expect(!CallProgress(begun: 4, ended: 3).hangs(since: rest), "it has begun since")
    }

    private func progress(_ transactions: (Int, Int), rounds: (Int, Int) = (0, 0)) -> StoreProgress {
        var progress = StoreProgress()
        progress.transactions = CallProgress(begun: transactions.0, ended: transactions.1)
        progress.leaseRounds = CallProgress(begun: rounds.0, ended: rounds.1)
        return progress
    }

    @Test func `a silence lasts from the first look at what has no answer`() {
        var silence = StoreSilence()
        #expect(silence.look(at: progress((1, 1)), now: .seconds(0)) == nil)
        #expect(silence.look(at: progress((2, 1)), now: .seconds(5)) == nil)
        #expect(silence.look(at: progress((2, 1)), now: .seconds(8)) == .init(length: .seconds(3), isLeaseRound: false))
        #expect(
            silence.look(at: progress((2, 1)), now: .seconds(20)) == .init(length: .seconds(15), isLeaseRound: false)
        )
        #expect(silence.look(at: progress((3, 2)), now: .seconds(21)) == nil, "another one")
        #expect(
            silence.look(at: progress((3, 2)), now: .seconds(22)) == .init(length: .seconds(1), isLeaseRound: false)
        )
    }

    @Test func `an idle dispatcher learns of a silence by its leases`() {
        var silence = StoreSilence()
        #expect(silence.look(at: progress((1, 1), rounds: (4, 3)), now: .seconds(0)) == nil)
        let found = silence.look(at: progress((1, 1), rounds: (4, 3)), now: .seconds(4))
        #expect(found == .init(length: .seconds(4), isLeaseRound: true))
        #expect(silence.look(at: progress((1, 1), rounds: (5, 4)), now: .seconds(5)) == nil)
    }
}
