import Testing
import WebhookCore

@testable import WebhookEngine

@Suite("Commit pipeline")
struct CommitPipelineTests {
    private let now = Timestamp(milliseconds: 1_000_000)

    private func claim(_ id: Int64) -> Claim {
        Claim(delivery: Delivery.ID(rawValue: id), number: 1, at: now, needsBody: false)
    }

    private func health(_ name: String, failingSince: Timestamp? = nil) -> SubscriptionHealth {
        var health = SubscriptionHealth(subscription: name)
        health.failingSince = failingSince
        return health
    }

    @Test("a transaction is asked for once, and not while another is under way")
    func asksOnce() {
        var commits = CommitPipeline()
        let wantsNothing = commits.asksForTransaction(now: now)
        commits.claim(1, claim(1))
        let wants = commits.asksForTransaction(now: now)
        let wantsAgain = commits.asksForTransaction(now: now)
        #expect(!wantsNothing && wants && !wantsAgain)
        let batch = commits.takeBatch()
        #expect(batch?.claims.map(\.delivery.rawValue) == [1])
        commits.claim(2, claim(2))
        let wantsBeside = commits.asksForTransaction(now: now)
        let wantsAnother = commits.asksForAnother()
        #expect(!wantsBeside && wantsAnother && !commits.isEmpty)
    }

    @Test("batches end in the order in which they were taken, each with its contexts")
    func order() {
        var commits = CommitPipeline()
        for token in 1...3 {
            commits.claim(UInt64(token), claim(Int64(token)))
            _ = commits.takeBatch()
        }
        let ends = [commits.popFirst(), commits.popLast(), commits.popFirst(), commits.popFirst()]
        #expect(ends.map { $0?.claims.map(\.token) } == [[1], [3], [2], nil])
        #expect(commits.isEmpty)
    }

    @Test("what is put back goes before what is there, but for what is remembered: the last word counts")
    func requeue() {
        var commits = CommitPipeline()
        commits.setAside(SetAside(event: 1, cause: .renderingEnded))
        commits.writeHealth(of: 0, health("a"))
        commits.writeHealth(of: 1, health("b"))
        _ = commits.takeBatch()
        commits.setAside(SetAside(event: 2, cause: .renderingEnded))
        commits.writeHealth(of: 0, health("a", failingSince: now))
        _ = commits.failed(now: now)
        if let failed = commits.popLast() { commits.requeue(failed) }
        let batch = commits.takeBatch()
        #expect(batch?.setAsides.map(\.event) == [1, 2])
        #expect(batch?.health == [health("a", failingSince: now), health("b")])
    }

    @Test("after a failure nothing but an emit asks before the wait is over")
    func waits() {
        var commits = CommitPipeline()
        commits.claim(1, claim(1))
        _ = commits.takeBatch()
        _ = commits.failed(now: now)
        _ = commits.popLast()
        commits.claim(2, claim(2))
        let wantsClaim = commits.asksForTransaction(now: now)
        #expect(!wantsClaim && commits.isFailing)
        let event = Event(
            stored: "e",
            topic: "a",
            data: "{}",
            tenant: nil,
            occurredAt: now,
            occurredAtIsGiven: true,
            deliverAt: nil,
            isTest: false
        )
        commits.accept(PendingAcceptance(token: 1, event: event, createdAt: now))
        let wantsEmit = commits.asksForTransaction(now: now)
        #expect(wantsEmit && commits.retryAt != nil)
        commits.endWait(now: now + .seconds(1))
        #expect(commits.retryAt == nil)
    }

    @Test("what a crash left is looked up before anything of ours is written")
    func readsFirst() {
        var commits = CommitPipeline()
        commits.readAtStart(learnsHighestDelivery: true)
        commits.claim(1, claim(1))
        let (first, second) = (commits.takeBatch(), commits.takeBatch())
        #expect(first?.reads.interrupted == true && first?.claims.isEmpty == true)
        #expect(second?.reads.interrupted == false && second?.claims.count == 1)
    }
}
