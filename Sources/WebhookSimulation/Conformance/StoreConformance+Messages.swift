internal import WebhookCore

/// Messages of the HTTP API, and sending them again.
extension StoreConformance {
    static let messageChecks: [Check] = [
        Check("a message is stored with its event and its answer, once", storesMessages),
        Check("messages of one transaction are told apart", storesSeveralMessages),
        Check("a message is for the application that its id or uid leads to as it is stored", looksForTheApplication),
        Check("a message that waits for its fan-out has its channels", keepsChannels),
        Check("payloads whose time is over are found until they are erased", findsExpired),
        Check("of an erased message id, topic and times are left", erasesMessages),
        Check("the answer of an attempt is erased by itself, and what was sent is not", erasesAnswers),
        Check("what is sent again is one with its answer, and made once", sendsAgainOnce),
        Check("an event gets a delivery that it lacks, once", sendsWhatIsMissing),
    ]

    /// An event that is a message.
    static func message(
        _ id: String,
        of application: Application,
        topic: String = "a.b",
        eventID: String? = nil,
        channels: [String]? = nil,
        tags: [String]? = nil,
        expiresAt: Timestamp? = nil,
        answer: StoredAnswer? = nil
    ) throws -> Event {
        var event = try Event(
            topic: topic,
            data: ByteString("{\"id\":\"\(id)\"}"),
            id: id,
            tenant: application.tenant,
            occurredAt: time
        )
        event.message = MessageRecord(
            application: application.id,
            eventID: eventID,
            channels: channels,
            tags: tags,
            expiresAt: expiresAt,
            answer: answer
        )
        return event
    }

    static func accept(_ events: [Event], _ driver: StoreDriver) async throws -> [AcceptanceResult] {
        try await driver.commit { batch in
            batch.acceptances = events.map { Acceptance(event: $0, createdAt: .now, deliveries: NewDeliveries()) }
        }
        .acceptances
    }

    private static func isStored(_ result: AcceptanceResult) -> Bool {
        if case .stored = result { true } else { false }
    }

    // MARK: Messages

    static func storesMessages(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let (one, other) = (application("app_1"), application("app_2"))
        _ = try await store.apply([.insertApplication(one), .insertApplication(other)], answer: nil)
        let message = try message(
            "msg_1",
            of: one,
            eventID: "e",
            channels: ["x", "y"],
            tags: ["t"],
            answer: answer("1")
        )
        try expect(try await accept([message], driver).map(isStored), [true], "stored")
        let found = try await store.message("e", of: one)
        try expect(found?.id, "msg_1", "by its eventId")
        try expect(found?.data, #"{"id":"msg_1"}"#, "with its payload")
        try expect(found?.channels, ["x", "y"], "its channels")
        try expect(found?.tags, ["t"], "its tags")
        try expect(found?.createdAt, time, "when it was accepted")
        try expect(try await store.message("msg_1", of: one), found, "by its id")
        try expect(try await store.message("msg_1", of: other), nil, "not another's by its id")
        try expect(try await store.message("e", of: other), nil, "nor by its eventId")
        try expect(try await store.answer(answer("1").key, at: .now)?.status, 201, "its answer")
        let repeated = try Self.message("msg_2", of: one, answer: answer("1"))
        try expect(
            try await accept([repeated], driver),
            [.conflict(differences: MessageRecord.isAnswered)],
            "the same request"
        )
        let taken = try Self.message("msg_3", of: one, eventID: "e", answer: answer("3"))
        try expect(
            try await accept([taken], driver),
            [.conflict(differences: MessageRecord.eventIDIsTaken)],
            "the same eventId"
        )
        try expect(try await store.answer(answer("3").key, at: .now), nil, "without an answer")
        try expect(try await driver.store.event("msg_2"), nil, "nothing of the one")
        try expect(try await driver.store.event("msg_3"), nil, "nothing of the other")
        let elsewhere = try Self.message("msg_4", of: other, eventID: "e")
        try expect(try await accept([elsewhere], driver).map(isStored), [true], "another application's")
    }

    static func looksForTheApplication(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let (north, south) = (application("app_1", uid: "north"), application("app_2", uid: "south"))
        _ = try await store.apply([.insertApplication(north), .insertApplication(south)], answer: nil)
        func accept(_ id: String, of application: Application, by reference: String?) async throws -> AcceptanceResult {
            var event = try Event(topic: "a.b", data: "1", id: id, tenant: application.tenant, occurredAt: time)
            event.message = MessageRecord(application: application.id, reference: reference)
            return try await Self.accept([event], driver)[0]
        }
        let gone = AcceptanceResult.conflict(differences: MessageRecord.applicationIsGone)
        try expect(isStored(try await accept("m1", of: north, by: "north")), true, "by its uid")
        try expect(isStored(try await accept("m2", of: north, by: "app_1")), true, "by its id")
        try expect(try await accept("m3", of: north, by: "south"), gone, "another's uid")
        try expect(try await accept("m3", of: north, by: "app_2"), gone, "another's id")
        _ = try await store.apply([.deleteApplication(id: "app_1", at: time)], answer: nil)
        try expect(try await accept("m3", of: north, by: "app_1"), gone, "it was deleted")
        try expect(try await driver.store.event("m3"), nil, "nothing is stored")
        try expect(isStored(try await accept("m4", of: south, by: "south")), true, "the other lives")
    }

    static func storesSeveralMessages(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let one = application("app_1")
        _ = try await store.apply([.insertApplication(one)], answer: nil)
        let events = [
            try message("msg_1", of: one, eventID: "e", answer: answer("1")),
            try Event(topic: "a.b", data: "1", id: "plain"),
            try message("msg_2", of: one, eventID: "e", answer: answer("2")),
            try message("msg_3", of: one, eventID: "f", answer: answer("1")),
            try message("msg_4", of: one, eventID: "g", answer: answer("4")),
        ]
        let results = try await accept(events, driver)
        try expect(results.map(isStored), [true, true, false, false, true], "each by itself")
        try expect(results[2], .conflict(differences: MessageRecord.eventIDIsTaken), "the eventId of the first")
        try expect(results[3], .conflict(differences: MessageRecord.isAnswered), "the request of the first")
        let rows = results.compactMap { result -> Int64? in
            if case .stored(let row, _) = result { row } else { nil }
        }
        try expect(rows, rows.sorted(), "in their order")
        try expect(try await store.messages(MessageQuery(one)).messages.map(\.id), ["msg_4", "msg_1"], "what is there")
    }

    static func keepsChannels(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let one = application("app_1")
        _ = try await store.apply([.insertApplication(one)], answer: nil)
        let message = try message("msg_1", of: one, channels: ["x", "y"])
        let row = try await driver.acceptPending(message, at: time)
        _ = try await driver.acceptPending(Event(topic: "a.b", data: "1", id: "plain"), at: time)
        let read = try await driver.read { reads in
            reads.pendingEvents = 9
            reads.pendingEventsDueBy = time + .seconds(1)
        }
        let channels = read.pendingEvents.map { $0.event.message?.channels }
        try expect(channels, [["x", "y"], nil], "of those that are due")
        let alone = try await driver.read { $0.takeovers = [row] }
        try expect(alone.pendingEvents.map { $0.event.message?.channels }, [["x", "y"]], "of one alone")
        try expect(try await driver.store.event("msg_1")?.message?.channels, ["x", "y"], "of one that is looked up")
    }

    static func findsExpired(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let one = application("app_1")
        _ = try await store.apply([.insertApplication(one)], answer: nil)
        let events = [
            try message("msg_1", of: one, expiresAt: time + .seconds(20)),
            try message("msg_2", of: one, expiresAt: time + .seconds(10)), try message("msg_3", of: one),
        ]
        _ = try await accept(events, driver)
        try expect(try await store.expiredMessages(at: time, limit: 9), [], "not yet")
        let due = try await store.expiredMessages(at: time + .seconds(20), limit: 9)
        try expect(due, ["msg_2", "msg_1"], "the oldest first")
        try expect(try await store.expiredMessages(at: time + .seconds(20), limit: 1), ["msg_2"], "in parts")
        let erased = try await store.expunge(events: ["msg_2"], at: .now)
        try expect(erased.events, ["msg_2"], "erased")
        try expect(try await store.expiredMessages(at: time + .seconds(20), limit: 9), ["msg_1"], "the rest")
        try expect(try await store.message("msg_2", of: one)?.isExpunged, true, "it says so")
        let pruned = try await driver.store.prune(olderThan: .now + .seconds(60), limit: 99)
        try expect(pruned.events, 3, "gone with their events")
        try expect(try await store.messages(MessageQuery(one)).messages, [], "nothing is listed")
        let again = try message("msg_4", of: one, eventID: "e")
        try expect(try await accept([again], driver).map(isStored), [true], "a new one")
    }

    static func erasesMessages(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let one = application("app_1")
        _ = try await store.apply([.insertApplication(one)], answer: nil)
        let sent = try message("msg_1", of: one, eventID: "ada", channels: ["ada"], tags: ["ada"], answer: answer("1"))
        _ = try await accept([sent], driver)
        try expect(try await store.eventID(ofMessage: "msg_1"), "ada", "its eventId")
        try expect(try await store.messageIDs(ofEventID: "ada", limit: 5), ["msg_1"], "and back")
        try expect(try await store.messageIDs(ofEventID: "msg_1", limit: 5), [], "which is not its id")
        try expect(try await store.expunge(events: ["msg_1"], at: time + .seconds(9)).events, ["msg_1"], "erased")
        let left = try await store.message("msg_1", of: one)
        try expect([left?.id, left?.topic], ["msg_1", "a.b"], "its id and topic")
        try expect(left?.createdAt, time, "its time")
        try expect([left?.eventID, left?.channels?.first, left?.tags?.first], [nil, nil, nil], "nothing else")
        try expect(try await store.message("ada", of: one), nil, "its eventId leads nowhere")
        try expect(try await store.eventID(ofMessage: "msg_1"), nil, "nor does anything lead there")
        let repeated = try message("msg_2", of: one, eventID: "ada", answer: answer("1"))
        let isAnswered = AcceptanceResult.conflict(differences: MessageRecord.isAnswered)
        try expect(try await accept([repeated], driver), [isAnswered], "the request that made it makes no other one")
        let erasedAgain = try await store.expunge(events: ["msg_1"], at: time + .seconds(99)).events
        try expect(erasedAgain, ["msg_1"], "again")
        let another = try message("msg_3", of: one, eventID: "ada")
        try expect(try await accept([another], driver).map(isStored), [true], "its eventId is free")
    }

    static func replay(_ driver: StoreDriver) throws -> any ReplayStore {
        guard let store = driver.store as? any ReplayStore else { throw Failure(description: "sends nothing again") }
        return store
    }

    static func sendsAgainOnce(_ driver: StoreDriver) async throws {
        let (store, replay) = (try platform(driver), try replay(driver))
        let id = try await driver.acceptOne("e1", .claimed("s", at: .at(10)))
        let retriggers = [Retrigger(delivery: id)]
        let made = try await replay.insertRetriggers(retriggers, answer: answer("1"), at: .at(20))?.made
        try expect(made?.count, 1, "the new one")
        let kept = try await store.answer(answer("1").key, at: .now)
        try expect(kept?.body, answer("1").body, "the answer")
        let again = try await replay.insertRetriggers(retriggers, answer: answer("1"), at: .at(30))
        try expect(again, nil, "it was answered before")
        try expect(try await driver.store.deliveries(DeliveryQuery()).count, 2, "nothing more")
    }

    static func sendsWhatIsMissing(_ driver: StoreDriver) async throws {
        let replay = try replay(driver)
        let claim = try await claimedTask(driver)
        let id = try await driver.acceptOne("e1", .claimed("s", at: .at(10)))
        _ = try await driver.acceptPending(.sample("waiting"))
        let example = NewDeliveries(bodies: ["body"], deliveries: [.claimed("u")])
        _ = try await driver.commit { batch in
            batch.acceptances = [
                Acceptance(event: .sample("for u"), createdAt: .at(0), target: "u", deliveries: example)
            ]
        }
        let missing = ["e1", "waiting", "gone", "for u"].flatMap { event in
            ["s", "t"].map { subscription in
                MissingDelivery(
                    event: event,
                    subscription: subscription,
                    mode: .retry,
                    rendering: Retrigger.Rendering(body: "<t/>", contentType: .xml)
                )
            }
        }
        let made = try await replay.insertMissing(missing, for: claim, at: .at(20))
        try expect(made?.refused, [], "what is refused")
        guard made?.made.count == 1, let new = made?.made.first else {
            throw Failure(description: "\(made?.made.count ?? 0) deliveries were made")
        }
        let delivery = try await driver.delivery(new.id)
        try expect([delivery.subscription, delivery.event], ["t", "e1"], "it")
        try expect(try await driver.claim(delivery.id), .claimed(body: "<t/>"), "its bytes")
        let again = try await replay.insertMissing(missing, for: claim, at: .at(30))
        try expect(again?.made, [], "nothing is missing any more")
        try expect(try await driver.delivery(id).subscription, "s", "the other stays")
    }

    static func erasesAnswers(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let id = try await driver.acceptOne("e1", .claimed("s", at: .at(10)))
        let none = try await store.expungeAnswer(attempt: 1, of: id)
        try expect(none, false, "while the attempt is under way")
        var attempt = Attempt(
            number: 1,
            startedAt: .at(10),
            url: "https://a.example/",
            requestHeaders: [HTTPHeader("X-A", "sent")],
            requestBody: .empty
        )
        (attempt.finishedAt, attempt.outcome, attempt.status) = (.at(20), .succeeded, 200)
        attempt.responseHeaders = [HTTPHeader("X-B", "came back")]
        (attempt.responseBody, attempt.detail) = ("came back", "words")
        let write = AttemptWrite(
            delivery: id,
            attempt: attempt,
            uncountedAttempts: 0,
            interruptions: 0,
            next: .settled(.delivered)
        )
        _ = try await driver.commit { $0.results = [write] }
        try expect(try await store.expungeAnswer(attempt: 2, of: id), false, "of no attempt")
        try expect(try await store.expungeAnswer(attempt: 1, of: id), true, "erased")
        let left = try await store.attempts(of: id).first
        try expect(left?.responseBody, .empty, "its body")
        try expect(left?.responseHeaders.count, 0, "its headers")
        try expect(left?.requestHeaders.map(\.value), ["sent"], "what was sent")
        try expect([left?.isExpunged, left?.status == 200], [true, true], "it says so, and what it came to")
        try expect(try await store.expungeAnswer(attempt: 1, of: id), true, "again")
    }
}
