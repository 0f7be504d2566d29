internal import WebhookCore

extension StoreConformance {
    static let cancelChecks: [Check] = [
        Check("events that wait for their fan-out are cancelled", cancelsEvents),
        Check("deliveries that wait are cancelled, others are too late", cancelsDeliveries),
        Check("all of a subscription is cancelled", cancelsSubscription),
    ]

    static func cancelsEvents(_ driver: StoreDriver) async throws {
        let event = Event.sample("e1", deliverAt: .at(500))
        _ = try await driver.acceptPending(event)
        let result = try await driver.store.cancel(
            events: ["e1", "e9"],
            deliveries: [],
            subscription: nil,
            at: .at(7)
        )
        try expect(result, CancelResult(events: ["e1"], unknown: ["e9"]), "the event, and an unknown one")
        let read = try await driver.read { reads in
            reads.pendingEvents = 5
            reads.pendingEventsDueBy = .at(1_000)
        }
        try expect(read.pendingEvents, [], "it waits no more")
        try expect(read.nextEventDue, nil, "nothing is due")
        let again = try await driver.store.cancel(events: ["e1"], deliveries: [], subscription: nil, at: .at(8))
        try expect(again, CancelResult(), "cancelled before: nothing to do, and not too late")
        guard case .duplicate = try await driver.store.append(event, target: nil) else {
            throw Failure(description: "a cancelled event is still known by its id")
        }
    }

    static func cancelsDeliveries(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(
            .sample("e1"),
            [.pending("a"), .claimed("b"), .claimed("c"), .claimed("d")]
        )
        _ = try await driver.record(ids[1], status: 500, error: .status, next: .waiting(until: .at(30)))
        _ = try await driver.record(ids[2], status: 200, next: .settled(.delivered))
        let single = try await driver.acceptOne("e2", .pending("a"))
        let nothing = Delivery.ID(rawValue: single.rawValue + 1)
        let result = try await driver.store.cancel(
            events: ["e1"],
            deliveries: [single, ids[2], nothing],
            subscription: nil,
            at: .at(40)
        )
        try expect(result.deliveries.sorted(), [ids[0], ids[1], single], "cancelled")
        try expect(result.tooLate.sorted(), [ids[2], ids[3]].map(\.description).sorted(), "too late, once each")
        try expect(result.unknown, [nothing.description], "unknown")
        try expect(result.events, [], "the event was fanned out")
        let waiting = try await driver.delivery(ids[1])
        try expect(waiting.state, .cancelled, "state")
        try expect(waiting.settledAt, .at(40), "settled")
        try expect(waiting.nextAttemptAt, nil, "next attempt")
        try expect(waiting.lastError, .status, "the last attempt's error stays")
        try expect(try await driver.delivery(ids[0]).lastError, nil, "never attempted: no error")
        try expect(try await driver.delivery(ids[3]).state, .inFlight, "one in flight stays")
        let refill = try await driver.read { $0.refills = [Refill(subscription: "a", after: nil, limit: 9)] }
        try expect(refill.refills, [[]], "nothing waits any more")
    }

    static func cancelsSubscription(_ driver: StoreDriver) async throws {
        let ids = try await driver.accept(
            .sample("e1"),
            [.pending("a"), .claimed("a"), .claimed("a"), .pending("b"), .pending("a", dueAt: .at(99))]
        )
        _ = try await driver.record(ids[1], status: 200, next: .settled(.delivered))
        let result = try await driver.store.cancel(events: [], deliveries: [], subscription: "a", at: .at(40))
        let expected = CancelResult(deliveries: [ids[0], ids[4]], tooLate: [ids[2].description])
        try expect(result, expected, "what waits is cancelled, what is in flight is too late")
        try expect(try await driver.delivery(ids[3]).state, .pending, "another subscription's stays")
        let none = try await driver.store.cancel(events: [], deliveries: [], subscription: "nobody", at: .at(40))
        try expect(none, CancelResult(), "an unknown subscription")
    }
}
