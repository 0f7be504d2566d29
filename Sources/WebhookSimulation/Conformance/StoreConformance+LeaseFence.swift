internal import WebhookCore

extension StoreConformance {
    static let leaseFenceChecks: [Check] = [
        Check("a node claims what it holds, and nothing else", fencesClaims),
        Check("what would be claimed with its insert waits where its lease is another's", fencesInserts),
        Check("a node decides nothing about what it doesn't hold", fencesDecisions),
        Check("who acquires a lease reads what was in flight and what is open of it", readsAcquired),
        Check("the result of an attempt is recorded once, whoever comes with it", recordsOnce),
        Check("what dead nodes have left in flight and nobody serves is read", readsAbandoned),
        Check("a first attempt in order waits for what was accepted before", claimsInOrder),
        Check("an event is given to one living node to be fanned out", givesEventsOnce),
    ]

    static func fencesClaims(_ driver: StoreDriver) async throws {
        let (one, other) = (LeaseDriver(driver, process: 1), LeaseDriver(driver, process: 2))
        let ids = try await driver.accept(.sample("e1"), [.pending("a"), .pending("b"), .pending("a")])
        _ = try await one.register(acquires: ["a"])
        func claims(_ ids: [Delivery.ID]) -> [Claim] {
            ids.map { Claim(delivery: $0, number: 1, at: .at(5), needsBody: true) }
        }
        let first = try await one.commit { $0.claims = claims([ids[0], ids[1]]) }
        try expect(first.claims, [.claimed(body: "body"), .refused], "held, and not held")
        try expect(first.unheld, ["b"], "what is not held is named")
        try expect(try await driver.delivery(ids[1]).attempts, 0, "a refused claim changes nothing")
        _ = try await one.round { $0.length = .zero }
        _ = try await other.register(acquires: ["a"])
        let late = try await one.commit { $0.claims = claims([ids[2]]) }
        try expect(late.claims, [.refused], "a dead node's claim")
        try expect(late.unheld, ["a"], "all that it needs")
        let owners = try await other.commit { $0.claims = claims([ids[2]]) }
        try expect(owners.claims, [.claimed(body: "body")], "the owner's")
        try expect(try await other.commit { _ in }.unheld, [], "nothing was needed")
    }

    static func fencesInserts(_ driver: StoreDriver) async throws {
        let one = LeaseDriver(driver, process: 1)
        _ = try await one.register(acquires: ["a"])
        let row = try await driver.acceptPending(.sample("e2"))
        let deliveries: [NewDelivery] = [.claimed("a"), .claimed("b", at: .at(8)), .pending("c")]
        let new = NewDeliveries(bodies: ["body"], deliveries: deliveries)
        let result = try await one.commit { batch in
            batch.acceptances = [Acceptance(event: .sample("e1"), createdAt: .at(1), deliveries: new)]
            batch.fanOuts = [FanOut(event: row, createdAt: .at(1), deliveries: new)]
        }
        try expect(result.unheld, ["b"], "what is not held")
        guard case .stored(_, let accepted)? = result.acceptances.first,
            case .stored(let fannedOut, _)? = result.fanOuts.first
        else { throw Failure(description: "the events are not stored") }
        for ids in [accepted, fannedOut] {
            var states: [DeliveryState] = []
            for id in ids { states.append(try await driver.delivery(id).state) }
            try expect(states, [.inFlight, .pending, .pending], "claimed, and left to the owner")
            try expect(try await driver.delivery(ids[1]).attempts, 0, "not attempted")
            try expect(try await driver.delivery(ids[1]).nextAttemptAt, .at(8), "due when it would have been claimed")
            try expect(try await driver.claim(ids[1]), .claimed(body: "body"), "its body is there")
        }
    }

    static func fencesDecisions(_ driver: StoreDriver) async throws {
        let one = LeaseDriver(driver, process: 1)
        _ = try await one.register(acquires: ["a"])
        let ids = try await driver.accept(.sample("e1"), [.pending("a"), .pending("b")])
        let paused = SubscriptionHealth.Paused(at: .at(1), until: .at(2))
        for name in ["a", "b"] { _ = try await driver.store.setPaused(paused, subscription: name, at: .at(1)) }
        let result = try await one.commit { batch in
            batch.health = ["a", "b"].map { SubscriptionHealth(subscription: $0, failingSince: .at(3)) }
            batch.resumptions = ["a", "b"].map { Resumption(subscription: $0, paused: paused, at: .at(5)) }
            batch.openCancellations = ["a", "b"].map { OpenCancellation(subscription: $0, limit: 5, at: .at(6)) }
        }
        try expect(result.unheld, ["b"], "what is not held")
        try expect(result.openCancellations, [1, 0], "cancelled")
        let states = [try await driver.delivery(ids[0]).state, try await driver.delivery(ids[1]).state]
        try expect(states, [.cancelled, .pending], "open deliveries")
        let health = try await driver.store.health()
        try expect(health.first { $0.subscription == "b" }?.failingSince, nil, "another's health")
        try expect(health.first { $0.subscription == "b" }?.paused, paused, "another's pause")
        try expect(health.first { $0.subscription == "a" }?.paused, nil, "its own pause")
    }

    static func readsAcquired(_ driver: StoreDriver) async throws {
        let (one, other) = (LeaseDriver(driver, process: 1), LeaseDriver(driver, process: 2))
        _ = try await one.register(acquires: ["a", "b", "c"])
        let new = NewDeliveries(
            bodies: ["body"],
            deliveries: [.claimed("a", at: .at(7)), .claimed("b"), .pending("b"), .pending("c"), .claimed("c")]
        )
        let stored = try await one.commit { batch in
            batch.acceptances = [Acceptance(event: .sample("e1"), createdAt: .at(1), deliveries: new)]
        }
        guard case .stored(_, let ids)? = stored.acceptances.first else { throw Failure(description: "not stored") }
        _ = try await one.round { $0.length = .zero }
        _ = try await other.register(acquires: ["a", "b"])
        let read = try await other.commit { $0.reads.acquired = ["a", "b", "unknown"] }.reads
        try expect(read.interrupted.map(\.delivery.id), [ids[0], ids[1]], "in flight")
        try expect(read.interrupted.first?.claimedAt, .at(7), "when it was claimed")
        try expect(read.openSubscriptions, ["b"], "those with open ones")
        for (node, names) in [(one, ["a", "b"]), (other, ["c"])] {
            let late = try await node.commit { $0.reads.acquired = names }
            try expect(late.reads.interrupted.map(\.delivery.id), [], "in flight, and another's")
            try expect(late.reads.openSubscriptions, [], "open, and another's")
            try expect(late.unheld, Set(names), "what is not held")
        }
    }

    static func recordsOnce(_ driver: StoreDriver) async throws {
        let (one, other) = (LeaseDriver(driver, process: 1), LeaseDriver(driver, process: 2))
        _ = try await one.register(acquires: ["a"])
        let id = try await driver.acceptOne("e1", .pending("a"))
        _ = try await one.commit { $0.claims = [Claim(delivery: id, number: 1, at: .at(5), needsBody: false)] }
        _ = try await one.round { $0.length = .zero }
        _ = try await other.register(acquires: ["a"])
        func write(_ number: Int, _ next: AttemptWrite.Next) -> AttemptWrite {
            var attempt = Attempt(number: number, startedAt: .at(5), url: "", requestHeaders: [], requestBody: .empty)
            attempt.outcome = .unknown
            attempt.finishedAt = .at(9)
            return AttemptWrite(delivery: id, attempt: attempt, uncountedAttempts: 0, interruptions: 0, next: next)
        }
        let taken = try await other.commit { $0.results = [write(1, .waiting(until: .at(10)))] }
        try expect(taken.results, [.recorded], "as interrupted, by the new owner")
        let late = try await one.commit { $0.results = [write(1, .settled(.delivered))] }
        try expect(late.results, [.refused], "too late")
        _ = try await other.commit { $0.claims = [Claim(delivery: id, number: 2, at: .at(11), needsBody: false)] }
        let later = try await one.commit { $0.results = [write(1, .settled(.delivered))] }
        try expect(later.results, [.refused], "during the next attempt")
        let own = try await other.commit { $0.results = [write(2, .settled(.delivered))] }
        try expect(own.results, [.recorded], "the owner's own")
        try expect(try await driver.delivery(id).attempts, 2, "attempts")
    }

    static func claimsInOrder(_ driver: StoreDriver) async throws {
        let one = LeaseDriver(driver, process: 1)
        _ = try await one.register(acquires: ["a", "b"])
        let first = try await driver.acceptOne("e1", .inOrder("a"))
        let waiting = try await driver.acceptPending(.sample("e2"))
        let ids = try await driver.accept(.sample("e3"), [.inOrder("a"), .inOrder("b")])
        func claim(_ id: Delivery.ID, number: Int = 1, isOrdered: Bool = true) async throws -> ClaimResult? {
            let claim = Claim(delivery: id, number: number, at: .at(5), needsBody: false, isOrdered: isOrdered)
            return try await one.commit { $0.claims = [claim] }.claims.first
        }
        try expect(try await claim(ids[0]), .behind, "another stands before it")
        try expect(try await claim(ids[1]), .behind, "an event before it waits for its fan-out")
        try expect(try await driver.delivery(ids[1]).attempts, 0, "nothing has changed")
        try expect(try await claim(first), .claimed(body: nil), "the first")
        _ = try await driver.commit { batch in
            let new = NewDeliveries(bodies: ["body"], deliveries: [.inOrder("a")])
            batch.fanOuts = [FanOut(event: waiting, createdAt: .at(6), deliveries: new)]
        }
        try expect(try await claim(ids[1]), .claimed(body: nil), "nothing is before it any more")
        try expect(try await claim(ids[0]), .behind, "what was fanned out late stands before it")
        _ = try await driver.record(first, error: .connect, next: .waiting(until: .at(50)))
        let second = try await driver.store.deliveries(DeliveryQuery()).first { $0.event == "e2" }?.id
        try expect(try await claim(second ?? first), .behind, "one that waits for a retry goes on first")
        try expect(try await claim(first, number: 2, isOrdered: false), .claimed(body: nil), "the retry")
        try expect(try await claim(second ?? first), .claimed(body: nil), "one in flight is the claimer's to know")
        try expect(try await claim(ids[0], isOrdered: false), .claimed(body: nil), "order doesn't matter to it")
    }

    static func givesEventsOnce(_ driver: StoreDriver) async throws {
        let (one, other) = (LeaseDriver(driver, process: 1), LeaseDriver(driver, process: 2))
        _ = try await one.register()
        _ = try await other.register()
        var rows: [Int64] = []
        for number in 1...4 { rows.append(try await driver.acceptPending(.sample("e\(number)"))) }
        func read(_ node: LeaseDriver, _ count: Int) async throws -> [Int64] {
            try await node.commit { $0.reads.pendingEvents = count }.reads.pendingEvents.map(\.row)
        }
        try expect(try await read(one, 2), Array(rows[0..<2]), "the first ones")
        try expect(try await read(other, 9), Array(rows[2..<4]), "the others")
        try expect(try await read(one, 9), Array(rows[0..<2]), "its own once more")
        _ = try await one.round { $0.length = .zero }
        _ = try await other.round()
        try expect(try await read(other, 9), rows, "a dead node's are anybody's")
    }
}
