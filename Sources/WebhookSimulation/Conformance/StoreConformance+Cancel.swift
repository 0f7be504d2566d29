internal import WebhookCore

extension StoreConformance {
    static let cancelChecks: [Check] = [
        Check("events that wait for their fan-out are cancelled", cancelsEvents),
        Check("deliveries that wait are cancelled, settled ones are too late", cancelsDeliveries),
        Check("after a cancellation in flight no retry follows", cancelsInFlight),
        Check("engines are told whose deliveries wait no more", tellsOfCancellations),
        Check("all of a subscription is cancelled", cancelsSubscription),
        Check("what a disabling has cancelled can be cancelled by hand", cancelsMissed),
        Check("ids and a subscription mean what both name", cancelsBoth),
        Check("a subscription's share of events that were not matched yet is cancelled", cancelsUnmatched),
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
        try expect(again, CancelResult(alreadyCancelled: ["e1"]), "cancelled before: nothing to do, and not too late")
        let share = try await driver.store.cancel(events: ["e1"], deliveries: [], subscription: "a", at: .at(8))
        try expect(share, CancelResult(alreadyCancelled: ["e1"]), "so is every subscription's share of it")
        _ = try await driver.acceptPending(.sample("e2"))
        let twice = try await driver.store.cancel(events: ["e2", "e2"], deliveries: [], subscription: nil, at: .at(9))
        try expect(twice, CancelResult(events: ["e2"]), "given twice")
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
        let settled = CancelResult.Missed(delivery: ids[2], subscription: "c", state: .delivered, settledAt: .at(20))
        try expect(result.tooLate, [settled], "too late, once, and why")
        let underWay = CancelResult.Missed(delivery: ids[3], subscription: "d", state: .inFlight)
        try expect(result.underWay, [underWay], "under way")
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
        let inFlight = CancelResult.Missed(delivery: ids[2], subscription: "a", state: .inFlight)
        let expected = CancelResult(deliveries: [ids[0], ids[4]], underWay: [inFlight])
        try expect(result, expected, "what waits is cancelled, what is in flight will be")
        try expect(try await driver.delivery(ids[3]).state, .pending, "another subscription's stays")
        let none = try await driver.store.cancel(events: [], deliveries: [], subscription: "nobody", at: .at(40))
        try expect(none, CancelResult(), "an unknown subscription")
        let again = try await driver.store.cancel(events: ["e1"], deliveries: [ids[0]], subscription: "a", at: .at(41))
        try expect(again.alreadyCancelled, [ids[0], ids[4]].map(\.description), "cancelled before, once each")
        try expect(again.outcome, .tooLate, "what has settled otherwise is worse to know")
    }

    static func cancelsInFlight(_ driver: StoreDriver) async throws {
        let starts = Array(repeating: NewDelivery.claimed("a"), count: 7)
        let ids = try await driver.accept(.sample("e1"), starts)
        for _ in 0..<2 {
            let result = try await driver.store.cancel(events: ["e1"], deliveries: ids, subscription: "a", at: .at(15))
            try expect(result.underWay.map(\.delivery), ids, "under way, once each, asked for again too")
        }
        let outcomes = [
            try await driver.record(ids[0], status: 503, error: .status, next: .waiting(until: .at(30))),
            try await driver.record(ids[1], status: 500, error: .status, next: .settled(.failed)),
            try await driver.record(ids[2], status: 200, next: .settled(.delivered)),
            try await driver.record(ids[3], error: .timeout, next: .settled(.unknown)),
            try await driver.record(ids[4], status: 500, error: .status, next: .settled(.cancelled)),
            try await driver.record(ids[5], error: .disabled, next: .settled(.cancelled)),
            try await driver.record(ids[6], number: 2, status: 200, next: .settled(.delivered)),
        ]
        let expected: [AttemptWriteResult] = [
            .cancelled, .cancelled, .recorded, .recorded, .recorded, .recorded, .refused,
        ]
        let what = "a retry, a failure, a success, unknown, a disabling, one before the request left, another attempt"
        try expect(outcomes, expected, what)
        var deliveries: [Delivery] = []
        for id in ids { deliveries.append(try await driver.delivery(id)) }
        let states: [DeliveryState] = [.cancelled, .cancelled, .delivered, .unknown, .cancelled, .cancelled, .inFlight]
        try expect(deliveries.map(\.state), states, "states")
        let errors: [FailureKind?] = [.status, .status, nil, .timeout, .status, nil, nil]
        try expect(
            deliveries.map(\.lastError),
            errors,
            "the attempts' errors, and never that they may come back: a person has withdrawn them"
        )
        try expect(deliveries[0].lastStatus, 503, "status")
        try expect(deliveries[0].nextAttemptAt, nil, "no retry")
        try expect(deliveries[0].settledAt, .at(20), "settled when the attempt ended")
        try expect(try await driver.store.attempts(of: ids[0]).count, 1, "the attempt is on record")
        try expect(try await driver.claim(ids[0], number: 2), .refused, "a claim of a retry")
        let again = try await driver.store.insertRetriggers([Retrigger(delivery: ids[0])], at: .at(50))
        _ = try await driver.claim(again.made[0].id)
        let repeated = try await driver.record(again.made[0].id, error: .dns, next: .waiting(until: .at(60)))
        try expect(repeated, .recorded, "what is sent again is not cancelled")
        try expect(try await driver.store.integrityProblems(), [], "problems")
    }

    static func tellsOfCancellations(_ driver: StoreDriver) async throws {
        _ = try await driver.accept(.sample("e1"), [.pending("a"), .pending("b"), .claimed("c")])
        _ = try await driver.accept(.sample("e2"), [.pending("d")])
        _ = try await driver.store.cancel(events: ["e1"], deliveries: [], subscription: "a", at: .at(15))
        let first = try await driver.store.health().filter { $0.retries > 0 }.map(\.subscription)
        try expect(first, ["a"], "of one subscription")
        _ = try await driver.store.cancel(events: ["e1"], deliveries: [], subscription: nil, at: .at(15))
        _ = try await driver.store.cancel(events: [], deliveries: [], subscription: "d", at: .at(15))
        let told = try await driver.store.health().filter { $0.retries > 0 }.map(\.subscription)
        try expect(told, ["a", "b", "d"], "whose deliveries wait no more")
    }

    static func cancelsMissed(_ driver: StoreDriver) async throws {
        let byID = try await driver.accept(.sample("e1"), [.pending("a"), .pending("b"), .claimed("a")])
        _ = try await driver.record(byID[2], status: 410, error: .status, next: .settled(.cancelled))
        let whole = try await driver.accept(.sample("e2"), [.pending("a"), .claimed("b"), .pending("b")])
        _ = try await driver.record(whole[1], status: 503, error: .status, next: .waiting(until: .at(30)))
        _ = try await driver.commit { batch in
            batch.openCancellations = ["a", "b"].map { OpenCancellation(subscription: $0, limit: 9, at: .at(40)) }
        }
        for id in byID + whole { try expect(try await driver.delivery(id).lastError, .disabled, "\(id) before") }
        let told = try await driver.store.health().map(\.retries)

        func cancel(_ events: [String], _ deliveries: [Delivery.ID], _ name: String?) async throws -> CancelResult {
            try await driver.store.cancel(events: events, deliveries: deliveries, subscription: name, at: .at(50))
        }
        try expect(try await cancel([], [byID[1]], nil), CancelResult(deliveries: [byID[1]]), "a delivery")
        try expect(try await cancel(["e1"], [], "a").deliveries, [byID[0], byID[2]], "a subscription's of an event")
        try expect(try await cancel(["e2"], [], nil).deliveries.sorted().first, whole[0], "an event's")
        try expect(try await driver.store.health().map(\.retries), told, "nothing waited")
        let rest = try await driver.accept(.sample("e3"), [.pending("a"), .pending("b"), .pending("a")])
        _ = try await driver.commit { batch in
            batch.openCancellations = [OpenCancellation(subscription: "a", limit: 1, at: .at(60))]
        }
        try expect(try await cancel([], [], "a").deliveries.sorted(), [rest[0], rest[2]], "all of a subscription")
        for id in byID + whole + [rest[0]] {
            let delivery = try await driver.delivery(id)
            try expect(delivery.state, .cancelled, "\(id)")
            try expect(delivery.lastError, nil, "\(id): its error")
            try expect(delivery.settledAt.map { $0 < .at(50) || id == rest[0] }, true, "\(id): when it settled")
        }
        try expect(try await driver.delivery(whole[1]).lastStatus, 503, "the last answer's status")
        let again = try await cancel(["e1", "e2"], byID, nil)
        try expect(again.alreadyCancelled.count, byID.count + whole.count, "cancelled by hand before: nothing to do")
        try expect(again.outcome, .alreadyCancelled, "and nothing else is said of it")
        try expect(try await driver.delivery(rest[1]).state, .pending, "another subscription's")
        var query = DeliveryQuery(states: [.cancelled])
        query.errors = [.disabled]
        try expect(try await driver.store.deliveries(query), [], "nothing is left that was missed")
    }

    static func cancelsBoth(_ driver: StoreDriver) async throws {
        let first = try await driver.accept(.sample("e1"), [.pending("a"), .pending("b")])
        let second = try await driver.accept(.sample("e2"), [.pending("a"), .pending("b")])
        let waiting = try await driver.acceptPending(.sample("e3"))
        let other = try await driver.acceptPending(.sample("e4"))
        let result = try await driver.store.cancel(
            events: ["e1", "e3"],
            deliveries: [second[1]],
            subscription: "a",
            at: .at(40)
        )
        let expected = CancelResult(
            deliveries: [first[0]],
            unknown: [second[1].description],
            unmatchedEvents: 1
        )
        try expect(result, expected, "the event's delivery to the subscription; no other's delivery")
        for id in [first[1], second[0], second[1]] {
            try expect(try await driver.delivery(id).state, .pending, "\(id) stays")
        }
        let none = try await driver.store.cancel(events: ["e2"], deliveries: [], subscription: "c", at: .at(40))
        try expect(none, CancelResult(unknown: ["e2"]), "an event that the subscription has nothing of")
        let done = try await driver.commit { batch in
            batch.fanOuts = [
                fanOut(waiting, [.pending("b"), .claimed("a")]), fanOut(other, [.claimed("a")]),
            ]
        }
        try expect(cancelled(done), [[1], []], "of the event that waited, that subscription's alone")
    }

    static func cancelsUnmatched(_ driver: StoreDriver) async throws {
        let waiting = try await driver.acceptPending(.sample("e1"))
        let scheduled = try await driver.acceptPending(.sample("e2", deliverAt: .at(500)))
        let other = try await driver.acceptPending(.sample("e3"), target: "b")
        let result = try await driver.store.cancel(events: [], deliveries: [], subscription: "a", at: .at(40))
        try expect(result, CancelResult(unmatchedEvents: 2), "those that are due later too, others' tests not")
        let later = try await driver.acceptPending(.sample("e4"), at: .at(41))
        let done = try await driver.commit { batch in
            batch.fanOuts = [
                fanOut(waiting, [.pending("b"), .claimed("a")]), fanOut(other, [.claimed("b")]),
                fanOut(later, [.claimed("a")]),
            ]
        }
        try expect(cancelled(done), [[1], [], []], "of an event that waited, that subscription's alone")
        guard case .stored(let ids, _) = done.fanOuts[0] else { throw Failure(description: "not fanned out") }
        try expect(try await driver.delivery(ids[0]).state, .pending, "another subscription's")
        let delivery = try await driver.delivery(ids[1])
        try expect(delivery.state, .cancelled, "the cancelled one's state")
        try expect(delivery.attempts, 0, "its attempts")
        try expect(delivery.lastError, nil, "its error")
        try expect(try await driver.claim(ids[1]), .refused, "a claim of it")

        let due = try await driver.commit { $0.fanOuts = [fanOut(scheduled, [.pending("a")])] }
        try expect(cancelled(due), [[0]], "an event that was due later")
        let fresh = try await driver.acceptPending(.sample("e5"), at: .at(600))
        let last = try await driver.commit { $0.fanOuts = [fanOut(fresh, [.pending("a")])] }
        try expect(cancelled(last), [[]], "an event of after the cancellation")
    }

    private static func fanOut(_ event: Int64, _ deliveries: [NewDelivery]) -> FanOut {
        FanOut(event: event, createdAt: .at(50), deliveries: NewDeliveries(bodies: ["body"], deliveries: deliveries))
    }

    private static func cancelled(_ result: StoreBatchResult) -> [Set<Int>?] {
        result.fanOuts.map { if case .stored(_, let cancelled) = $0 { cancelled } else { nil } }
    }
}
