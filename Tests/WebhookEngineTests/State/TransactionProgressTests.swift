import Testing

@testable import WebhookEngine

@Suite struct TransactionProgressTests {
    @Test func `a transaction that is still under way at the next look hangs`() {
        let before = TransactionProgress(begun: 3, ended: 2)
        #expect(TransactionProgress(begun: 3, ended: 2).hangs(since: before))
        #expect(TransactionProgress(begun: 4, ended: 2).hangs(since: before))
    }

    @Test func `transactions that end are no hang, nor is rest`() {
        #expect(!TransactionProgress(begun: 3, ended: 2).hangs(since: nil))
        // Another one is under way than before.
        #expect(!TransactionProgress(begun: 4, ended: 3).hangs(since: TransactionProgress(begun: 3, ended: 2)))
        #expect(!TransactionProgress(begun: 3, ended: 3).hangs(since: TransactionProgress(begun: 3, ended: 2)))
        let rest = TransactionProgress(begun: 3, ended: 3)
        #expect(!rest.hangs(since: rest))
        #expect(!TransactionProgress(begun: 4, ended: 3).hangs(since: rest), "it has begun since")
    }
}
