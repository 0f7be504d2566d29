internal import WebhookCore

extension StoreConformance {
    static let backlogChecks: [Check] = [
        Check("what stands in the order behind one that is tried again is neither due nor late", countsWhatIsBehind)
    ]

    static func countsWhatIsBehind(_ driver: StoreDriver) async throws {
        // Nobody asks a store in memory how much waits.
        guard let store = driver.store as? any WebhookStore else { return }
        let ids = try await driver.accept(.sample("e1"), [.inOrder("a"), .inOrder("b")])
        let first = ids[0]
        let others = [
            try await driver.acceptOne("e2", .inOrder("a"), at: .at(10)),
            try await driver.acceptOne("e3", .inOrder("a"), at: .at(1_000)),
        ]
        func check(_ due: Int, _ late: Int, since: Timestamp?, behind: [Delivery.ID], _ what: String) async throws {
            let backlog = try await store.backlog(at: .at(5_000), late: .at(500))
            guard let a = backlog.subscriptions.first(where: { $0.name == "a" }) else {
                throw Failure(description: "\(what): it has open deliveries")
            }
            try expect([a.due, a.late, a.behind], [due, late, behind.count], what)
            try expect(a.oldestDueAt, since, "\(what): the oldest")
            try expect(try await store.deliveriesBehind(among: ids + others), Set(behind), "\(what): behind")
            let b = backlog.subscriptions.first { $0.name == "b" }
            try expect([b?.due, b?.late, b?.behind], [1, 1, 0], "\(what): another subscription")
        }
        try await check(3, 2, since: .at(0), behind: [], "before the first attempt")
        _ = try await driver.claim(first, at: .at(20))
        try await check(2, 1, since: .at(10), behind: [], "during the first attempt")
        _ = try await driver.record(
            first,
            startedAt: .at(20),
            status: 503,
            error: .status,
            next: .waiting(until: .at(9_000))
        )
        try await check(0, 0, since: nil, behind: others, "before the retry")
        _ = try await driver.claim(first, number: 2, at: .at(9_000))
        try await check(0, 0, since: nil, behind: others, "during the retry")
        _ = try await driver.record(
            first,
            number: 2,
            startedAt: .at(9_000),
            status: 503,
            error: .status,
            next: .waiting(until: .at(4_000))
        )
        try await check(1, 0, since: .at(4_000), behind: others, "the retry is due")
        _ = try await driver.claim(first, number: 3, at: .at(9_000))
        _ = try await driver.record(first, number: 3, startedAt: .at(9_000), status: 200, next: .settled(.delivered))
        try await check(2, 1, since: .at(10), behind: [], "once it has settled")
    }
}
