internal import WebhookCore

/// Deliveries in flight of subscriptions that nobody serves any more.
extension StoreConformance {
    static func readsAbandoned(_ driver: StoreDriver) async throws {
        let (one, other) = (LeaseDriver(driver, process: 1), LeaseDriver(driver, process: 2))
        _ = try await one.register(acquires: ["a", "b"])
        _ = try await other.register(acquires: ["c"])
        let deliveries: [NewDelivery] = [.claimed("a", at: .at(7)), .claimed("b"), .pending("b"), .claimed("a")]
        func store(_ node: LeaseDriver, _ id: String, _ deliveries: [NewDelivery]) async throws -> [Delivery.ID] {
            let new = NewDeliveries(bodies: ["body"], deliveries: deliveries)
            let stored = try await node.commit {
                $0.acceptances = [Acceptance(event: .sample(id), createdAt: .at(1), deliveries: new)]
            }
            guard case .stored(_, let ids)? = stored.acceptances.first else {
                throw Failure(description: "\(id) is not stored")
            }
            return ids
        }
        let ids = try await store(one, "e1", deliveries)
        _ = try await store(other, "e2", [.claimed("c")])
        func read(_ node: LeaseDriver?, atMost count: Int = 9) async throws -> [Delivery.ID] {
            let result = try await driver.commit { batch in
                batch.node = node?.id
                batch.reads.abandoned = count
            }
            return result.reads.abandoned.map(\.delivery.id)
        }
        try expect(try await read(other), [], "somebody serves them")
        // It has expired: whoever asks finds it dead.
        _ = try await one.round { $0.length = .zero }
        try expect(try await read(other), [ids[0], ids[1], ids[3]], "what it has left in flight, by id")
        try expect(try await one.round().stands, false, "its term is over")
        try expect(try await read(nil, atMost: 2), [ids[0], ids[1]], "some of it, for a command")
        let claim = Claim(delivery: ids[2], number: 1, at: .at(9), needsBody: false)
        try expect(try await one.commit { $0.claims = [claim] }.claims, [.refused], "it claims nothing any more")
        try expect(try await read(nil), [ids[0], ids[1], ids[3]], "once more")

        // Interrupted by whoever comes first, and once.
        var attempt = Attempt(number: 1, startedAt: .at(7), url: "", requestHeaders: [], requestBody: .empty)
        (attempt.outcome, attempt.error, attempt.finishedAt) = (.unknown, .interrupted, .at(9))
        let write = AttemptWrite(
            delivery: ids[0],
            attempt: attempt,
            uncountedAttempts: 1,
            interruptions: 1,
            next: .waiting(until: .at(10))
        )
        try expect(try await driver.commit { $0.results = [write] }.results, [.recorded], "interrupted")
        try expect(try await one.commit { $0.results = [write] }.results, [.refused], "too late")
        try expect(try await driver.delivery(ids[0]).state, .waiting, "it waits for whoever serves it again")
        _ = try await other.round { $0.acquires = ["b"] }
        try expect(try await read(nil), [ids[3]], "what is acquired is its new owner's")
        _ = try await other.round { $0.leaves = true }
        let open = try await driver.commit { $0.reads.abandoned = 9 }.reads.abandoned
        try expect(open.map(\.delivery.subscription), ["b", "a", "c"], "nobody is left")
    }
}
