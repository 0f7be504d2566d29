internal import WebhookCore

extension StoreConformance {
    static let durabilityChecks: [Check] = [
        Check("what was committed is there for the next connection", survives),
        Check("another connection's writes are noticed, own ones are not", noticesExternalWrites),
        Check("a failed batch changes nothing and may be tried again", isAtomic),
        Check("a trial is committed, and changes nothing", triesWriting),
        Check("batches are applied in the order of the calls", keepsOrder),
        Check("batches that a transaction takes are applied in order, and each is answered", takesBatches),
        Check("batches that a transaction has taken fail together", failsTogether),
    ]

    static func survives(_ harness: Harness) async throws {
        let driver = StoreDriver(store: try await harness.open())
        let ids = try await driver.accept(.sample("e1", tenant: "t"), [.pending("a"), .claimed("b")])
        let gone = SubscriptionHealth.Disabled(cause: .gone, at: .at(3))
        _ = try await driver.commit { $0.health = [SubscriptionHealth(subscription: "a", disabled: gone)] }
        let next = StoreDriver(store: try await harness.connect(driver.store))
        try expect(try await next.delivery(ids[0]), try await driver.delivery(ids[0]), "a delivery")
        try expect(try await next.store.event("e1"), .sample("e1", tenant: "t"), "an event")
        try expect(try await next.store.health().map(\.disabled), [gone], "health")
        try expect(try await next.read { $0.interrupted = true }.interrupted.map(\.delivery.id), [ids[1]], "in flight")
        try expect(try await next.claim(ids[0]), .claimed(body: "body"), "a claim by the next one")
        try expect(try await driver.claim(ids[0]), .refused, "a claim by the one before")
    }

    static func noticesExternalWrites(_ harness: Harness) async throws {
        let driver = StoreDriver(store: try await harness.open())
        let other = StoreDriver(store: try await harness.connect(driver.store))
        _ = await driver.hasExternalWrites()
        try expect(await driver.hasExternalWrites(), false, "nothing was written")
        try await driver.accept(.sample("e1"), [.pending("a")])
        _ = try await driver.store.append(.sample("e2"), target: nil)
        try expect(await driver.hasExternalWrites(), false, "own writes")
        _ = try await other.store.append(.sample("e3"), target: nil)
        try expect(await driver.hasExternalWrites(), true, "another connection's write")
        try expect(await driver.hasExternalWrites(), false, "told already")
        _ = try await other.store.events(EventQuery())
        _ = try await other.read { $0.health = true }
        try expect(await driver.hasExternalWrites(), false, "another connection's reading")
        _ = try await other.store.append(.sample("e4"), target: nil)
        try await driver.accept(.sample("e5"), [.pending("a")])
        try expect(await driver.hasExternalWrites(), true, "another connection's write before an own one")
        let read = try await driver.read { reads in
            reads.pendingEvents = 9
            reads.pendingEventsDueBy = Timestamp(milliseconds: .max)
        }
        try expect(read.pendingEvents.map(\.event.id), ["e2", "e3", "e4"], "what was appended")
    }

    static func isAtomic(_ harness: Harness) async throws {
        guard let sabotage = harness.sabotage, let repair = harness.repair else { return }
        let driver = StoreDriver(store: try await harness.open())
        let ids = try await driver.accept(.sample("e1"), [.pending("a"), .pending("b")])
        let before = try await driver.store.deliveries(DeliveryQuery())
        var batch = StoreBatch()
        let large = ByteString(Array(repeating: 0x20, count: 2_000_000))
        let new = NewDeliveries(bodies: [large], deliveries: [.pending("new", body: 0)])
        batch.settlements = [Settlement(delivery: ids[0], state: .cancelled, error: nil, detail: nil, at: .at(1))]
        batch.health = [SubscriptionHealth(subscription: "fresh", hasSucceeded: true)]
        batch.acceptances = [Acceptance(event: .sample("e2"), createdAt: .at(2), deliveries: new)]
        batch.claims = [Claim(delivery: ids[1], number: 1, at: .at(3), needsBody: true)]

        try await sabotage(driver.store)
        for _ in 0..<2 {
            guard case .failure = await driver.attempt(batch) else {
                throw Failure(description: "the batch was committed in spite of the sabotage")
            }
        }
        try expect(try await driver.store.deliveries(DeliveryQuery()), before, "deliveries are as before")
        try expect(try await driver.store.event("e2"), nil, "the event is not there")
        try expect(try await driver.store.health(), [], "health is as before")
        try await repair(driver.store)

        let result = try await driver.attempt(batch).get()
        try expect(result.settlements, [true], "the settlement, tried again")
        try expect(result.claims, [.claimed(body: "body")], "the claim, tried again")
        guard case .stored(_, let stored) = result.acceptances[0] else {
            throw Failure(description: "the event was not stored when tried again")
        }
        try expect(try await driver.delivery(stored[0]).subscription, "new", "the new delivery")
        try expect(try await driver.store.integrityProblems(), [], "problems")
    }

    static func takesBatches(_ driver: StoreDriver) async throws {
        let id = try await driver.acceptOne("e1", .pending("a"))
        let numbers = 1...5
        let feed = BatchFeed(
            numbers.flatMap { number in
                var claim = StoreBatch()
                claim.claims = [Claim(delivery: id, number: number, at: .at(1), needsBody: false)]
                var result = StoreBatch()
                result.results = [.failed(id, number: number)]
                return [claim, result]
            }
        )
        var results: [StoreBatchResult] = []
        while !feed.isEmpty { results += try await driver.attempt { feed.take() }.get() }
        try expect(results.flatMap(\.claims), numbers.map { _ in .claimed(body: nil) }, "claims")
        try expect(results.flatMap(\.results), numbers.map { _ in .recorded }, "results")
        try expect(try await driver.attempt { nil }.get().count, 0, "nothing was there to take")
        try expect(try await driver.delivery(id).attempts, 5, "attempts")
    }

    static func failsTogether(_ harness: Harness) async throws {
        guard let sabotage = harness.sabotage, let repair = harness.repair else { return }
        let driver = StoreDriver(store: try await harness.open())
        let id = try await driver.acceptOne("e1", .pending("a"))
        let before = try await driver.store.deliveries(DeliveryQuery())
        var claim = StoreBatch()
        claim.claims = [Claim(delivery: id, number: 1, at: .at(1), needsBody: false)]
        let large = ByteString(Array(repeating: 0x20, count: 2_000_000))
        let new = NewDeliveries(bodies: [large], deliveries: [.pending("new", body: 0)])
        var acceptance = StoreBatch()
        acceptance.acceptances = [Acceptance(event: .sample("e2"), createdAt: .at(2), deliveries: new)]
        try await sabotage(driver.store)
        for _ in 0..<2 {
            let feed = BatchFeed([claim, acceptance])
            guard case .failure = await driver.attempt(next: { feed.take() }) else {
                throw Failure(description: "the batches were committed in spite of the sabotage")
            }
        }
        try await repair(driver.store)
        try expect(try await driver.store.deliveries(DeliveryQuery()), before, "deliveries are as before")
        try expect(try await driver.claim(id), .claimed(body: "body"), "the claim, tried again")
    }

    static func triesWriting(_ driver: StoreDriver) async throws {
        _ = try await driver.acceptOne("e1", .pending("a"))
        let before = try await driver.store.deliveries(DeliveryQuery())
        _ = try await driver.commit { $0.isTrial = true }
        try expect(try await driver.store.deliveries(DeliveryQuery()), before, "deliveries")
        try expect(try await driver.store.integrityProblems(), [], "problems")
    }

    static func keepsOrder(_ driver: StoreDriver) async throws {
        let id = try await driver.acceptOne("e1", .pending("a"))
        let order = Recorder()
        await withCheckedContinuation { continuation in
            for number in 1...20 {
                var claim = StoreBatch()
                claim.claims = [Claim(delivery: id, number: number, at: .at(1), needsBody: false)]
                driver.store.commit(claim) { result in
                    order.append((try? result.get().claims.first) == .claimed(body: nil))
                }
                var result = StoreBatch()
                result.results = [.failed(id, number: number)]
                driver.store.commit(result) { result in
                    order.append((try? result.get().results.first) == .recorded)
                    if number == 20 { continuation.resume() }
                }
            }
        }
        try expect(order.values, Array(repeating: true, count: 40), "claims and results, alternating")
    }
}

extension AttemptWrite {
    /// An attempt that failed and is to be repeated at once.
    fileprivate static func failed(_ id: Delivery.ID, number: Int) -> AttemptWrite {
        var attempt = Attempt(number: number, startedAt: .at(1), url: "", requestHeaders: [], requestBody: "")
        attempt.outcome = .failed
        return AttemptWrite(
            delivery: id,
            attempt: attempt,
            uncountedAttempts: 0,
            interruptions: 0,
            next: .waiting(until: .at(1))
        )
    }
}
