internal import WebhookCore

/// Finding messages of the HTTP API, and counting what became of them.
extension StoreConformance {
    static let messageSearchChecks: [Check] = [
        Check("messages are found by application, time, topic, channel and tag, in either direction", findsMessages),
        Check("a search for messages looks at a bounded number of rows, and says where to go on", boundsSearches),
        Check("an event from elsewhere is a message of its tenant's application", findsForeignEvents),
        Check("messages are counted, and each endpoint that one was for once", countsMessages),
        Check("a subscription's deliveries of a time are counted by state", countsDeliveries),
    ]

    static func findsMessages(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let (one, other) = (application("app_1"), application("app_2"))
        _ = try await store.apply([.insertApplication(one), .insertApplication(other)], answer: nil)
        for number in 1...5 {
            let event = try message(
                "msg_\(number)",
                of: number == 3 ? other : one,
                topic: number == 1 ? "User.Created" : "a.b",
                channels: number == 2 ? ["x", "xy"] : nil,
                tags: number == 4 ? ["a/b"] : nil
            )
            _ = try await accept([event], driver)
        }
        func ids(_ change: (inout MessageQuery) -> Void) async throws -> [String] {
            var query = MessageQuery(one)
            change(&query)
            return try await store.messages(query).messages.map(\.id)
        }
        try expect(try await ids { _ in }, ["msg_5", "msg_4", "msg_2", "msg_1"], "newest first")
        try expect(try await ids { $0.limit = 2 }, ["msg_5", "msg_4"], "in parts")
        let row = try await store.row(ofEvent: "msg_4")
        try expect(try await ids { $0.from = row }, ["msg_2", "msg_1"], "the rest")
        try expect(try await ids { ($0.from, $0.isDescending) = (row, false) }, ["msg_5"], "backwards")
        try expect(try await ids { $0.topics = ["User.Created", "z"] }, ["msg_1"], "by topic")
        try expect(try await ids { $0.channel = "xy" }, ["msg_2"], "by channel")
        try expect(try await ids { $0.channel = "y" }, [], "by the whole of it")
        try expect(try await ids { $0.tag = "a/b" }, ["msg_4"], "by tag")
        try expect(try await ids { $0.before = time }, [], "before")
        try expect(try await ids { $0.after = time - .seconds(1) }.count, 4, "after")
        try expect(try await store.row(ofEvent: "msg_9"), nil, "no row of another")
        var bare = MessageQuery(one)
        bare.needsData = false
        try expect(try await store.messages(bare).messages.map(\.data), [nil, nil, nil, nil], "without payloads")
    }

    static func boundsSearches(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let one = application("app_1")
        _ = try await store.apply([.insertApplication(one)], answer: nil)
        for number in 1...7 {
            let tags = number % 5 == 1 ? ["rare"] : nil
            _ = try await accept([try message("msg_\(number)", of: one, tags: tags)], driver)
        }
        func pages(_ change: (inout MessageQuery) -> Void) async throws -> [[String]] {
            var query = MessageQuery(one)
            change(&query)
            var pages: [[String]] = []
            while true {
                let page = try await store.messages(query)
                pages.append(page.messages.map(\.id))
                guard let next = page.next, pages.count < 9 else { return pages }
                query.from = next
            }
        }
        func rare(_ query: inout MessageQuery) { (query.tag, query.mostRows) = ("rare", 3) }
        try expect(try await pages { rare(&$0) }, [["msg_6"], [], ["msg_1"]], "newest first")
        let upwards = try await pages {
            rare(&$0)
            $0.isDescending = false
        }
        try expect(upwards, [["msg_1"], ["msg_6"], []], "upwards")
        let full = try await pages { $0.limit = 4 }
        try expect(full, [["msg_7", "msg_6", "msg_5", "msg_4"], ["msg_3", "msg_2", "msg_1"]], "full pages")
        let none = try await pages { ($0.tag, $0.mostRows) = ("none", 100) }
        try expect(none, [[]], "nothing to be found")
    }

    static func findsForeignEvents(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        var one = application("app_1", tenant: "north")
        _ = try await store.apply([.insertApplication(one)], answer: nil)
        let events = [
            try Event(topic: "a.b", data: "1", id: "order-17", tenant: "north"),
            try Event(topic: "a.b", data: "1", id: "foreign", tenant: "south"),
            try Event(topic: "a.b", data: "1", id: "none"),
            try Event(topic: "a.b", data: "1", id: "test", tenant: "north", isTest: true),
        ]
        _ = try await accept(events, driver)
        try expect(try await store.messages(MessageQuery(one)).messages.map(\.id), ["order-17"], "its tenant's")
        try expect(try await store.message("order-17", of: one)?.data, "1", "by its id")
        try expect(try await store.message("foreign", of: one), nil, "no other's")
        one.eventsSince = .now + .seconds(60)
        try expect(try await store.messages(MessageQuery(one)).messages, [], "none of before it was there")
    }

    static func countsMessages(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let (one, other) = (application("app_1", tenant: "north"), application("app_2"))
        _ = try await store.apply([.insertApplication(one), .insertApplication(other)], answer: nil)
        let events: [(event: Event, subscriptions: [String])] = [
            (try message("msg_1", of: one), ["s", "t", "s"]), (try message("msg_2", of: one), ["s"]),
            (try message("msg_3", of: one), []), (try message("msg_4", of: other), ["u"]),
            (try Event(topic: "a.b", data: "1", id: "order-17", tenant: "north"), ["s"]),
            (try Event(topic: "a.b", data: "1", id: "test", tenant: "north", isTest: true), ["s"]),
        ]
        _ = try await driver.commit { batch in
            batch.acceptances = events.map { event, subscriptions in
                Acceptance(
                    event: event,
                    createdAt: time + .seconds(5),
                    deliveries: NewDeliveries(
                        bodies: subscriptions.isEmpty ? [] : ["body"],
                        deliveries: subscriptions.map { .claimed($0) }
                    )
                )
            }
        }
        func usage(_ application: Application, _ span: Range<Timestamp>) async throws -> MessageUsage {
            var query = MessageQuery(application)
            (query.after, query.before) = (span.lowerBound - .milliseconds(1), span.upperBound)
            return try await store.usage(query)
        }
        let span = time..<time + .seconds(6)
        try expect(try await usage(one, span), MessageUsage(messages: 4, destinations: 4), "with one from elsewhere")
        try expect(try await usage(other, span), MessageUsage(messages: 1, destinations: 1), "another's")
        let early = try await usage(one, time..<time + .seconds(5))
        try expect(early, MessageUsage(messages: 3, destinations: 3), "of a time")
        let none = try await usage(one, time - .seconds(5)..<time)
        try expect(none, MessageUsage(messages: 0, destinations: 0), "none")
    }

    static func countsDeliveries(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        var ids: [Delivery.ID] = []
        for (number, tenant) in ["north", "north", "south"].enumerated() {
            let event = try Event(topic: "a.b", data: "1", id: "e\(number)", tenant: tenant)
            let new: [NewDelivery] = number == 1 ? [.claimed("s"), .pending("s")] : [.claimed("s"), .claimed("t")]
            ids += try await driver.accept(event, at: .at(Int64(number)), new)
        }
        _ = try await driver.record(ids[0], status: 500, error: .status, next: .waiting(until: .at(90)))
        _ = try await driver.claim(ids[0], number: 2)
        _ = try await driver.record(ids[0], number: 2, status: 200, next: .settled(.delivered))
        func counts(_ tenant: String? = nil, _ time: Range<Int64> = 0..<9) async throws -> [[Int]] {
            try await store.counts(of: "s", tenant: tenant, in: .at(time.lowerBound)..<(.at(time.upperBound))).map {
                [$0.state.code, $0.deliveries, $0.attempts, $0.withoutAttempt]
            }
        }
        let (pending, inFlight) = (DeliveryState.pending.code, DeliveryState.inFlight.code)
        let delivered = [DeliveryState.delivered.code, 1, 2, 0]
        try expect(try await counts(), [[pending, 1, 0, 1], [inFlight, 2, 2, 0], delivered], "of one subscription")
        try expect(try await counts("north"), [[pending, 1, 0, 1], [inFlight, 1, 1, 0], delivered], "of a tenant")
        try expect(try await counts(nil, 1..<2), [[pending, 1, 0, 1], [inFlight, 1, 1, 0]], "of a time")
        try expect(try await counts(nil, 5..<9), [], "none")
    }
}
