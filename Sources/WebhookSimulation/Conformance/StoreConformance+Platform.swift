internal import WebhookCore

/// The tables of the HTTP API.
extension StoreConformance {
    /// The promises of a ``PlatformStore`` beside.
    package static let platformChecks = accountChecks + taskChecks + messageChecks + messageSearchChecks

    private static let accountChecks: [Check] = [
        Check(
            "an application is kept as it was given, and its uid and tenant are its own while it lives",
            keepsApplications
        ),
        Check("event types are kept and listed by name", keepsEventTypes),
        Check("an answer is kept with its changes, and given again until its time is over", keepsRequestAnswers),
        Check("what is refused takes the other changes and the answer with it", refusesAsAWhole),
        Check("tokens are found until they end, alone or with their session", keepsTokens),
        Check("applications are listed by their endpoints", listsByEndpoints),
        Check("an application that is deleted takes its subscriptions with it", deletesWithSubscriptions),
    ]

    static func platform(
        _ driver: StoreDriver
    ) throws -> any PlatformStore & SubscriptionStore & WebhookStore {
        guard let store = driver.store as? any PlatformStore & SubscriptionStore & WebhookStore else {
            throw Failure(description: "keeps nothing of the HTTP API")
        }
        return store
    }

    static func application(_ id: String, uid: String? = nil, tenant: String? = nil) -> Application {
        Application(id: id, uid: uid, tenant: tenant ?? id, name: "N", createdAt: time, updatedAt: time)
    }

    static func answer(_ key: String, until: Timestamp = .now + .seconds(3600)) -> StoredAnswer {
        StoredAnswer(
            key: ByteString("key " + key),
            request: ByteString([0, 255]),
            status: 201,
            body: ByteString("{\"k\":\"\(key)\"}"),
            expiresAt: until
        )
    }

    // MARK: Applications and event types

    static func keepsApplications(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        var first = application("app_1", uid: "north", tenant: "north")
        (first.throttleRate, first.metadata) = (50, #"{"a":"ü"}"#)
        first.eventsSince = time + .seconds(1)
        try expect(try await store.apply([.insertApplication(first)], answer: nil), .done, "inserted")
        try expect(try await store.application("app_1"), first, "by its id")
        try expect(try await store.application("north"), first, "by its uid")
        for other in [application("app_1"), application("app_2", uid: "north"), application("app_2", tenant: "north")] {
            try expect(try await store.apply([.insertApplication(other)], answer: nil), .taken, "\(other)")
        }
        var second = application("app_2", uid: "south")
        _ = try await store.apply([.insertApplication(second)], answer: nil)
        second.uid = "north"
        try expect(try await store.apply([.updateApplication(second)], answer: nil), .taken, "another's uid")
        second.uid = nil
        second.name = "M"
        try expect(try await store.apply([.updateApplication(second)], answer: nil), .done, "changed")
        try expect(try await store.application("app_2")?.name, "M", "its name")
        try expect(try await store.applications(PageWalk(limit: 9)).map(\.id), ["app_1", "app_2"], "by id")
        let back = PageWalk(from: "app_2", isDescending: true, limit: 9)
        try expect(try await store.applications(back).map(\.id), ["app_1"], "backwards")
        try expect(try await store.apply([.deleteApplication(id: "app_1", at: time)], answer: nil), .done, "deleted")
        try expect(try await store.apply([.deleteApplication(id: "app_1", at: time)], answer: nil), .missing, "once")
        try expect(try await store.apply([.updateApplication(first)], answer: nil), .missing, "it is gone")
        let history = try await store.tenant("north")
        try expect([history.isTaken, history.wasUsed], [false, true], "its tenant is free, and known")
        let next = application("app_3", uid: "north", tenant: "north")
        try expect(try await store.apply([.insertApplication(next)], answer: nil), .done, "again")
        try expect(try await store.tenant("north").isTaken, true, "and taken again")
    }

    static func keepsEventTypes(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        var type = EventType(name: "User.Created", description: "d", createdAt: time, updatedAt: time)
        (type.schemas, type.group, type.featureFlags) = (#"{"1":{}}"#, "users", #"["f"]"#)
        try expect(try await store.apply([.insertEventType(type)], answer: nil), .done, "inserted")
        try expect(try await store.apply([.insertEventType(type)], answer: nil), .taken, "once")
        try expect(try await store.eventType("User.Created"), type, "as it was given")
        try expect(try await store.eventType("user.created"), nil, "by case")
        for name in ["a.b", "Z"] {
            let other = EventType(name: name, description: "", createdAt: time, updatedAt: time)
            _ = try await store.apply([.insertEventType(other)], answer: nil)
        }
        (type.isArchived, type.isDeprecated, type.updatedAt) = (true, true, time + .seconds(1))
        try expect(try await store.apply([.updateEventType(type)], answer: nil), .done, "changed")
        try expect(try await store.eventType("User.Created"), type, "as it was changed")
        let all = try await store.eventTypes(PageWalk(limit: 9), archived: true)
        try expect(all.map(\.name), ["User.Created", "Z", "a.b"], "in the order of bytes")
        let living = try await store.eventTypes(PageWalk(from: "Z", limit: 9), archived: false)
        try expect(living.map(\.name), ["a.b"], "without archived ones")
        try expect(try await store.apply([.removeEventType(name: "Z")], answer: nil), .done, "removed")
        try expect(try await store.apply([.removeEventType(name: "Z")], answer: nil), .missing, "it is gone")
    }

    // MARK: Answers

    static func keepsRequestAnswers(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let first = answer("1")
        let made = try await store.apply([.insertApplication(application("app_1"))], answer: first)
        try expect(made, .done, "made")
        try expect(try await store.answer(first.key, at: .now), first, "the answer")
        let again = try await store.apply([.insertApplication(application("app_2"))], answer: answer("1"))
        try expect(again, .answered, "the same request")
        try expect(try await store.application("app_2"), nil, "changes nothing")
        try expect(try await store.answer(first.key, at: first.expiresAt), nil, "until its time is over")
        let old = answer("2", until: .now - .seconds(1))
        _ = try await store.apply([] as [PlatformChange], answer: old)
        try expect(
            try await store.apply([] as [PlatformChange], answer: answer("2")),
            .done,
            "one takes its place then"
        )
        let later = first.expiresAt + .seconds(60)
        _ = try await store.apply([.forgetExpired(answers: later, tokens: later, tasks: later)], answer: nil)
        try expect(try await store.answer(first.key, at: .now), nil, "it is forgotten")
    }

    static func refusesAsAWhole(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        _ = try await store.apply([.insertApplication(application("app_1", uid: "u"))], answer: nil)
        let changes: [PlatformChange] = [
            .insertApplication(application("app_2")), .insertApplication(application("app_3", uid: "u")),
        ]
        try expect(try await store.apply(changes, answer: answer("1")), .taken, "the second's uid")
        try expect(try await store.application("app_2"), nil, "the first")
        try expect(try await store.answer(answer("1").key, at: .now), nil, "the answer")
        try expect(try await store.apply([changes[0]], answer: answer("1")), .done, "it may come again")
    }

    // MARK: Tokens and subscriptions

    static func keepsTokens(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        func token(_ byte: UInt8, session: String?) -> AccessToken {
            AccessToken(
                digest: ByteString([byte, 0, 255]),
                application: "app_1",
                capabilities: byte == 1 ? ["ViewBase", "CreateAttempts"] : nil,
                isReadOnly: byte == 2,
                session: session,
                expiresAt: time + .seconds(60)
            )
        }
        let tokens = [token(1, session: "a"), token(2, session: "b"), token(3, session: nil)]
        _ = try await store.apply(tokens.map { .insertToken($0) }, answer: nil)
        try expect(try await store.apply([.insertToken(tokens[0])], answer: nil), .taken, "once")
        for token in tokens { try expect(try await store.token(token.digest), token, "as it was given") }
        func end(_ token: AccessToken) async throws -> Timestamp? { try await store.token(token.digest)?.expiresAt }
        _ = try await store.apply([.expireTokens(application: "app_1", sessions: ["a"], at: time)], answer: nil)
        try expect(try await end(tokens[0]), time, "its session has ended")
        try expect(try await end(tokens[1]), tokens[1].expiresAt, "another's has not")
        try expect(try await store.apply([.removeToken(digest: tokens[1].digest)], answer: nil), .done, "removed")
        try expect(try await store.apply([.removeToken(digest: tokens[1].digest)], answer: nil), .missing, "once")
        _ = try await store.apply([.expireTokens(application: "app_1", sessions: nil, at: time)], answer: nil)
        try expect(try await end(tokens[2]), time, "all have ended")
        let before = PlatformChange.forgetExpired(answers: time, tokens: time - .seconds(1), tasks: time)
        _ = try await store.apply([before], answer: nil)
        try expect(try await end(tokens[2]), time, "one that has expired is known for a while")
        _ = try await store.apply([.forgetExpired(answers: time, tokens: time, tasks: time)], answer: nil)
        try expect(try await end(tokens[2]), nil, "then it is forgotten")
    }

    static func listsByEndpoints(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let tenants = ["none", "open", "shut", "disabled", "elsewhere"]
        let applications = tenants.map { application("app_\($0)", uid: $0 == "open" ? "school" : nil, tenant: $0) }
        _ = try await store.apply(applications.map { .insertApplication($0) }, answer: nil)
        for tenant in tenants[1...3] {
            var row = StoredSubscription(
                id: "ep_\(tenant)",
                name: "ep_\(tenant)",
                tenant: tenant,
                definition: "{}",
                createdAt: time,
                updatedAt: time
            )
            row.isDisabled = tenant == "shut"
            _ = try await store.apply([.insert(row)])
        }
        var filter = ApplicationFilter()
        filter.tenants = ["elsewhere", "nobody's"]
        filter.disabledNames = ["ep_disabled"]
        func left() async throws -> Set<String> {
            Set(try await store.applications(PageWalk(limit: 9), filter).map(\.tenant))
        }
        try expect(try await left(), Set(tenants), "all")
        filter.excludesDisabled = true
        try expect(try await left(), ["none", "open"], "without those whose endpoints are all disabled")
        filter.enabledTenants = ["elsewhere"]
        filter.excludesEmpty = true
        try expect(try await left(), ["open", "elsewhere"], "and without those that have none")
        filter.excludesDisabled = false
        try expect(try await left(), Set(tenants).subtracting(["none"]), "without those that have none")
        let owners = try await store.owners(of: ["ep_open", "ep_shut"])
        try expect(owners["ep_open"]?.application, "school", "the uid of the application that has the tenant")
        try expect(owners["ep_shut"]?.application, "app_shut", "or its id")
        _ = try await store.apply([.delete(id: "ep_open", at: time)])
        try expect(try await left().contains("open"), false, "what was deleted doesn't count")
    }

    static func deletesWithSubscriptions(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        _ = try await store.apply([.insertApplication(application("app_1", tenant: "t"))], answer: nil)
        let rows = ["t", "t", "other"].enumerated().map { number, tenant in
            StoredSubscription(
                id: "ep_\(number)",
                name: "ep_\(number)",
                tenant: tenant,
                definition: "{}",
                createdAt: time,
                updatedAt: time
            )
        }
        _ = try await store.apply(rows.map { .insert($0) })
        let token = AccessToken(
            digest: "d",
            application: "app_1",
            capabilities: nil,
            isReadOnly: false,
            session: nil,
            expiresAt: time + .seconds(60)
        )
        _ = try await store.apply([.insertToken(token)], answer: nil)
        _ = try await store.apply([.deleteApplication(id: "app_1", at: time)], answer: nil)
        let left = try await store.storedSubscriptions(ofTenant: nil, PageWalk(limit: 9))
        try expect(left.map(\.id), ["ep_2"], "another tenant's")
        let changed = try await store.subscriptions(changedSince: 3, limit: 9)
        try expect(changed.map { $0.deletedAt != nil }, [true, true], "each is a change")
        try expect(try await store.token("d"), nil, "its token")
    }
}
