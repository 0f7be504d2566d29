internal import WebhookCore

/// Several nodes on one store. One that registers for no time at all has expired at once.
extension StoreConformance {
    static let leaseHoldingChecks: [Check] = [
        Check("a lease is one node's as long as that node's row stands", holdsLeases),
        Check("who comes first finds a node dead, and the dead one is told", buriesNodes),
        Check("a node releases what it holds and nothing else, ends its terms, and leaves", releasesLeases),
        Check("a round may be repeated whose answer was lost", repeatsRounds),
        Check("nodes and leases are listed as they stand", listsNodes),
    ]

    static func holdsLeases(_ driver: StoreDriver) async throws {
        let (one, other) = (LeaseDriver(driver, process: 1), LeaseDriver(driver, process: 2))
        let first = try await one.register(acquires: ["a", "b"])
        try expect(first.stands, true, "registered")
        try expect(Set(first.acquired), ["a", "b"], "free ones")
        let second = try await other.register(acquires: ["b", "c"])
        try expect(second.acquired, ["c"], "what another holds is not given")
        try expect(second.nodes.map(\.record.id.process).sorted(), [1, 2], "who is alive")
        try expect(try await one.round().stands, true, "renewed")
        try expect(try await one.round { $0.acquires = ["c"] }.acquired, [], "still another's")
    }

    static func buriesNodes(_ driver: StoreDriver) async throws {
        let (one, other) = (LeaseDriver(driver, process: 1), LeaseDriver(driver, process: 2))
        _ = try await one.register(acquires: ["a"])
        _ = try await one.round { $0.length = .zero }
        // Nobody came: it goes on.
        try expect(try await one.round { $0.length = .zero }.stands, true, "expired, and nobody has noticed")
        let taken = try await other.register(acquires: ["a"])
        try expect(taken.acquired, ["a"], "a dead node's lease is free")
        try expect(taken.nodes.map(\.record.id.process), [2], "the dead one is not listed")
        let late = try await one.round { $0.acquires = ["b"] }
        try expect(late.stands, false, "the dead one is told")
        try expect(late.acquired, [], "and gets nothing")
        let again = LeaseDriver(driver, process: 1, term: 2)
        try expect(try await again.register(acquires: ["a", "b"]).acquired, ["b"], "its next term is as any other")
    }

    static func releasesLeases(_ driver: StoreDriver) async throws {
        let (one, other) = (LeaseDriver(driver, process: 1), LeaseDriver(driver, process: 2))
        _ = try await one.register(acquires: ["a", "b", "c"])
        _ = try await other.register()
        _ = try await other.round { $0.releases = ["a"] }
        try expect(try await other.round { $0.acquires = ["a"] }.acquired, [], "another's is not released")
        _ = try await one.round { $0.releases = ["a", "unknown"] }
        try expect(try await other.round { $0.acquires = ["a"] }.acquired, ["a"], "released")
        let next = LeaseDriver(driver, process: 1, term: 2)
        let renewed = try await next.register(acquires: ["a", "b"]) { $0.ends = [one.id] }
        try expect(renewed.acquired, ["b"], "what the term before held is free")
        try expect(try await one.round().stands, false, "the term before is over")
        let gone = try await next.round { round in
            round.leaves = true
            round.acquires = ["c"]
        }
        try expect(gone.acquired, [], "who leaves acquires nothing")
        try expect(gone.nodes.map(\.record.id.process), [2], "who leaves is gone")
        try expect(Set(try await other.round { $0.acquires = ["b", "c"] }.acquired), ["b", "c"], "all of it is free")
    }

    static func repeatsRounds(_ driver: StoreDriver) async throws {
        let one = LeaseDriver(driver, process: 1)
        _ = try await one.register(acquires: ["a"])
        try expect(try await one.register(acquires: ["a"]).acquired, ["a"], "registered and acquired twice")
        try expect(try await one.round { $0.acquires = ["a", "b"] }.acquired.sorted(), ["a", "b"], "held already")
        for _ in 0..<2 { _ = try await one.round { $0.releases = ["b"] } }
        try expect(try await one.leases().map(\.subscription), ["a"], "released twice")
    }

    static func listsNodes(_ driver: StoreDriver) async throws {
        let one = LeaseDriver(driver, process: 0xC0FFEE)
        try expect(try await one.leases(), [], "no leases")
        _ = try await one.register(acquires: ["b", "a"]) { round in
            round.node.host = "größe"
            round.node.pid = 42
            round.node.startedAt = .at(7)
            round.node.configuration = "v1"
            round.node.configuredAt = .at(8)
            round.node.subscriptions = 2
            round.node.lag = .milliseconds(1500)
        }
        let nodes = try await one.nodes()
        var record = NodeRecord(id: one.id, host: "größe", pid: 42, startedAt: .at(7), configuration: "v1")
        record.configuredAt = .at(8)
        record.subscriptions = 2
        record.lag = .milliseconds(1500)
        try expect(nodes.map(\.record), [record], "the record as it was written")
        try expect(nodes.allSatisfy { $0.expiresIn > .zero && $0.expiresIn <= .seconds(3600) }, "alive")
        let leases = ["a", "b"].map { Lease(subscription: $0, node: one.id) }
        try expect(try await one.leases(), leases, "leases by subscription")
        _ = try await one.round { $0.length = .zero }
        try expect(try await one.nodes().allSatisfy { $0.expiresIn <= .zero }, "expired, and not removed yet")
    }
}

/// A node with short words for what the checks let it do.
struct LeaseDriver: Sendable {
    let driver: StoreDriver
    let id: NodeID

    init(_ driver: StoreDriver, process: UInt64, term: Int = 1) {
        self.driver = driver
        id = NodeID(process: process, term: term)
    }

    private var store: any LeaseStore {
        get throws {
            guard let store = driver.store as? any LeaseStore else {
                throw StoreConformance.Failure(description: "the store knows no leases")
            }
            return store
        }
    }

    func round(_ fill: (inout LeaseRound) -> Void = { _ in }) async throws -> LeaseRoundResult {
        var round = LeaseRound(node: NodeRecord(id: id), length: .seconds(3600))
        fill(&round)
        let store = try store
        return try await withCheckedContinuation { continuation in
            store.hold(round) { continuation.resume(returning: $0) }
        }.get()
    }

    func register(
        acquires names: [String] = [],
        _ fill: (inout LeaseRound) -> Void = { _ in }
    ) async throws -> LeaseRoundResult {
        try await round { round in
            round.registers = true
            round.acquires = names
            fill(&round)
        }
    }

    func nodes() async throws -> [LivingNode] { try await store.nodes() }

    func leases() async throws -> [Lease] { try await store.leases() }

    /// Commits a batch as this node.
    func commit(_ fill: (inout StoreBatch) -> Void) async throws -> StoreBatchResult {
        try await driver.commit { batch in
            batch.node = id
            fill(&batch)
        }
    }
}
