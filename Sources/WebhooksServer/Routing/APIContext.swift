internal import WebhookCore
internal import Webhooks

/// A request that an operation was found for.
struct APIContext: Sendable {
    let api: WebhooksAPI
    let request: APIRequest
    let query: QueryParameters
    let parameters: [String: String]
    let caller: Caller
    /// When the request came.
    let now: Timestamp
    /// The digest of the idempotency key, where there is one that counts.
    var answerKey: ByteString?

    func parameter(_ name: String) -> String { parameters[name] ?? "" }

    /// The store's side of the API.
    func store() async throws(APIError) -> any PlatformStore {
        do throws(WebhooksError) {
            return try await api.dispatcher.platformStore()
        } catch {
            throw APIError(error)
        }
    }

    /// The application of the path, if the token may see it.
    func application() async throws(APIError) -> Application {
        guard let application = try await applicationIfKnown() else { throw .noApplication }
        return application
    }

    /// The same; `nil` where there is none of that id or uid.
    func applicationIfKnown() async throws(APIError) -> Application? {
        let reference = parameter("app_id")
        let application = try await read { store throws(StoreError) in try await store.application(reference) }
        if case .application(let token) = caller, application?.id != token.application { throw .noApplication }
        return application
    }

    /// Reads from the store.
    func read<Value: Sendable>(
        _ body: (any PlatformStore) async throws(StoreError) -> Value
    ) async throws(APIError) -> Value {
        let store = try await store()
        do throws(StoreError) {
            return try await body(store)
        } catch {
            throw APIError(error)
        }
    }

    /// Makes changes, and keeps the answer with them for when the request comes again.
    ///
    /// - Parameter failures: the error for a result other than `done`.
    /// - Returns: the answer, which is that of before where the request came before.
    func change(
        _ changes: [PlatformChange],
        answer: APIResponse,
        failure: (PlatformResult) -> APIError
    ) async throws(APIError) -> APIResponse {
        let stored = storedAnswer(answer)
        let result = try await read { store throws(StoreError) in try await store.apply(changes, answer: stored) }
        switch result {
        case .done: return answer
        case .answered: return try await earlierAnswer() ?? answer
        case .taken, .missing: throw failure(result)
        }
    }

    /// An answer in the form in which it is kept; `nil` where the request has no key.
    func storedAnswer(_ answer: APIResponse) -> StoredAnswer? {
        guard let answerKey, (200..<300).contains(answer.status) else { return nil }
        return StoredAnswer(
            key: answerKey,
            request: Digest.of(request.body, for: "webhooks.request"),
            status: answer.status,
            body: answer.bytes,
            expiresAt: now + .seconds(12 * 3600)
        )
    }

    /// The answer to the same request before.
    func earlierAnswer() async throws(APIError) -> APIResponse? {
        guard let key = answerKey else { return nil }
        let now = now
        guard let known = try await read({ store throws(StoreError) in try await store.answer(key, at: now) }) else {
            return nil
        }
        if known.request != Digest.of(request.body, for: "webhooks.request") {
            // As other servers of this kind do; whoever reads the log can tell.
            api.logger.notice("an idempotency key came again with another body: the first answer was given again")
        }
        return known.status == 204 ? .empty : APIResponse(status: known.status, body: .bytes(known.body))
    }
}

extension APIError {
    static let noApplication = APIError.notFound("There is no application of this id or uid.")

    init(_ error: WebhooksError) {
        switch error.code {
        case .store:
            if let store = error.store {
                self.init(store)
            } else {
                self.init(500, "server_error", "The store does not work.")
            }
        case .notFound, .unknown: self.init(404, "not_found", error.message)
        case .refused: self.init(400, "refused", error.message)
        case .event: self.init(FieldProblem(["body", Self.field(error.key)], error.message))
        case .rendering, .configuration: self.init(400, "refused", error.message)
        default: self.init(500, "server_error", "This is a bug of the server's.")
        }
    }

    /// The name that a part of an event has in requests.
    private static func field(_ key: String?) -> String {
        switch key {
        case "topic": "eventType"
        case "data": "payload"
        default: key ?? "payload"
        }
    }
}
