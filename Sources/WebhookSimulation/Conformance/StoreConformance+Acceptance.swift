internal import WebhookCore

extension StoreConformance {
    static let acceptanceChecks: [Check] = [
        Check("an event is stored with its deliveries, ids in order", acceptsInOrder),
        Check("the same event again is a duplicate, another of its id a conflict", findsDuplicates),
        Check("an occurredAt that either left out doesn't count", comparesOccurredAt),
        Check("a delivery starts pending, claimed or settled", startsDeliveries),
        Check("an event's data comes back byte for byte", keepsData),
        Check("an event's trace comes with it, to its fan-out and its deliveries", keepsTraces),
        Check("deliveries of an event share its bodies", sharesBodies),
        Check("the log appends events that wait for their fan-out", appends),
        Check("the log appends several events at once", appendsSeveral),
    ]

    static func keepsTraces(_ driver: StoreDriver) async throws {
        let trace = TraceContext(
            traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            tracestate: "vendor=1"
        )
        try expect(trace != nil, "a context")
        var (waiting, due) = (Event.sample("e1"), Event.sample("e2"))
        (waiting.trace, due.trace) = (trace, trace)
        _ = try await driver.acceptPending(waiting)
        try await driver.accept(due, [.pending("a")])
        try await driver.accept(.sample("e3"), [.pending("a", dueAt: .at(1))])
        let read = try await driver.read { reads in
            reads.pendingEvents = 10
            reads.pendingEventsDueBy = .at(500)
            reads.refills = [Refill(subscription: "a", after: nil, limit: 9)]
        }
        try expect(read.pendingEvents.map(\.event.trace), [trace], "of the event that waits")
        try expect(read.refills.first?.map(\.event.trace) ?? [], [trace, nil], "of the deliveries")
        let again = try await driver.store.append(.sample("e2"), target: nil)
        guard case .duplicate = again else { throw Failure(description: "it is no part of the content") }
    }

    static func acceptsInOrder(_ driver: StoreDriver) async throws {
        let first = try await driver.accept(.sample("e1"), [.pending("a"), .pending("b"), .pending("c")])
        let second = try await driver.accept(.sample("e2"), [.pending("a")])
        try expect(first.count, 3, "ids of the first event")
        try expect(first == first.sorted() && Set(first).count == 3, "ids ascend")
        try expect(second[0] > first[2], "ids go on ascending")
        for (id, name) in zip(first, ["a", "b", "c"]) {
            let delivery = try await driver.delivery(id)
            try expect(delivery.subscription, name, "ids run parallel to the deliveries")
            try expect(delivery.event, "e1", "the delivery's event")
        }
        let none = try await driver.accept(.sample("e3"), [], bodies: [])
        try expect(none, [], "an event that nobody subscribed to")
        try expect(try await driver.store.event("e3") != nil, "it is stored all the same")
        let pending = try await driver.read { reads in
            reads.pendingEvents = 10
            reads.pendingEventsDueBy = .at(1_000_000)
        }
        try expect(pending.pendingEvents, [], "an event without subscribers doesn't wait for its fan-out")
    }

    static func findsDuplicates(_ driver: StoreDriver) async throws {
        let row = try await driver.acceptPending(.sample("e1", tenant: "t"))
        let variants: [(Event, [String])] = [
            (.sample("e1", tenant: "t"), []),
            (.sample("e1", tenant: nil), ["tenant"]),
            (.sample("e1", topic: "course.updated", tenant: "t"), ["topic"]),
            (.sample("e1", data: "{\"a\":2}", tenant: "t"), ["data"]),
            (.sample("e1", data: "{\"a\": 1}", tenant: "t"), ["data"]),
            (.sample("e1", tenant: "t", deliverAt: .at(5)), ["deliverAt"]),
            (.sample("e1", tenant: "t", isTest: true), ["test"]),
            (.sample("e1", topic: "course.updated"), ["topic", "tenant"]),
        ]
        let result = try await driver.commit { batch in
            batch.acceptances = variants.map { event, _ in
                let new = NewDeliveries(bodies: ["x"], deliveries: [.pending("a")])
                return Acceptance(event: event, createdAt: .at(1), deliveries: new)
            }
        }
        try expect(
            result.acceptances,
            variants.map { $0.1.isEmpty ? .duplicate(event: row) : .conflict(differences: $0.1) },
            "what the variants are"
        )
        try expect(try await driver.store.deliveries(DeliveryQuery()), [], "nothing of them is stored")

        let twice = try await driver.commit { batch in
            let acceptance = Acceptance(event: .sample("e2"), createdAt: .at(1), deliveries: nil)
            batch.acceptances = [acceptance, acceptance]
        }
        guard case .stored(let second, _) = twice.acceptances[0] else {
            throw Failure(description: "e2 was not stored: \(twice.acceptances)")
        }
        try expect(twice.acceptances[1], .duplicate(event: second), "the same event twice in a batch")
    }

    static func comparesOccurredAt(_ driver: StoreDriver) async throws {
        let given = try await driver.acceptPending(.sample("g", occurredAt: .at(7), given: true))
        let left = try await driver.acceptPending(.sample("l", occurredAt: .at(7), given: false))
        let result = try await driver.commit { batch in
            batch.acceptances = [
                Acceptance(event: .sample("g", occurredAt: .at(8), given: false), createdAt: .at(1), deliveries: nil),
                Acceptance(event: .sample("g", occurredAt: .at(7), given: true), createdAt: .at(1), deliveries: nil),
                Acceptance(event: .sample("g", occurredAt: .at(8), given: true), createdAt: .at(1), deliveries: nil),
                Acceptance(event: .sample("l", occurredAt: .at(9), given: true), createdAt: .at(1), deliveries: nil),
            ]
        }
        try expect(
            result.acceptances,
            [
                .duplicate(event: given), .duplicate(event: given), .conflict(differences: ["occurredAt"]),
                .duplicate(event: left),
            ],
            "repetitions with other times"
        )
    }

    static func startsDeliveries(_ driver: StoreDriver) async throws {
        func start(_ start: NewDelivery.Start, body: Int? = 0, mode: DeliveryMode = .retry) -> NewDelivery {
            NewDelivery(subscription: "a", mode: mode, body: body, contentType: .xml, start: start)
        }
        let ids = try await driver.accept(
            .sample("e1", topic: "user.created", tenant: "t", isTest: true),
            at: .at(3),
            [
                start(.pending(dueAt: .at(9))),
                start(.claimed(at: .at(4)), mode: .singleShot),
                start(.settled(.failed, .template, detail: "no such value")),
                start(.settled(.failed, .template, detail: nil), body: nil),
                start(.settled(.cancelled, .disabled, detail: nil)),
            ]
        )
        func expected(_ index: Int, _ state: DeliveryState, _ change: (inout Delivery) -> Void) -> Delivery {
            var delivery = Delivery(
                id: ids[index],
                event: "e1",
                topic: "user.created",
                tenant: "t",
                subscription: "a",
                state: state,
                mode: .retry,
                attempts: 0,
                nextAttemptAt: nil,
                lastStatus: nil,
                lastError: nil,
                createdAt: .at(3),
                settledAt: nil,
                isTest: true,
                retriggerOf: nil
            )
            change(&delivery)
            return delivery
        }
        let expectations = [
            expected(0, .pending) { $0.nextAttemptAt = .at(9) },
            expected(1, .inFlight) {
                $0.mode = .singleShot
                $0.attempts = 1
            },
            expected(2, .failed) {
                $0.lastError = .template
                $0.settledAt = .at(3)
                $0.detail = "no such value"
            },
            expected(3, .failed) {
                $0.lastError = .template
                $0.settledAt = .at(3)
            },
            expected(4, .cancelled) {
                $0.lastError = .disabled
                $0.settledAt = .at(3)
            },
        ]
        for expectation in expectations {
            try expect(try await driver.delivery(expectation.id), expectation, "a new delivery")
        }
    }

    static func keepsData(_ driver: StoreDriver) async throws {
        let large = ByteString(Array(repeating: UInt8(ascii: " "), count: 200_000) + Array("1".utf8))
        let events: [Event] = [
            .sample("e1", data: ByteString([0xEF, 0xBB, 0xBF, 0x00, 0xFF])),
            .sample("e2", data: large, tenant: "Größe ☃", occurredAt: .at(-1), given: true, deliverAt: .at(99)),
            .sample("e3", data: .empty, isTest: true),
        ]
        for event in events { _ = try await driver.acceptPending(event) }
        for event in events {
            try expect(try await driver.store.event(event.id), event, "an event that was stored")
        }
        try expect(try await driver.store.event("e4"), nil, "an unknown event")
    }

    static func sharesBodies(_ driver: StoreDriver) async throws {
        let bodies: [ByteString] = ["first", ByteString([0, 255, 10]), .empty]
        let ids = try await driver.accept(
            .sample("e1"),
            [.pending("a", body: 1), .pending("b", body: 0), .pending("c", body: 1), .pending("d", body: nil)]
                + [.pending("e", body: 2)],
            bodies: bodies
        )
        let result = try await driver.commit { batch in
            batch.claims = ids.map { Claim(delivery: $0, number: 1, at: .at(1), needsBody: true) }
        }
        let expected: [ByteString?] = [bodies[1], bodies[0], bodies[1], nil, bodies[2]]
        try expect(result.claims, expected.map { .claimed(body: $0) }, "the bodies by delivery")
    }

    static func appends(_ driver: StoreDriver) async throws {
        let event = Event.sample("e1", tenant: "t", occurredAt: .at(4), given: true)
        guard case .stored(let row, []) = try await driver.store.append(event, target: "only") else {
            throw Failure(description: "the event was not stored")
        }
        try expect(try await driver.store.append(event, target: nil), .duplicate(event: row), "the event again")
        let other = Event.sample("e1", data: "2")
        try expect(
            try await driver.store.append(other, target: nil),
            .conflict(differences: ["data", "tenant"]),
            "another one"
        )
        let read = try await driver.read { reads in
            reads.pendingEvents = 5
            reads.pendingEventsDueBy = Timestamp(milliseconds: .max)
        }
        try expect(
            read.pendingEvents,
            [PendingEvent(row: row, place: row, event: event, target: "only")],
            "events that wait for their fan-out"
        )
    }

    static func appendsSeveral(_ driver: StoreDriver) async throws {
        let known = try await driver.acceptPending(.sample("known"))
        let results = try await driver.store.append([
            .sample("e1"), .sample("known"), .sample("e2"), .sample("known", data: "0"),
        ])
        try expect(results.count, 4, "one result an event")
        try expect(results[1], .duplicate(event: known), "a known event")
        try expect(results[3], .conflict(differences: ["data"]), "another event of its id")
        for id in ["e1", "e2"] { try expect(try await driver.store.event(id) != nil, "\(id) is stored") }
    }
}
