import Foundation
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation

@testable import Webhooks

/// Subscriptions that are given at run time, beside those of a file.
@Suite struct RuntimeSubscriptionTests {
    private let receiver: Receiver
    private let workspace: TestEnvironment
    private let log = MemoryLog()

    init() throws {
        receiver = try Receiver(responses: [.noContent])
        workspace = try TestEnvironment()
    }

    private func write(_ subscriptions: String = "", more: String = "") throws {
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
        try write()
        return try await WebhookDispatcher(configuration: workspace.configuration, logger: log.logger)
    }

    private func draft(_ name: String, _ change: (inout SubscriptionDraft) -> Void = { _ in }) -> SubscriptionDraft {
        var draft = SubscriptionDraft(name: name, url: "\(receiver.url)/\(name)", topics: ["a.b"])
        draft.profile = "standard"
        draft.secrets = [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        change(&draft)
        return draft
    }

    private func paths() -> [String] { receiver.requests.map(\.target).sorted() }

    @Test("In force for the next event, during traffic and without a drain; gone for the one after")
    func nextEvent() async throws {
        let dispatcher = try await dispatcher()
        let notices = dispatcher.notices()
        let running = Task { try await dispatcher.run() }
        func deliver(_ id: String, _ count: Int) async throws {
            try await dispatcher.emit(Event(topic: "a.b", data: "{}", id: id))
            var settled = 0
            for await notice in notices where notice.kind == .settled && notice.event == id {
                #expect(notice.state == .delivered)
                settled += 1
                if settled == count { return }
            }
        }
        try await deliver("1", 1)
        try await dispatcher.upsert(draft("erp"))
        try await deliver("2", 2)
        try await dispatcher.upsert(draft("erp") { $0.url = "\(receiver.url)/moved" })
        try await deliver("3", 2)
        try await dispatcher.removeSubscriptions(named: ["erp", "never"])
        try await deliver("4", 1)
        #expect(paths() == ["/crm", "/crm", "/crm", "/crm", "/erp", "/moved"])
        #expect(dispatcher.registry.subscriptions.map(\.name) == ["crm"])
        dispatcher.shutDown()
        try await running.value
    }

    @Test("Refused whole with every problem by key, and nothing changes; what the file has is the file's")
    func refused() async throws {
        let dispatcher = try await dispatcher()
        try await dispatcher.upsert(draft("erp"))
        let bad = [
            draft("ok"), draft("erp") { ($0.url, $0.topics) = ("https://10.0.0.1/", ["a b"]) },
            draft("crm"), draft("ok"), draft("body") { $0.body = "{{#a}}" },
        ]
        let error = await #expect(throws: WebhooksError.self) { try await dispatcher.upsert(bad) }
        #expect(error?.code == .configuration)
        #expect(
            error?.diagnostics.map { "\($0.file) \($0.key ?? "")" } == [
                "subscription erp url", "subscription erp topics.0", "subscription crm name", "subscription ok name",
                "subscription body body",
            ]
        )
        #expect(error?.diagnostics.last?.line == 1)
        #expect(dispatcher.givenSubscriptions == [draft("erp")])
        #expect(await dispatcher.check(bad[1]).count == 2)
        #expect(await dispatcher.check(draft("erp")) == [] && dispatcher.givenSubscriptions == [draft("erp")])
        await #expect(throws: WebhooksError.self) { try await dispatcher.removeSubscriptions(named: ["erp", "crm"]) }
        #expect(dispatcher.givenSubscriptions == [draft("erp")])
        try await dispatcher.replaceSubscriptions([draft("b"), draft("a")])
        #expect(dispatcher.registry.subscriptions.map(\.name) == ["crm", "a", "b"])
    }

    @Test("A reload keeps what was given, by its rules; a name that the file takes is the file's")
    func reload() async throws {
        let dispatcher = try await dispatcher()
        var notices = dispatcher.notices().makeAsyncIterator()
        try await dispatcher.upsert([
            draft("erp"), draft("lms") { ($0.profile, $0.topics) = (nil, ["course.created"]) },
        ])
        #expect(await notices.next()?.kind == .subscriptionsChanged)
        try write(
            "  - { name: erp, url: \"\(receiver.url)/file\", topics: [course.created], profile: braincert }",
            more: "defaults: { delivery: { timeout: 3s } }"
        )
        try #require(dispatcher.reload())
        let refused = await notices.next()
        #expect(refused?.kind == .subscriptionRefused && refused?.diagnostics.first?.key == "name")
        #expect(await notices.next()?.kind == .reloaded)
        #expect(dispatcher.registry.subscription(named: "erp")?.url.reveal().hasSuffix("/file") == true)
        #expect(dispatcher.registry.subscription(named: "lms")?.policy.timeout == .seconds(3))
        #expect(dispatcher.registry.subscriptions.map(\.name) == ["crm", "erp", "lms"])
        #expect(dispatcher.givenSubscriptions.map(\.name) == ["erp", "lms"])
        try workspace.write("subscriptions: [{ name: 1 }]", to: "webhooks.yaml")
        #expect(!dispatcher.reload())
        let broken = await notices.next()
        #expect(broken?.kind == .reloadRefused && broken?.diagnostics.isEmpty == false)
        try write()
        try #require(dispatcher.reload())
        #expect(dispatcher.registry.subscription(named: "erp")?.url.reveal().hasSuffix("/erp") == true)
        #expect(dispatcher.registry.subscription(named: "lms")?.policy.timeout == .seconds(15))
    }

    @Test("A source's sets replace one another; what is refused stays as it was and holds up nobody")
    func follows() async throws {
        let dispatcher = try await dispatcher()
        let (sets, source) = AsyncStream.makeStream(of: [SubscriptionDraft].self)
        source.yield([draft("a"), draft("b")])
        source.yield([draft("a") { $0.topics = ["a b"] }, draft("c"), draft("d") { $0.url = "" }])
        source.finish()
        try await dispatcher.follow(sets)
        #expect(dispatcher.givenSubscriptions.map(\.name) == ["a", "c"])
        #expect(dispatcher.registry.subscription(named: "a")?.topics.map(\.description) == ["a.b"])
        #expect(log.text.contains("a subscription is refused: subscription a: topics.0: "))
        #expect(log.text.contains("a subscription is refused: subscription d: url: "))
    }

    @Test("Given with the configuration, they are there before anything is emitted")
    func fromTheStart() async throws {
        try write()
        let configuration = workspace.configuration.adding([draft("erp")])
        let dispatcher = try await WebhookDispatcher(configuration: configuration, logger: log.logger)
        try await dispatcher.emit(Event(topic: "a.b", data: "{}"))
        try await dispatcher.run(until: .settled)
        #expect(paths() == ["/crm", "/erp"])
        // What has changed since stays changed.
        try await dispatcher.removeSubscriptions(named: ["erp"])
        #expect(dispatcher.reload() && dispatcher.givenSubscriptions == [])
        let error = await #expect(throws: WebhooksError.self) {
            try await WebhookDispatcher(configuration: configuration.adding([draft("crm")]))
        }
        #expect(error?.key == "name")
    }

    @Test("Profiles of the host's own, as texts or a folder")
    func profiles() async throws {
        let profile = """
            {"title":"Acme","contentTypes":["application/json"],"anyTopic":true,"body":{"acme":"$payload"},
            "topics":[{"topic":"**","title":"Any","trigger":"Any.","documented":false,"fields":[],"example":{}}]}
            """
        var settings = DispatcherSettings()
        settings.store = .sqlite(path: workspace.folder + "/values.sqlite")
        settings.egress = EgressPolicy(allow: [try EgressRule("127.0.0.0/8")])
        let folder = workspace.folder + "/profiles/acme"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try workspace.write(profile, to: "profiles/acme/profile.json")
        let files: [WebhookConfiguration.ProfileFiles] = [
            .texts(["acme/profile.json": profile]), .folder(workspace.folder + "/profiles"),
        ]
        for profiles in files {
            let dispatcher = try await WebhookDispatcher(
                configuration: .values(settings: settings, profiles: profiles),
                logger: log.logger
            )
            try await dispatcher.upsert(draft("erp") { ($0.profile, $0.secrets) = ("acme", nil) })
            try await dispatcher.emit(Event(topic: "a.b", data: "{\"a\":1}"))
            try await dispatcher.run(until: .settled)
            #expect(receiver.requests.last?.body.text == #"{"acme":{"a":1}}"#)
        }
        await #expect(throws: WebhooksError.self) {
            try await WebhookDispatcher(
                configuration: .values(settings: settings, profiles: .texts(["acme/profile.json": "{}"]))
            )
        }
    }

    /// A change builds what it changes: the others are the very same objects.
    @Test func othersStay() async throws {
        let dispatcher = try await dispatcher()
        try await dispatcher.upsert((0..<100).map { number in draft("s\(number)") })
        func maker(_ name: String) throws -> any AnyObject {
            let snapshot = dispatcher.state.withLock { $0.snapshot }
            let subscription = try #require(snapshot.registry.subscription(named: name))
            return snapshot.renderer.requests(to: subscription)
        }
        let (kept, changed) = (try maker("s1"), try maker("s2"))
        try await dispatcher.upsert(draft("s2") { $0.title = "other" })
        #expect(try maker("s1") === kept)
        #expect(try maker("s2") !== changed)
        // Nor does a set that differs by one build the others.
        try await dispatcher.replaceSubscriptions((0..<100).map { number in draft("s\(number)") })
        #expect(try maker("s1") === kept)
    }

    @Test("A slow listener loses the oldest notices and is told how many; others lose none")
    func dropped() async throws {
        let dispatcher = try await dispatcher()
        var (slow, quick) = (
            dispatcher.notices(buffering: 2).makeAsyncIterator(), dispatcher.notices().makeAsyncIterator()
        )
        for number in 0..<10 { try await dispatcher.upsert(draft("s\(number)")) }
        let dropped = await slow.next()
        #expect(dropped?.kind == .dropped && dropped?.count == 8)
        #expect(await slow.next()?.kind == .subscriptionsChanged)
        #expect(await slow.next()?.kind == .subscriptionsChanged)
        for _ in 0..<10 { #expect(await quick.next()?.kind == .subscriptionsChanged) }
        try await dispatcher.upsert(draft("last"))
        #expect(await slow.next()?.kind == .subscriptionsChanged)
    }

    @Test("The stream ends with the reading task, and with the dispatcher")
    func ends() async throws {
        var dispatcher: WebhookDispatcher? = try await dispatcher()
        let stream = try #require(dispatcher?.notices())
        let reader = Task { for await _ in stream {} }
        reader.cancel()
        await reader.value
        let other = try #require(dispatcher?.notices())
        dispatcher = nil
        for await _ in other {}
    }
}
