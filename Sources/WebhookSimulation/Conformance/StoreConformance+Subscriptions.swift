internal import WebhookCore

/// Subscriptions that are kept in the store.
extension StoreConformance {
    /// The promises of a ``SubscriptionStore`` beside.
    package static let subscriptionChecks: [Check] = [
        Check("a subscription is kept as it was given, its secrets sealed", keepsSubscriptions),
        Check("every change has a number, and a reader gets what has changed since", numbersChanges),
        Check("ids, names and uids are unique among those that live", keepsNamesApart),
        Check(
            "a change of an older reading is refused, and one that is refused takes the others with it",
            refusesOutdated
        ),
        Check("a deleted subscription is gone but for its row, without its secrets", deletesSubscriptions),
        Check("what was remembered of a subscription is forgotten with it", forgetsHealth),
        Check("a subscription's row and its health say alike that it is disabled by hand", disablesByHand),
        Check("a change enables what the dispatcher has disabled where it says so", enablesByChange),
        Check("what is open of a deleted subscription is cancelled, with the reason", endsDeliveries),
        Check("pages go by id in either direction, and stay within a tenant", pagesSubscriptions),
        Check("another connection sees what was changed", sharesSubscriptions),
        Check("a change and the answer to its request are kept together, once", keepsAnswers),
        Check("a uid is found within its tenant, and rows by their ids also when they are deleted", findsSubscriptions),
        Check("an event that older subscriptions have matched waits for its fan-out", refusesOldMatches),
    ]

    static let time = Timestamp(milliseconds: 1_772_357_400_000)

    static func subscriptions(_ store: Store) throws -> any SubscriptionStore {
        guard let store = store as? any SubscriptionStore else { throw Failure(description: "keeps no subscriptions") }
        return store
    }

    private static func sealed(_ text: String) -> SealedSecret {
        SealedSecret(keyID: "0123456789abcdef", bytes: ByteString([0, 255] + Array(text.utf8)))
    }

    static func row(_ id: String, uid: String? = nil, tenant: String? = "t") -> StoredSubscription {
        StoredSubscription(
            id: id,
            name: id,
            uid: uid,
            tenant: tenant,
            definition: #"{"name":"\#(id)","url":"https://a.example","topics":["**"]}"#,
            createdAt: time,
            updatedAt: time
        )
    }

    static func endsDeliveries(_ driver: StoreDriver) async throws {
        let store = try subscriptions(driver.store)
        let ids = try await driver.accept(
            .sample("e1"),
            [.pending("a"), .claimed("a"), .claimed("a"), .claimed("a"), .pending("b"), .pending("a", dueAt: .at(99))]
        )
        _ = try await driver.record(ids[1], status: 200, next: .settled(.delivered))
        let count = try await store.endDeliveries(of: "a", detail: "gone", at: .at(40))
        try expect(count, 4, "what waits, and what is in flight")
        for id in [ids[0], ids[5]] {
            let delivery = try await driver.delivery(id)
            try expect([delivery.state.rawValue, delivery.detail], ["cancelled", "gone"], "at once")
            try expect(delivery.settledAt, .at(40), "then")
        }
        let retried = AttemptWrite.Next.waiting(until: .at(80))
        try expect(
            try await driver.record(ids[2], status: 503, error: .status, next: retried),
            .cancelled,
            "no retry follows"
        )
        try expect(
            try await driver.record(ids[3], status: 200, next: .settled(.delivered)),
            .recorded,
            "what arrives has arrived"
        )
        try expect(try await driver.delivery(ids[4]).state, .pending, "another subscription's stays")
        try expect(try await store.endDeliveries(of: "a", detail: "gone", at: .at(41)), 0, "nothing is left")
        try expect(try await store.endDeliveries(of: "nobody", detail: "gone", at: .at(41)), 0, "an unknown one")
    }

    static func keepsSubscriptions(_ driver: StoreDriver) async throws {
        let store = try subscriptions(driver.store)
        var row = row("ep_1", uid: "crm")
        row.credentials = sealed("credentials")
        row.signingSecrets = [
            .init(sealed: sealed("new"), createdAt: time + .seconds(1)),
            .init(sealed: sealed("old"), createdAt: time, expiresAt: time + .seconds(60)),
        ]
        row.channels = ["one", "two"]
        row.isDisabled = true
        row.metadata = #"{"a":"ü"}"#
        try expect(try await store.apply([.insert(row)]), .done(version: 1), "inserted")
        row.version = 1
        try expect(try await store.storedSubscription("ep_1"), row, "as it was given")
        row = Self.row("ep_1", tenant: nil)
        row.version = 1
        row.updatedAt = time + .seconds(5)
        try expect(try await store.apply([.update(row)]), .done(version: 2), "changed")
        row.version = 2
        try expect(try await store.storedSubscription("ep_1"), row, "as it was changed")
        try expect(try await store.storedSubscription("ep_2"), nil, "another")
    }

    static func keepsAnswers(_ driver: StoreDriver) async throws {
        let store = try subscriptions(driver.store)
        func answer(_ key: ByteString) -> StoredAnswer {
            StoredAnswer(key: key, request: "r", status: 201, body: "{}", expiresAt: .now + .seconds(3600))
        }
        try expect(try await store.apply([.insert(row("ep_1"))], answer: answer("a")), .done(version: 1), "the first")
        try expect(try await store.apply([.insert(row("ep_2"))], answer: answer("a")), .answered, "its repetition")
        try expect(try await store.storedSubscription("ep_2"), nil, "which changes nothing")
        // A refusal keeps no answer: the request may come again.
        try expect(try await store.apply([.insert(row("ep_1"))], answer: answer("b")), .taken(id: "ep_1"), "refused")
        try expect(try await store.apply([.insert(row("ep_2"))], answer: answer("b")), .done(version: 2), "again")
    }

    static func findsSubscriptions(_ driver: StoreDriver) async throws {
        let store = try subscriptions(driver.store)
        let rows = [row("ep_1", uid: "crm"), row("ep_2", uid: "crm", tenant: "other"), row("ep_3", uid: "lms")]
        _ = try await store.apply(rows.map { .insert($0) })
        try expect(try await store.storedSubscription(uid: "crm", ofTenant: "t")?.id, "ep_1", "the tenant's own")
        try expect(try await store.storedSubscription(uid: "crm", ofTenant: "other")?.id, "ep_2", "the other's")
        try expect(try await store.storedSubscription(uid: "lms", ofTenant: "other")?.id, nil, "not another's")
        _ = try await store.apply([.delete(id: "ep_1", at: time)])
        try expect(try await store.storedSubscription(uid: "crm", ofTenant: "t")?.id, nil, "one that is gone")
        let found = try await store.storedSubscriptions(ids: ["ep_1", "ep_3", "ep_9"])
        try expect(found.map(\.id).sorted(), ["ep_1", "ep_3"], "rows by id")
        try expect(found.first { $0.id == "ep_1" }?.deletedAt, time, "the deleted one as such")
        let owners = try await store.owners(of: ["ep_1", "ep_3", "ep_9", "crm"])
        try expect(Set(owners.keys), ["ep_1", "ep_3"], "owners by name")
        try expect(
            owners["ep_1"],
            SubscriptionOwner(tenant: "t"),
            "of the deleted one its tenant, for its uid is erased"
        )
        try expect(owners["ep_3"], SubscriptionOwner(uid: "lms", tenant: "t"), "of another both")
    }

    static func numbersChanges(_ driver: StoreDriver) async throws {
        let store = try subscriptions(driver.store)
        try expect(try await store.subscriptionsVersion(), 0, "nothing yet")
        _ = try await store.apply([.insert(row("ep_1")), .insert(row("ep_2")), .insert(row("ep_3"))])
        try expect(try await store.subscriptionsVersion(), 3, "three changes")
        let all = try await store.subscriptions(changedSince: 0, limit: 99).filter { $0.deletedAt == nil }
        let names = try await store.storedNames()
        try expect(names, all.map(\.name), "the names of those that live")
        var changed = row("ep_1")
        changed.version = 1
        _ = try await store.apply([.update(changed), .delete(id: "ep_2", at: time)])
        let since = try await store.subscriptions(changedSince: 3, limit: 10)
        try expect(since.map(\.id), ["ep_1", "ep_2"], "since then, in order")
        try expect(since.map(\.version), [4, 5], "by number")
        try expect(since.map { $0.deletedAt != nil }, [false, true], "deleted ones too")
        let first = try await store.subscriptions(changedSince: 0, limit: 1)
        try expect(first.map(\.id), ["ep_3"], "in parts")
        try expect(try await store.subscriptions(changedSince: 5, limit: 10).map(\.id), [], "nothing more")
    }

    static func keepsNamesApart(_ driver: StoreDriver) async throws {
        let store = try subscriptions(driver.store)
        _ = try await store.apply([.insert(row("ep_1", uid: "crm"))])
        try expect(try await store.apply([.insert(row("ep_1"))]), .taken(id: "ep_1"), "the id")
        try expect(try await store.apply([.insert(row("ep_2"), most: 1)]), .full, "its tenant has one")
        var other = row("ep_2")
        other.name = "ep_1"
        try expect(try await store.apply([.insert(other)]), .taken(id: "ep_2"), "the name")
        try expect(try await store.apply([.insert(row("ep_2", uid: "crm"))]), .taken(id: "ep_2"), "the uid")
        let elsewhere = row("ep_2", uid: "crm", tenant: "other")
        try expect(try await store.apply([.insert(elsewhere)]), .done(version: 2), "another tenant's")
        var moved = elsewhere
        moved.version = 2
        moved.tenant = "t"
        try expect(try await store.apply([.update(moved)]), .taken(id: "ep_2"), "the uid, by a change")
        _ = try await store.apply([.delete(id: "ep_1", at: time)])
        try expect(try await store.apply([.update(moved)]), .done(version: 4), "free again")
        try expect(try await store.apply([.insert(row("ep_1"))]), .taken(id: "ep_1"), "but for the id")
    }

    static func refusesOutdated(_ driver: StoreDriver) async throws {
        let store = try subscriptions(driver.store)
        _ = try await store.apply([.insert(row("ep_1"))])
        var changed = row("ep_1")
        changed.version = 1
        _ = try await store.apply([.update(changed)])
        let both: [StoredSubscriptionChange] = [.insert(row("ep_2")), .update(changed)]
        try expect(try await store.apply(both), .outdated(id: "ep_1"), "read before the change")
        try expect(try await store.storedSubscription("ep_2"), nil, "nothing was changed")
        try expect(try await store.subscriptionsVersion(), 2, "nor counted")
        let gone: [StoredSubscriptionChange] = [.insert(row("ep_2")), .update(row("ep_9"))]
        try expect(try await store.apply(gone), .missing(id: "ep_9"), "one that is none")
        try expect(try await store.storedSubscription("ep_2"), nil, "nothing either")
    }

    static func deletesSubscriptions(_ driver: StoreDriver) async throws {
        let store = try subscriptions(driver.store)
        var row = row("ep_1", uid: "crm")
        row.definition = #"{"url":"https://example.com/"}"#
        row.credentials = sealed("credentials")
        row.signingSecrets = [.init(sealed: sealed("new"), createdAt: time)]
        (row.channels, row.metadata) = (["a"], #"{"k":"v"}"#)
        _ = try await store.apply([.insert(row)])
        try expect(
            try await store.apply([.delete(id: "ep_1", at: time + .seconds(1))]),
            .done(version: 2),
            "deleted"
        )
        try expect(try await store.storedSubscription("ep_1"), nil, "it lives no more")
        let page = try await store.storedSubscriptions(ofTenant: nil, PageWalk(limit: 10))
        try expect(page.map(\.id), [], "nor is it listed")
        let left = try await store.subscriptions(changedSince: 0, limit: 10)
        try expect(left.map(\.deletedAt), [time + .seconds(1)], "its row stays")
        try expect(left.map(\.credentials), [nil], "without credentials")
        try expect(left.map(\.signingSecrets), [[]], "and secrets")
        try expect(left.map(\.uid), [nil], "without its own id")
        try expect(left.map { [$0.definition, $0.metadata] }, [["{}", "{}"]], "without all that it said")
        try expect(left.map(\.channels), [[]], "and its channels")
        try expect(left.map { [$0.name, $0.tenant] }, [["ep_1", "t"]], "with its name and tenant")
        try expect(try await store.apply([.delete(id: "ep_1", at: time)]), .missing(id: "ep_1"), "once")
    }

    static func forgetsHealth(_ driver: StoreDriver) async throws {
        let store = try subscriptions(driver.store)
        _ = try await store.apply([.insert(row("ep_1")), .insert(row("ep_2"))])
        let names = ["ep_1", "ep_2"]
        let breaker = SubscriptionHealth.Breaker(failures: 3, until: .at(9))
        _ = try await driver.commit { batch in
            batch.health = names.map {
                SubscriptionHealth(subscription: $0, failingSince: .at(1), hasSucceeded: true, breaker: breaker)
            }
        }
        let manual = SubscriptionHealth.Disabled(cause: .manual, at: .at(5))
        try await driver.store.setDisabled(manual, subscription: "ep_1", at: .at(5))
        _ = try await driver.store.setPaused(.init(at: .at(5)), subscription: "ep_1", at: .at(5))
        _ = try await store.apply([.delete(id: "ep_1", at: .at(6))])
        try expect(try await driver.store.health().map(\.subscription), ["ep_2"], "the other's stays")
    }

    static func pagesSubscriptions(_ driver: StoreDriver) async throws {
        let store = try subscriptions(driver.store)
        let rows = (1...5).map { row("ep_\($0)", tenant: $0 == 3 ? "other" : "t") }
        _ = try await store.apply(rows.map { .insert($0) })
        func page(_ tenant: String?, _ page: PageWalk) async throws -> [String] {
            try await store.storedSubscriptions(ofTenant: tenant, page).map(\.id)
        }
        try expect(try await page("t", PageWalk(limit: 3)), ["ep_1", "ep_2", "ep_4"], "the first")
        try expect(try await page("t", PageWalk(from: "ep_4", limit: 3)), ["ep_5"], "the rest")
        try expect(
            try await page("t", PageWalk(from: "ep_4", isDescending: true, limit: 3)),
            ["ep_2", "ep_1"],
            "backwards"
        )
        try expect(try await page(nil, PageWalk(from: "ep_2", limit: 2)), ["ep_3", "ep_4"], "of all")
        try expect(try await page("nobody", PageWalk(limit: 2)), [], "of none")
    }

    @Sendable static func sharesSubscriptions(_ harness: Harness) async throws {
        let store = try await harness.open()
        let other = try await harness.connect(store)
        _ = try await subscriptions(store).apply([.insert(row("ep_1"))])
        try expect(try await subscriptions(other).subscriptionsVersion(), 1, "the version")
        try expect(try await subscriptions(other).storedSubscription("ep_1")?.name, "ep_1", "the row")
    }

    static func refusesOldMatches(_ driver: StoreDriver) async throws {
        let store = try subscriptions(driver.store)
        let waiting = try await driver.acceptPending(.sample("waiting"))
        func commit(_ version: Int64?, _ id: String) async throws -> StoreBatchResult {
            let deliveries = NewDeliveries(bodies: ["body"], deliveries: [.claimed("a", at: .at(0))])
            return try await driver.commit { batch in
                batch.subscriptionsVersion = version
                batch.acceptances = [Acceptance(event: .sample(id), createdAt: .at(0), deliveries: deliveries)]
                batch.fanOuts = [FanOut(event: waiting, createdAt: .at(0), deliveries: deliveries)]
                batch.reads.pendingEvents = 10
                batch.reads.pendingEventsDueBy = .at(0)
            }
        }
        _ = try await store.apply([.insert(row("ep_1"))])
        let old = try await commit(0, "old")
        try expect(old.newerSubscriptions, 1, "the version now")
        try expect(old.fanOuts, [.refused], "the fan-out")
        guard case .stored(let row, let ids)? = old.acceptances.first else {
            throw Failure(description: "the event was not stored")
        }
        try expect(ids, [], "its deliveries")
        try expect(old.reads.pendingEvents.map(\.row), [waiting, row], "both wait")
        let current = try await commit(1, "current")
        try expect(current.newerSubscriptions, nil, "the same version")
        guard case .stored(_, let made)? = current.acceptances.first else {
            throw Failure(description: "the event was not stored")
        }
        try expect(made.count, 1, "its deliveries by the same version")
        try expect(current.reads.pendingEvents.map(\.row), [row], "the other waits")
        _ = try await store.apply([.delete(id: "ep_1", at: time)])
        try expect(try await commit(nil, "any").newerSubscriptions, nil, "where it makes no difference")
    }
}
