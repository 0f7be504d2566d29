internal import WebhookCore

extension StoreConformance {
    static let claimChecks: [Check] = [
        Check("a claim makes a delivery in flight and brings its body", claims),
        Check("a claim is refused unless the delivery waits for that attempt", refusesClaims),
        Check("deliveries in flight are listed after a crash", listsInterrupted),
    ]

    static func claims(_ driver: StoreDriver) async throws {
        let id = try await driver.acceptOne("e1", .pending("a"))
        let other = try await driver.acceptOne("e2", .pending("a"))
        let result = try await driver.commit { batch in
            batch.claims = [
                Claim(delivery: id, number: 1, at: .at(5), needsBody: true),
                Claim(delivery: other, number: 1, at: .at(6), needsBody: false),
            ]
        }
        try expect(result.claims, [.claimed(body: "body"), .claimed(body: nil)], "claims")
        let delivery = try await driver.delivery(id)
        try expect(delivery.state, .inFlight, "state")
        try expect(delivery.attempts, 1, "attempts")
        try expect(delivery.nextAttemptAt, nil, "next attempt")

        _ = try await driver.record(id, error: .connect, next: .waiting(until: .at(50)))
        try expect(try await driver.claim(id, number: 2), .claimed(body: "body"), "the second attempt's claim")
        try expect(try await driver.delivery(id).attempts, 2, "attempts")
    }

    static func refusesClaims(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(.sample("e1"), (1...4).map { .pending("s\($0)") } + [.claimed("s5")])
        _ = try await driver.store.cancel(events: [], deliveries: [ids[0]], subscription: nil, at: .at(1))
        _ = try await driver.commit { batch in
            batch.settlements = [
                Settlement(delivery: ids[1], state: .failed, error: .template, detail: nil, at: .at(1))
            ]
        }
        let before = try await driver.store.deliveries(DeliveryQuery())
        let cases: [(Delivery.ID, Int, String)] = [
            (ids[0], 1, "cancelled"), (ids[1], 1, "settled"), (ids[2], 2, "a number too high"),
            (ids[3], 0, "a number too low"), (ids[4], 1, "in flight already"), (ids[4], 2, "in flight"),
            (Delivery.ID(rawValue: ids[4].rawValue + 1), 1, "unknown"),
        ]
        for (id, number, why) in cases {
            try expect(try await driver.claim(id, number: number), .refused, why)
        }
        try expect(try await driver.store.deliveries(DeliveryQuery()), before, "refused claims change nothing")

        let twice = try await driver.commit { batch in
            let claim = Claim(delivery: ids[2], number: 1, at: .at(2), needsBody: false)
            batch.claims = [claim, claim]
        }
        try expect(twice.claims, [.claimed(body: nil), .refused], "the same claim twice in a batch")
    }

    static func listsInterrupted(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(.sample("e1", tenant: "t"), [.claimed("a", at: .at(7)), .pending("b")])
        let second = try await driver.acceptOne("e2", .pending("a"))
        _ = try await driver.claim(second)
        _ = try await driver.record(second, error: .status, next: .waiting(until: .at(30)))
        _ = try await driver.claim(second, number: 2, at: .at(40))
        let read = try await driver.read { $0.interrupted = true }
        try expect(read.interrupted.map(\.delivery.id), [ids[0], second], "deliveries in flight, by id")
        let found = read.interrupted.map { [$0.claimedAt, $0.delivery.dueAt] }
        try expect(found, [[.at(7), .at(7)], [.at(40), .at(40)]], "when they were claimed")
        try expect(read.interrupted.map(\.delivery.attempts), [1, 2], "attempts, the interrupted one included")
        try expect(read.interrupted.first?.delivery.event.tenant, "t", "the event's tenant")
        _ = try await driver.record(ids[0], error: .interrupted, next: .waiting(until: .at(60)))
        let after = try await driver.read { $0.interrupted = true }
        try expect(after.interrupted.map(\.delivery.id), [second], "once one of them is recorded")
        try expect(try await driver.read { _ in }.interrupted, [], "nothing is read that was not asked for")
    }
}
