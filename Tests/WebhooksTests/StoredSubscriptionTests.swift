import Foundation
import Testing
import WebhookCore
import WebhookReceiver
import WebhookRendering
import WebhookSimulation

@testable import Webhooks

/// Subscriptions that are kept in the store, beside those of a file.
@Suite("Subscriptions kept in the store", .timeLimit(.minutes(1)))
struct StoredSubscriptionTests {
    private let receiver: Receiver
    private let workspace: TestEnvironment
    private let log = MemoryLog()
    private let key = SealingKeys.generateKey()

    init() throws {
        receiver = try Receiver(responses: [.noContent])
        workspace = try TestEnvironment()
        try workspace.write(key.reveal(), to: "webhooks.key")
    }

    private func write(_ subscriptions: String = "", more: String = "server: { encryptionKey: { file: webhooks.key } }")
        throws
    {
        try workspace.write(
            """
            store: sqlite:store/webhooks.sqlite
            egress: { allow: ["127.0.0.0/8"] }
            profile: lms
            \(more)
            subscriptions:
              - { name: crm, url: "\(receiver.url)/crm", topics: [a.b], profile: standard, secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
            \(subscriptions)
            """,
            to: "webhooks.yaml"
        )
    }

    private func dispatcher() async throws -> WebhookDispatcher {
        try await WebhookDispatcher(configuration: workspace.configuration, logger: log.logger)
    }

    private func row(_ name: String, _ change: (inout SubscriptionDraft) -> Void = { _ in }) throws
        -> StoredSubscription
    {
        var draft = SubscriptionDraft(name: name, url: "\(receiver.url)/\(name)", topics: ["a.b"])
        draft.profile = "standard"
        draft.secrets = [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        change(&draft)
        let id = "ep_" + name
        var row = StoredSubscription(id: id, name: name, definition: "", createdAt: .now, updatedAt: .now)
        try SealingKeys([key]).write(draft, into: &row, at: .now)
        return row
    }

    /// Changes the store as another process does: the dispatcher that runs isn't told.
    private func change(_ changes: StoredSubscriptionChange...) async throws {
        let result = try await dispatcher().subscriptionStore().apply(changes)
        guard case .done = result else { throw WebhooksError(.refused, "\(result)") }
    }

    private func paths() -> [String] { receiver.requests.map(\.target).sorted() }

    /// Emits an event, and waits until its deliveries have settled.
    private func deliver(
        _ id: String,
        _ count: Int,
        _ dispatcher: WebhookDispatcher,
        _ notices: AsyncStream<WebhookNotice>
    )
        async throws
    {
        try await dispatcher.emit(Event(topic: "a.b", data: "{}", id: id))
        var settled = 0
        for await notice in notices where notice.kind == .settled && notice.event == id {
            // What is disabled is in force, and misses it.
            if notice.state == .cancelled { continue }
            #expect(notice.state == .delivered)
            settled += 1
            if settled == count { return }
        }
        Issue.record("only \(settled) of \(count) settled")
    }

    @Test("in force for the next event, whoever has changed them; gone for the one after")
    func nextEvent() async throws {
        try write()
        let dispatcher = try await dispatcher()
        let notices = dispatcher.notices()
        try await change(.insert(row("early")))
        let running = Task { try await dispatcher.run() }
        try await deliver("1", 2, dispatcher, notices)
        try await change(.insert(row("late")))
        try await deliver("2", 3, dispatcher, notices)
        var moved = try row("early") { $0.url = "\(receiver.url)/moved" }
        moved.version = 1
        try await change(.update(moved), .delete(id: "ep_late", at: .now))
        try await deliver("3", 2, dispatcher, notices)
        var off = try row("early")
        (off.version, off.isDisabled) = (3, true)
        try await change(.update(off))
        try await deliver("4", 1, dispatcher, notices)
        #expect(paths() == ["/crm", "/crm", "/crm", "/crm", "/early", "/early", "/late", "/moved"])
        #expect(dispatcher.registry.storedVersion == 5)
        #expect(dispatcher.registry.given(named: "early")?.stored?.isDisabled == true)
        let missed = try await dispatcher.deliveries(DeliveryQuery(states: [.cancelled]))
        #expect(missed.map(\.subscription) == ["early"] && missed.map(\.event) == ["4"])
        #expect(missed.allSatisfy { $0.lastError == .disabled })
        #expect(dispatcher.givenSubscriptions == [])
        dispatcher.shutDown()
        try await running.value
    }

    @Test(
        "one that was stored with more than it may ask for today is in force, within the bounds; a change is judged by them"
    )
    func boundedBefore() async throws {
        try write()
        let greedy: JSONValue = ["timeout": "3650d", "maxInFlight": 1_000_000, "schedule": ["1ms"]]
        try await change(.insert(row("greedy") { $0.delivery = greedy }))
        let dispatcher = try await dispatcher()
        try await dispatcher.followStored()
        for _ in 0..<2 {
            let policy = try #require(dispatcher.registry.subscription(named: "greedy")?.policy)
            #expect(policy.timeout == .seconds(60) && policy.maxInFlight == 64 && policy.schedule == [.seconds(1)])
            #expect(!log.text.contains("is refused"))
            #expect(dispatcher.reload())
        }
        let draft = try #require(dispatcher.registry.given(named: "greedy")?.draft)
        let problems = await dispatcher.check(draft, as: .store).filter { $0.severity == .error }
        #expect(problems.map(\.key) == ["delivery.timeout", "delivery.maxInFlight", "delivery.schedule.0"])
    }

    @Test("the templates of one have a thousand tags in all; who runs the dispatcher has no such bound")
    func boundedTemplates() async throws {
        try write()
        let dispatcher = try await dispatcher()
        func problems(_ tags: Int, _ source: SubscriptionSource) async -> [String] {
            var draft = SubscriptionDraft(name: "long", url: "\(receiver.url)/long", topics: ["a.b"])
            (draft.profile, draft.secrets) = ("standard", [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")])
            let half = String(repeating: "{{topic}}", count: tags / 2)
            draft.body = ["a.b": JSONValue(.string("\"\(half)\"")), "**": JSONValue(.string("\"\(half)\""))]
            return await dispatcher.check(draft, as: source).filter { $0.severity == .error }.map(\.message)
        }
        #expect(await problems(1_000, .store) == [])
        let refused = "templates may have 1000 tags in all in a subscription that is kept in the store"
        #expect(await problems(1_002, .store) == [refused])
        #expect(await problems(1_002, .host) == [])
    }

    @Test("what was emitted before a change, and not matched yet, is delivered by what there is then")
    func emittedBefore() async throws {
        try write()
        let dispatcher = try await dispatcher()
        try await dispatcher.emit(Event(topic: "a.b", data: "{}", id: "1"))
        try await change(.insert(row("late")))
        try await dispatcher.run(until: .settled)
        #expect(paths() == ["/crm", "/late"])
    }

    @Test("the open deliveries of one that is deleted are cancelled, with the reason")
    func deleted() async throws {
        let down = try Receiver(responses: [.status(503)])
        try write()
        try await change(.insert(row("gone") { $0.url = down.url }))
        let dispatcher = try await dispatcher()
        try await dispatcher.emit(Event(topic: "a.b", data: "{}", id: "1"))
        try await dispatcher.run(until: .idle)
        #expect(down.requests.count == 1)
        try await change(.delete(id: "ep_gone", at: .now))
        try await dispatcher.run(until: .settled)
        let open = try await dispatcher.log.deliveries().filter { $0.subscription == "gone" }
        #expect(open.map(\.state) == [.cancelled] && open.map(\.detail) == ["its subscription was deleted"])
        #expect(down.requests.count == 1 && log.text.contains("cancelled what was open of a deleted subscription"))
        #expect(dispatcher.registry.subscriptions.map(\.name) == ["crm"])
    }

    @Test("one that is refused is left out loudly, and holds up nobody; a reload tries it again")
    func refused() async throws {
        let mine = "  - { name: mine, url: \"\(receiver.url)/mine\", topics: [course.created], profile: braincert }"
        try write(mine)
        let dispatcher = try await dispatcher()
        var open = try row("open") { ($0.secrets, $0.profile, $0.topics) = (nil, "braincert", ["course.created"]) }
        open.channels = ["one"]
        try await change(
            .insert(row("mine")),
            .insert(open),
            .insert(row("ep_odd") { $0.profile = "gone" })
        )
        try await dispatcher.followStored()
        #expect(dispatcher.registry.subscriptions.map(\.name) == ["crm", "mine", "open"])
        #expect(dispatcher.registry.source(of: "mine") == .file && dispatcher.registry.source(of: "open") == .store)
        #expect(dispatcher.registry.storedVersion == 3)
        #expect(dispatcher.registry.subscription(named: "open")?.channels == ["one"])
        let lines = log.text.split(separator: "\n").filter { $0.contains("is refused") }
        #expect(lines.contains { $0.contains("subscription ep_odd: profile") && $0.contains("replay-missing") })
        #expect(lines.allSatisfy { !$0.contains("whsec_") })
        #expect(dispatcher.state.withLock { $0.unusable }.refused.contains("ep_odd"))
        let findings = await Doctor(workspace.configuration, dispatcher.log).examine()
        #expect(findings.contains { $0.code == "refused" && $0.message.contains("ep_odd") && $0.severity == .error })
        let event = try Event(topic: "a.b", data: "{}", id: "1")
        try await dispatcher.emit(event)
        try await dispatcher.run(until: .settled)
        let delivery = try #require(await dispatcher.log.deliveries().first)
        let plan = try await dispatcher.retriggerPlan(ids: ["\(delivery.id)"])
        #expect(plan.count == 1)
        // The name is free.
        try write()
        #expect(dispatcher.reload())
        #expect(Set(dispatcher.registry.subscriptions.map(\.name)) == ["crm", "open", "mine"])
        // What a reload has kept goes on from its version.
        try await change(.delete(id: "ep_open", at: .now))
        try await dispatcher.followStored()
        #expect(Set(dispatcher.registry.subscriptions.map(\.name)) == ["crm", "mine"])
    }

    @Test("one that no key opens is held, with everybody told, and loses nothing; so is one at a forbidden address")
    func held() async throws {
        try write(more: "")
        try await change(
            .insert(row("ep_sealed")),
            .insert(
                row("ep_inside") {
                    ($0.url, $0.secrets, $0.profile) = ("https://10.0.0.1/", nil, "braincert")
                    $0.topics = ["course.created"]
                }
            )
        )
        let dispatcher = try await dispatcher()
        try await dispatcher.emit(Event(topic: "a.b", data: "{}", id: "1"))
        let running = Task { try await dispatcher.run() }
        var open: [Delivery] = []
        while open.count < 2 { open = try await dispatcher.log.deliveries() }
        let held = Set(["ep_sealed", "ep_inside"])
        #expect(dispatcher.registry.subscriptions.filter { !$0.isServed }.map(\.name) == held.sorted())
        let lines = log.text.split(separator: "\n").filter { $0.contains("subscription held") }
        #expect(lines.contains { $0.contains("ep_sealed") && $0.contains("withEncryptionKeys(_:)") }, "\(log.text)")
        #expect(lines.contains { $0.contains("ep_inside") && $0.contains("url") }, "\(log.text)")
        let status = try await dispatcher.log.status(configured: [("crm", true)])
        #expect(status.problems.map(\.code).filter { $0 == "broken" }.count == 2, "\(status.problems)")
        #expect(status.problems.contains { $0.hint?.contains("webhooks doctor") == true })
        let rows = try await dispatcher.log.overview(of: [("crm", true)])
        #expect(rows.filter { $0.obstacle?.reason.contains("settings") == true }.map(\.name).sorted() == held.sorted())
        let findings = await Doctor(workspace.configuration, dispatcher.log).examine()
        #expect(findings.filter { $0.code == "broken" && $0.severity == .error && $0.area == .store }.count >= 2)
        #expect(dispatcher.readiness.isReady)
        let reasons = try await dispatcher.log.waitReasons(of: open) { dispatcher.registry.subscription(named: $0) }
        #expect(reasons.map(\.subscription).contains("ep_sealed"), "\(reasons)")
        let plan = try await dispatcher.retriggerPlan(ids: ["1"])
        #expect(plan.refusals.contains { $0.reason.contains("its secrets can't be read") }, "\(plan.refusals)")
        // The key is there now.
        try write()
        #expect(dispatcher.reload())
        while !paths().contains("/ep_sealed") { await Task.yield() }
        #expect(dispatcher.registry.subscriptions.filter { !$0.isServed }.map(\.name) == ["ep_inside"])
        dispatcher.shutDown()
        try await running.value
    }

    @Test(
        "keys that would seal one that was open are refused at a reload, until they are back or its secrets are resealed"
    )
    func sealingReload() async throws {
        try write()
        try await change(.insert(row("kept")))
        let dispatcher = try await dispatcher()
        try await dispatcher.followStored()
        let new = SealingKeys.generateKey()
        func isServed() -> Bool { dispatcher.registry.subscription(named: "kept")?.isServed == true }
        func keys() -> [Secret] { dispatcher.registry.settings.server.encryptionKeys }

        try workspace.write(new.reveal(), to: "webhooks.key")
        #expect(!dispatcher.reload())
        #expect(isServed() && keys() == [key])
        let id = try SealingKeys([key]).currentID
        #expect(log.text.contains("configuration not reloaded"), "\(log.text)")
        #expect(log.text.contains("1 of 1 endpoint in the store could be sent to no more") && log.text.contains(id))
        #expect(!log.text.contains(new.reveal()) && !log.text.contains(key.reveal()))

        // What another process seals with the new one is followed; then nothing stands in the way.
        try await dispatcher.followStored()
        await dispatcher.retryRefusedKeys()
        #expect(keys() == [key], "nothing is different yet")
        var row = try #require(try await dispatcher.subscriptionStore().storedSubscription("ep_kept"))
        #expect(try SealingKeys([new, key]).reseal(&row))
        try await change(.update(row))
        try await dispatcher.followStored()
        await dispatcher.retryRefusedKeys()
        #expect(keys() == [new], "\(log.text)")
    }

    @Test(
        "where what is broken is held, a reload holds what its keys don't open any more, and sends to it with the key back"
    )
    func sealedByReload() async throws {
        try write()
        try await change(.insert(row("kept")))
        let dispatcher = try await WebhookDispatcher(
            configuration: workspace.configuration.holdingBroken(),
            logger: log.logger
        )
        try await dispatcher.followStored()
        func isServed() -> Bool? { dispatcher.registry.subscription(named: "kept")?.isServed }
        try workspace.write(SealingKeys.generateKey().reveal(), to: "webhooks.key")
        for _ in 0..<2 {
            #expect(dispatcher.reload())
            #expect(isServed() == false)
            #expect(try await dispatcher.unopenedSubscriptions().count == 1)
        }
        #expect(log.text.contains("subscription held"), "\(log.text)")
        try workspace.write(key.reveal(), to: "webhooks.key")
        #expect(dispatcher.reload())
        #expect(isServed() == true)
        #expect(try await dispatcher.unopenedSubscriptions().count == 0)
    }

    @Test("a name that the host has given stays the host's until it is free; the store's are not the host's to change")
    func names() async throws {
        try write()
        let dispatcher = try await dispatcher()
        var draft = SubscriptionDraft(name: "erp", url: "\(receiver.url)/host", topics: ["course.created"])
        draft.profile = "braincert"
        try await dispatcher.upsert(draft)
        try await change(.insert(row("erp")), .insert(row("own")))
        try await dispatcher.followStored()
        #expect(dispatcher.registry.source(of: "erp") == .host && dispatcher.registry.source(of: "own") == .store)
        #expect(dispatcher.givenSubscriptions.map(\.name) == ["erp"])
        await #expect(throws: WebhooksError.self) { try await dispatcher.removeSubscriptions(named: ["own"]) }
        draft.name = "own"
        await #expect(throws: WebhooksError.self) { try await dispatcher.upsert(draft) }
        draft.name = "ep_a"
        #expect(await dispatcher.check(draft).map(\.key) == ["name"])
        #expect(await dispatcher.check(draft, as: .store) == [])
        try await dispatcher.replaceSubscriptions([])
        #expect(dispatcher.registry.subscriptions.map(\.name) == ["crm", "own"])
        #expect(dispatcher.reload())
        #expect(dispatcher.registry.source(of: "erp") == .store)
    }

    @Test("the defaults hold for them, but not their credentials")
    func defaults() async throws {
        try write(more: "defaults: { bearer: not-for-all, delivery: { timeout: 3s } }")
        let dispatcher = try await dispatcher()
        var open = SubscriptionDraft(name: "open", url: "\(receiver.url)/open", topics: ["course.created"])
        (open.tenant, open.profile) = ("a", "braincert")
        var row = StoredSubscription(id: "ep_1", name: "open", definition: "", createdAt: .now, updatedAt: .now)
        try SealingKeys([key]).write(open, into: &row, at: .now)
        try await change(.insert(row))
        try await dispatcher.followStored()
        let found = try #require(dispatcher.registry.subscription(named: "open"))
        #expect(found.policy.timeout == .seconds(3) && found.authentication == nil && found.tenant == "a")
    }
}
