import Testing
import WebhookCore

@testable import WebhookEngine

/// A keeper, and a table of leases that answers its rounds.
private struct Bench {
    var keeper: LeaseKeeper
    var now: Int64 = 0
    var rounds: [LeaseRound] = []
    var served: Set<String> = []
    var stopped: [String] = []
    var notices: [LeaseNotice] = []
    /// The times of looks for what nobody serves.
    var looks: [Int64] = []

    init(_ process: UInt64 = 1, mostMoves: Int = 2000) {
        var settings = LeaseKeeper.Settings()
        settings.mostMoves = mostMoves
        keeper = LeaseKeeper(NodeRecord(id: NodeID(process: process), host: "h\(process)"), settings: settings)
    }

    var time: Timestamp { Timestamp(milliseconds: now) }

    mutating func collect() {
        let actions = keeper.takeActions()
        if let round = actions.round { rounds.append(round) }
        served.formUnion(actions.serve)
        served.subtract(actions.stop)
        stopped += actions.stop
        notices += actions.notices
        if actions.looksForAbandoned { looks.append(now) }
    }

    mutating func configure(_ names: [String], hash: String = "v1") {
        keeper.configure(names, hash: hash, now: time)
        collect()
    }

    /// Waits until the next round begins.
    mutating func nextRound() -> LeaseRound? {
        guard let at = keeper.wakeAt else { return nil }
        now = max(now, at.milliseconds)
        keeper.tick(now: time)
        collect()
        return rounds.last
    }

    mutating func end(stands: Bool = true, acquired: [String] = [], others: [(UInt64, String)] = []) {
        var result = LeaseRoundResult(stands: stands)
        result.acquired = acquired
        let ids = others.map { (NodeID(process: $0.0), $0.1) } + (stands ? [(keeper.node, "v1")] : [])
        result.nodes = ids.map { id, hash in
            let record = NodeRecord(id: id, host: "h\(id.process)", configuration: hash)
            return LivingNode(record, heartbeatAt: time, expiresIn: .seconds(15))
        }
        keeper.ended(.success(result), now: time)
        collect()
    }

    mutating func fail() {
        keeper.ended(.failure(StoreError(.unavailable, "gone")), now: time)
        collect()
    }

    mutating func drained(_ names: [String]) {
        keeper.drained(names, now: time)
        collect()
    }
}

@Suite("Leases: who serves what")
struct LeaseKeeperTests {
    private let names = (0..<40).map { "s\($0)" }

    private func bench(_ names: [String]) -> Bench {
        var bench = Bench()
        bench.configure(names)
        return bench
    }

    /// A node that serves what it knows.
    private func serving(_ names: [String]) -> Bench {
        var bench = bench(names)
        let round = bench.nextRound()
        bench.end(acquired: round?.acquires ?? [])
        return bench
    }

    @Test("what is another's by the same answer that gave it is released, and the engine never hears of it")
    func releasesUnserved() {
        var bench = bench(names)
        let first = bench.nextRound()
        bench.end(acquired: first?.acquires ?? [], others: [(9, "v1")])
        #expect(bench.stopped == [] && !bench.served.isEmpty && bench.served.count < names.count)
        let second = bench.nextRound()
        #expect(Set(second?.releases ?? []) == Set(names).subtracting(bench.served))
    }

    @Test("a node alone registers, takes all, and renews every third of the length")
    func alone() {
        var bench = bench(["b", "a"])
        let first = bench.nextRound()
        #expect(first?.registers == true && first?.acquires == ["a", "b"] && first?.length == .seconds(15))
        #expect(bench.keeper.until == nil && bench.served == [])
        bench.now += 200
        bench.end(acquired: ["a", "b"])
        #expect(bench.served == ["a", "b"] && bench.notices == [.serves(subscriptions: 2, of: 2)])
        // Counted from before the round was sent, less a margin.
        #expect(bench.keeper.until == Timestamp(milliseconds: 15_000 - 1500))
        let second = bench.nextRound()
        #expect(bench.now == 5200 && second?.registers == false && second?.acquires == [])
        #expect(second?.node.subscriptions == 2)
    }

    @Test("one that can't renew may begin nothing after its deadline, and goes on when its row still stands")
    func cannotRenew() {
        var bench = serving(names)
        let until = bench.keeper.until
        for _ in 0..<30 {
            _ = bench.nextRound()
            bench.fail()
        }
        #expect(bench.keeper.until == until && until.map { $0 < bench.time } == true)
        #expect(bench.served.count == 40)
        _ = bench.nextRound()
        let begun = bench.time
        bench.now += 3000
        bench.end()
        #expect(bench.keeper.until == begun + .milliseconds(13_500) && bench.served.count == 40)
    }

    @Test("a node that was declared dead stops everything, and begins a new term with what is drained")
    func declaredDead() {
        var bench = serving(["a", "b"])
        _ = bench.nextRound()
        bench.end(stands: false)
        #expect(bench.served == [] && bench.keeper.until == nil)
        #expect(bench.notices.last == .lost(subscriptions: 2))
        bench.drained(["b"])
        let round = bench.nextRound()
        #expect(round?.registers == true && round?.node.id == NodeID(process: 1, term: 2))
        #expect(round?.ends == [NodeID(process: 1)] && round?.acquires == ["b"])
        bench.end(acquired: ["b"])
        bench.drained(["a"])
        let last = bench.nextRound()
        #expect(last?.ends == [] && last?.acquires == ["a"] && bench.served == ["b"])
    }

    @Test("who joins gets its share, each once it is drained, and the rest stays")
    func handsOver() {
        var bench = serving(names)
        _ = bench.nextRound()
        bench.end(others: [(2, "v1")])
        let share = names.filter { Rendezvous([1, 2]).owner(of: $0) == 2 }.sorted()
        #expect(share.count > 10 && bench.stopped == share)
        #expect(bench.served == Set(names).subtracting(share))
        // Held until it is drained.
        let waiting = bench.nextRound()
        #expect(waiting?.releases == [] && waiting?.acquires == [])
        bench.end(others: [(2, "v1")])
        bench.drained([share[0]])
        let round = bench.nextRound()
        #expect(round?.releases == [share[0]])
        bench.end(others: [(2, "v1")])
        #expect(bench.nextRound()?.releases == [])
        // It dies: its share is ours.
        bench.drained(Array(share.dropFirst()))
        bench.end()
        let all = bench.nextRound()
        #expect(all?.releases == Array(share.dropFirst()))
        bench.end()
        #expect(bench.nextRound()?.acquires == share)
    }

    @Test("no node with another configuration gets anything, and that is told once")
    func disagreement() {
        var bench = serving(names)
        for _ in 0..<3 {
            _ = bench.nextRound()
            bench.end(others: [(2, "v2")])
        }
        #expect(bench.stopped == [] && bench.notices.filter { $0 == .disagreement(hosts: ["h2"]) }.count == 1)
        // It takes over the same.
        _ = bench.nextRound()
        bench.end(others: [(2, "v1")])
        #expect(bench.stopped.count > 10 && bench.notices.contains(.disagreement(hosts: [])))
    }

    @Test(
        "the first of the living looks for what nobody serves, once a lease's length",
        arguments: [nil, 2, 0] as [UInt64?]
    )
    func looksForAbandoned(other: UInt64?) {
        var bench = serving(names)
        while bench.now < 50_000 {
            _ = bench.nextRound()
            bench.end(others: other.map { [($0, "v2")] } ?? [])
        }
        // Process 0 looks, where it is there.
        #expect(bench.looks.count == (other == 0 ? 0 : 3))
        #expect(zip(bench.looks, bench.looks.dropFirst()).allSatisfy { $1 - $0 >= 15_000 })
        #expect(bench.looks.allSatisfy { $0 >= 15_000 })
    }

    @Test("a record says since when its node has its configuration")
    func tellsWhenConfigured() {
        var bench = serving(names)
        bench.now = 7000
        bench.configure(names)
        #expect(bench.nextRound()?.node.configuredAt == Timestamp(milliseconds: 0), "the same as before")
        bench.end()
        bench.now = 9000
        bench.configure(names, hash: "v2")
        #expect(bench.nextRound()?.node.configuredAt == Timestamp(milliseconds: 9000))
    }

    @Test("acquisitions and hand-overs are bounded, and what others hold stands in nobody's way")
    func bounded() {
        var bench = Bench(mostMoves: 8)
        bench.configure(names)
        var asked: [String] = []
        for _ in 0..<5 {
            let round = bench.nextRound()
            #expect(round?.acquires.count == 8)
            asked += round?.acquires ?? []
            bench.end()
        }
        #expect(Set(asked) == Set(names))
        while bench.served.count < 40, let round = bench.nextRound() { bench.end(acquired: round.acquires) }
        _ = bench.nextRound()
        bench.end(others: [(2, "v1")])
        #expect(bench.stopped.count == 8)
        bench.drained(bench.stopped)
        _ = bench.nextRound()
        bench.end(others: [(2, "v1")])
        _ = bench.nextRound()
        bench.end(others: [(2, "v1")])
        #expect(bench.stopped.count > 8)
    }

    @Test("what the configuration no longer has is drained and released; an answer that comes too late is given back")
    func leavesConfiguration() {
        var bench = serving(["a", "b"])
        bench.configure(["b", "c"])
        #expect(bench.stopped == ["a"])
        bench.drained(["a"])
        let round = bench.nextRound()
        #expect(round?.releases == ["a"] && round?.acquires == ["c"])
        bench.configure(["b"])
        bench.end(acquired: ["c"])
        #expect(bench.served == ["b"] && bench.nextRound()?.releases == ["c"])
    }

    @Test("what may have been acquired by a round without an answer is asked for again, or released")
    func lostAnswer() {
        var bench = bench(["a", "b"])
        _ = bench.nextRound()
        bench.fail()
        bench.configure(["b"])
        let round = bench.nextRound()
        #expect(round?.registers == true && round?.acquires == ["b"] && round?.releases == ["a"])
    }

    @Test("an unknown outcome drains everything, and what was in flight is settled under a new term")
    func distrusts() {
        var bench = serving(["a", "b"])
        bench.keeper.distrust(now: bench.time)
        bench.collect()
        #expect(bench.stopped == ["a", "b"])
        bench.drained(["a"])
        let before = bench.nextRound()
        #expect(before?.node.id.term == 1 && before?.acquires == [])
        bench.drained(["b"])
        #expect(bench.keeper.node.term == 1)
        bench.end()
        #expect(bench.keeper.node.term == 2 && bench.keeper.until == nil)
        let round = bench.nextRound()
        #expect(round?.registers == true && round?.ends == [NodeID(process: 1)] && round?.acquires == ["a", "b"])
    }

    @Test("a dispatcher that ends hands over what drains, takes nothing, and leaves last")
    func ends() {
        var bench = serving(["a", "b"])
        bench.keeper.drain(now: bench.time)
        bench.collect()
        bench.drained(["a"])
        let round = bench.nextRound()
        #expect(round?.releases == ["a"] && round?.acquires == [] && round?.leaves == false)
        bench.keeper.leave(now: bench.time)
        bench.end()
        let last = bench.nextRound()
        #expect(last?.leaves == true && !bench.keeper.isOver)
        // Another's news, while the last round is under way.
        bench.keeper.wake(now: bench.time)
        bench.end()
        #expect(bench.keeper.isOver && bench.keeper.wakeAt == nil)
    }

    @Test("whoever doesn't renew is looked for when it expires")
    func looksForTheDead() {
        var bench = serving(["a"])
        _ = bench.nextRound()
        var result = LeaseRoundResult(stands: true)
        result.nodes = [
            LivingNode(
                NodeRecord(id: NodeID(process: 9), configuration: "v2"),
                heartbeatAt: bench.time,
                expiresIn: .milliseconds(700)
            )
        ]
        bench.keeper.ended(.success(result), now: bench.time)
        #expect(bench.keeper.wakeAt == bench.time + .milliseconds(720))
    }

    @Test("A node has its share once it holds it, and nobody who may have ended holds anything")
    func hasItsShare() {
        var bench = bench(["a"])
        #expect(!bench.keeper.hasItsShare)
        _ = bench.nextRound()
        // The other one was there before: it may have ended without a word.
        bench.now += 1
        bench.end(acquired: ["a"], others: [(9, "v1")])
        _ = bench.nextRound()
        #expect(!bench.keeper.hasItsShare)
        bench.end()
        if bench.keeper.wakeAt != nil, let round = bench.nextRound() { bench.end(acquired: round.acquires) }
        #expect(bench.keeper.hasItsShare)
    }
}
