import Foundation
import Testing
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// Subscriptions that a host keeps in the store by the library.
@Suite("The library keeps subscriptions in the store", .timeLimit(.minutes(1)))
struct KeptSubscriptionTests {
    private let receiver: Receiver
    private let workspace: TestEnvironment
    private let key = StoredSubscriptions.generateKey()
    private let secret = "whsec_QmVnaW4tc2lnbmluZy1jYW5hcnktMDEy"

    init() throws {
        receiver = try Receiver(responses: [.noContent])
        workspace = try TestEnvironment()
    }

    private func dispatcher(keys: [Secret]? = nil) async throws -> WebhookDispatcher {
        var settings = DispatcherSettings()
        settings.store = .sqlite(path: workspace.path("webhooks.sqlite"))
        settings.egress = try EgressPolicy(allow: ["127.0.0.0/8"])
        let configuration = WebhookConfiguration.values(settings: settings).withEncryptionKeys(keys ?? [key])
        return try await WebhookDispatcher(configuration: configuration)
    }

    private func draft(_ name: String, _ change: (inout SubscriptionDraft) -> Void = { _ in }) -> SubscriptionDraft {
        var draft = SubscriptionDraft(name: name, url: "\(receiver.url)/\(name)", topics: ["course.*"])
        draft.schema = "off"
        change(&draft)
        return draft
    }

    private func deliver(_ id: String, _ dispatcher: WebhookDispatcher, tenant: String? = nil) async throws -> [String]
    {
        let before = receiver.requests.count
        try await dispatcher.emit(Event(topic: "course.created", data: "{}", id: id, tenant: tenant))
        try await dispatcher.run(until: .settled)
        return receiver.requests.dropFirst(before).map(\.target).sorted()
    }

    private func isSigned(_ request: ReceivedRequest, _ secret: Secret) -> Bool {
        guard let id = request.header("webhook-id"), let signatures = request.header("webhook-signature"),
            let timestamp = request.header("webhook-timestamp").flatMap({ Int64($0) })
        else { return false }
        return Signatures.verify(id: id, timestamp: timestamp, body: request.body, signatures: signatures, key: secret)
    }

    @Test("made, and there for the next event, signed with a secret that the store holds sealed alone")
    func creates() async throws {
        let dispatcher = try await dispatcher()
        #expect(try await dispatcher.storedSubscriptions.list().isEmpty)
        let given = try await dispatcher.storedSubscriptions.create(
            draft("given") { draft in
                draft.secrets = [Secret(secret)]
                draft.authentication = .bearer(Secret("bearer-canary-8f2e"))
                draft.headers = [ConfiguredHeader(name: "X-Key", secret: Secret("header-canary-77"))]
            }
        )
        let made = try await dispatcher.storedSubscriptions.create(draft("made"))
        #expect(try await deliver("1", dispatcher) == ["/given", "/made"])
        for (entry, path) in [(given, "/given"), (made, "/made")] {
            let secret = try #require(try await dispatcher.storedSubscriptions.secret(of: entry.id))
            #expect(try isSigned(#require(receiver.requests.first { $0.target == path }), secret))
        }
        #expect(try await dispatcher.storedSubscriptions.secret(of: given.id)?.reveal() == secret)
        let request = try #require(receiver.requests.first { $0.target == "/given" })
        #expect(request.header("authorization") == "Bearer bearer-canary-8f2e")
        #expect(request.header("x-key") == "header-canary-77")
        #expect(try await Set(dispatcher.deliveries().map(\.subscription)) == [given.id, made.id])

        // What is listed has nothing of it, nor have the store's files.
        let listed = try await dispatcher.storedSubscriptions.list()
        #expect(listed.map(\.id) == [given.id, made.id] && listed.map(\.draft.name) == ["given", "made"])
        #expect(
            listed.allSatisfy { $0.draft.secrets == nil && $0.draft.authentication == nil && $0.draft.headers.isEmpty }
        )
        let files = try FileManager.default.contentsOfDirectory(atPath: workspace.folder)
        let bytes = try files.map { try Data(contentsOf: URL(fileURLWithPath: workspace.path($0))) }
        #expect(bytes.contains { $0.range(of: Data("/given".utf8)) != nil })
        for canary in [String(secret.dropFirst(6)), "bearer-canary-8f2e", "header-canary-77"] {
            #expect(bytes.allSatisfy { $0.range(of: Data(canary.utf8)) == nil }, "\(canary)")
        }
    }

    @Test("another dispatcher's change is in force for the next event, and there after a restart")
    func othersFollow() async throws {
        let (one, other) = (try await dispatcher(), try await dispatcher())
        #expect(try await deliver("1", one) == [])
        let entry = try await other.storedSubscriptions.create(draft("crm") { $0.tenant = "school-42" })
        #expect(try await deliver("2", one, tenant: "school-42") == ["/crm"])
        try await other.storedSubscriptions.update(entry.id) { $0.url = "\(receiver.url)/moved" }
        #expect(try await deliver("3", one, tenant: "school-42") == ["/moved"])
        #expect(try await deliver("4", one, tenant: "school-43") == [])
        let restarted = try await dispatcher()
        let found = try await restarted.storedSubscriptions.get(named: "crm", ofTenant: "school-42")
        #expect(found?.id == entry.id && found?.draft.url == "\(receiver.url)/moved")
        #expect(try await restarted.storedSubscriptions.get(named: "crm", ofTenant: nil) == nil)
        #expect(try await deliver("5", restarted, tenant: "school-42") == ["/moved"])
        try await other.storedSubscriptions.update(entry.id) { $0.isEnabled = false }
        #expect(try await restarted.storedSubscriptions.get(entry.id)?.draft.isEnabled == false)
        #expect(try await deliver("6", restarted, tenant: "school-42") == [])
        #expect(try await other.storedSubscriptions.delete(entry.id))
        #expect(try await other.storedSubscriptions.delete(entry.id) == false)
        #expect(try await restarted.storedSubscriptions.get(entry.id) == nil)
    }

    @Test("a change keeps what it doesn't name, and a replaced secret signs for a while")
    func changes() async throws {
        let dispatcher = try await dispatcher()
        let stored = dispatcher.storedSubscriptions
        let id = try await stored.create(
            draft("crm") { ($0.secrets, $0.authentication) = ([Secret(secret)], .bearer(Secret("one"))) }
        ).id
        let before = try await stored.get(id)?.updatedAt
        try await stored.update(id) { draft in
            #expect(draft.name == "crm" && draft.secrets == [Secret(secret)])
            draft.topics = ["**"]
        }
        #expect(try await stored.secret(of: id)?.reveal() == secret)
        #expect(try await deliver("1", dispatcher) == ["/crm"])
        #expect(receiver.requests.last?.header("authorization") == "Bearer one")
        let fresh = try await stored.rotateSecret(of: id)
        #expect(try await stored.rotateSecret(of: id, to: fresh) == fresh, "the same again")
        #expect(try await deliver("2", dispatcher) == ["/crm"])
        let request = try #require(receiver.requests.last)
        #expect(isSigned(request, fresh) && isSigned(request, Secret(secret)))
        try await stored.rotateSecret(of: id, grace: .zero)
        #expect(try await deliver("3", dispatcher) == ["/crm"])
        #expect(!isSigned(try #require(receiver.requests.last), fresh))
        // A replacement leaves the signing secret, and nothing else.
        let signing = try await stored.secret(of: id)
        let replaced = try await stored.replace(id, with: draft("erp"))
        #expect(replaced.id == id && replaced.draft.name == "erp" && replaced.updatedAt >= before ?? .now)
        #expect(try await stored.secret(of: id) == signing)
        #expect(try await deliver("4", dispatcher) == ["/erp"])
        #expect(receiver.requests.last?.header("authorization") == nil)
        await #expect(throws: WebhooksError.self) { try await stored.rotateSecret(of: id, grace: .seconds(8 * 86_400)) }
    }

    @Test("what the rules refuse is refused whole, with every problem by its key")
    func refusals() async throws {
        let dispatcher = try await dispatcher()
        let stored = dispatcher.storedSubscriptions
        func refusal(_ body: () async throws -> Void) async -> WebhooksError? {
            await #expect(throws: WebhooksError.self) { try await body() }
        }
        let bad = draft("bad") { ($0.url, $0.topics, $0.profile) = ("https://10.0.0.1/", ["a..b"], "braincert") }
        let problems = await refusal { try await stored.create(bad) }
        let found = problems?.diagnostics ?? []
        let keys = Set(found.compactMap(\.key))
        #expect(keys.isSuperset(of: ["url", "topics.0"]), "\(keys)")
        #expect(found.allSatisfy { $0.file == "subscription bad" })
        let checked = await stored.check(bad)
        #expect(checked == found)
        #expect(await stored.check(draft("good")).isEmpty)
        for name in ["", "ep_mine", "a b\u{1B}"] {
            let error = await refusal { try await stored.create(draft("x") { $0.name = name }) }
            #expect(error?.diagnostics.map(\.key) == ["name"] && error?.message.contains("\u{1B}") == false)
        }
        #expect(try await stored.list().isEmpty && dispatcher.givenSubscriptions.isEmpty)

        let id = try await stored.create(draft("crm") { $0.tenant = "a" }).id
        let taken = await refusal { try await stored.create(draft("crm") { $0.tenant = "a" }) }
        #expect(taken?.diagnostics.map(\.key) == ["name"])
        let other = try await stored.create(draft("crm") { $0.tenant = "b" }).id
        #expect(try await stored.list(ofTenant: "b").map(\.id) == [other])
        #expect(try await stored.list(after: id, limit: 1).map(\.id) == [other])
        _ = await refusal { try await stored.replace(id, with: bad) }
        #expect(try await stored.get(id)?.draft.url.hasSuffix("/crm") == true)
        let missing = await refusal { try await stored.update("ep_none") { _ in } }
        #expect(missing?.code == .notFound)
    }

    @Test("without a key only what has no secret is kept, and another key says what is wrong")
    func keys() async throws {
        let keyless = try await dispatcher(keys: [])
        let open = try await keyless.storedSubscriptions.create(draft("open") { $0.profile = "braincert" })
        #expect(try await keyless.storedSubscriptions.secret(of: open.id) == nil)
        let refused = await #expect(throws: WebhooksError.self) {
            try await keyless.storedSubscriptions.create(draft("sealed"))
        }
        #expect(refused?.code == .configuration && refused?.description.contains("withEncryptionKeys") == true)
        let sealed = try await dispatcher().storedSubscriptions.create(draft("sealed"))
        let other = try await dispatcher(keys: [StoredSubscriptions.generateKey()])
        let error = await #expect(throws: WebhooksError.self) {
            try await other.storedSubscriptions.update(sealed.id) { $0.title = "x" }
        }
        #expect(error?.message.contains("not among the encryption keys") == true)
        // An older key opens, the newer one seals.
        let fresh = StoredSubscriptions.generateKey()
        let newer = try await dispatcher(keys: [fresh, key])
        let secret = try await newer.storedSubscriptions.secret(of: sealed.id)
        #expect(secret != nil)
        #expect(try await other.storedSubscriptions.reseal() == 1, "it can't")
        #expect(try await newer.storedSubscriptions.reseal() == 0)
        #expect(try await dispatcher(keys: [fresh]).storedSubscriptions.secret(of: sealed.id) == secret)
        await #expect(throws: WebhooksError.self) { try await keyless.storedSubscriptions.reseal() }
        await #expect(throws: WebhooksError.self) { try await dispatcher(keys: [Secret("short")]) }
    }
}
