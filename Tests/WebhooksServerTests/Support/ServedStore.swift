import Foundation
import Logging
import WebhookCore
import Webhooks

@testable import WebhooksServer

/// An API over a store of its own, without a listener; nothing is delivered.
final class ServedStore: Sendable {
    static let token = "organisation-token-of-thirty-two-or-more"
    static let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    let folder: URL
    let dispatcher: WebhookDispatcher
    let api: WebhooksAPI
    /// The one whose folder it is, which is removed with that.
    private let predecessor: ServedStore?

    /// - Parameters:
    ///   - predecessor: the one whose store it serves, after it or beside it.
    ///   - store: as the configuration has it.
    ///   - key: seals what is secret.
    ///   - server: one more of the settings of `server`.
    ///   - tasks: when a task is another server's, or tried again.
    init(
        subscriptions: String = "[]",
        after predecessor: ServedStore? = nil,
        store: String = "sqlite:webhooks.sqlite",
        key: String = ServedStore.key,
        server: String = "console: true",
        tasks: TaskTimes = TaskTimes()
    ) async throws {
        self.predecessor = predecessor
        let folder =
            predecessor?.folder
            ?? FileManager.default.temporaryDirectory.appendingPathComponent("served-\(UUID().uuidString)")
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent("webhooks.yaml")
        let text = """
            store: \(store)
            profile: standard
            egress: { allow: ["127.0.0.0/8"] }
            server: { tokens: [\(Self.token)], encryptionKey: \(key), \(server) }
            subscriptions: \(subscriptions)
            """
        try Data(text.utf8).write(to: file)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        dispatcher = try await WebhookDispatcher(configuration: .file(file.path), logger: logger)
        let settings = dispatcher.registry.settings.server
        api = WebhooksAPI(dispatcher, settings: settings, logger: logger, tasks: tasks)
    }

    deinit { if predecessor == nil { try? FileManager.default.removeItem(at: folder) } }

    /// Sends a request; the answer's status and body.
    @discardableResult
    func send(
        _ method: String,
        _ target: String,
        _ body: String = "",
        token: String? = ServedStore.token,
        key: String? = nil,
        agent: String? = nil
    ) async -> Answer {
        var request = APIRequest(method: method, target: "/api/v1" + target, body: ByteString(body))
        if let token { request.headers.append(("authorization", "Bearer \(token)")) }
        if let key { request.headers.append(("idempotency-key", key)) }
        if let agent { request.headers.append(("user-agent", agent)) }
        let response = await api.respond(to: request, isLocal: true)
        return Answer(status: response.status, text: response.bytes.text)
    }
}

/// An answer of the API.
struct Answer: Sendable, Equatable {
    var status: Int
    var text: String

    var json: JSONValue? { try? JSON.parse(ByteString(text)) }

    subscript(path: String...) -> String? {
        guard let value = json?.value(at: path) else { return nil }
        return value.string ?? value.raw.text
    }

    /// The ids of a list.
    func ids(_ name: String = "id") -> [String] { json?["data"]?.array?.compactMap { $0[name]?.string } ?? [] }
}
