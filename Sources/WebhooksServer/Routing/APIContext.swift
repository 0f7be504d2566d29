internal import WebhookCore
internal import WebhookRendering
internal import Webhooks

/// A request that an operation was found for.
struct APIContext: Sendable {
    let api: WebhooksAPI
    let request: APIRequest
    let query: QueryParameters
    let parameters: [String: String]
    let caller: Caller
    /// The time at which the request came.
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
        switch try await attempt(changes, answer: answer) {
        case (_, let answer?): return answer
        case (let result, nil): throw failure(result)
        }
    }

    /// Makes changes, and keeps the answer with them; no answer: another request was faster, and nothing is changed.
    func attempt(
        _ changes: [PlatformChange],
        answer: APIResponse
    ) async throws(APIError) -> (result: PlatformResult, answer: APIResponse?) {
        let stored = storedAnswer(answer)
        let result = try await read { store throws(StoreError) in try await store.apply(changes, answer: stored) }
        switch result {
        case .done: return (result, answer)
        case .answered: return (result, try await earlierAnswer() ?? answer)
        case .taken, .missing, .full: return (result, nil)
        }
    }

    /// Answers with what is there, or makes it, and looks again where another request has made or removed it in between: of two
    /// that ask for the same at once, one makes it and both succeed.
    ///
    /// - Parameters:
    ///   - failure: the error where it can neither be found nor made.
    ///   - find: reads it.
    ///   - use: the answer where it is there; `nil`: it has gone meanwhile.
    ///   - make: the answer once it is made; `nil`: another has what it is to be called.
    func useOrMake<Row>(
        failure: APIError,
        find: () async throws(APIError) -> Row?,
        use: (Row) async throws(APIError) -> APIResponse?,
        make: () async throws(APIError) -> APIResponse?
    ) async throws(APIError) -> APIResponse {
        for _ in 0..<3 {
            let found = try await find()
            let answer: APIResponse? = if let found { try await use(found) } else { try await make() }
            if let answer { return answer }
        }
        throw failure
    }

    /// An answer in the form in which it is kept; `nil` where the request has no key.
    func storedAnswer(_ answer: APIResponse) -> StoredAnswer? {
        guard let answerKey, (200..<300).contains(answer.status) else { return nil }
        return StoredAnswer(
            key: answerKey,
            request: Digest.of(request.body, for: .request),
            status: answer.status,
            body: answer.bytes,
            expiresAt: now + .seconds(12 * 3600)
        )
    }

    /// The same for an answer that nobody may read in the store.
    func storedAnswer(
        _ answer: APIResponse,
        isSecret: Bool,
        _ keys: SealingKeys
    ) throws(APIError) -> StoredAnswer? {
        guard var stored = storedAnswer(answer) else { return nil }
        guard isSecret, !stored.body.isEmpty else { return stored }
        do throws(SealingError) {
            let sealed = try keys.seal(Secret(stored.body.text), for: Self.place(stored.key))
            stored.body = ByteString("\(Self.sealedMark)\(sealed.keyID):\(Base64.encode(sealed.bytes))")
        } catch {
            throw APIError(error)
        }
        return stored
    }

    /// The beginning of a sealed answer; JSON begins otherwise.
    private static let sealedMark = "sealed:"

    private static func place(_ key: ByteString) -> SealedSecret.Place {
        SealedSecret.Place(table: "answers", row: Base64.encode(key), column: "body")
    }

    /// The body of an answer that is kept.
    private func body(of answer: StoredAnswer) throws(APIError) -> ByteString {
        guard !answer.body.isEmpty, answer.body[0] == UInt8(ascii: "s") else { return answer.body }
        let parts = answer.body.text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64.decode(String(parts[2])) else { return answer.body }
        let keys = try keys()
        do throws(SealingError) {
            let sealed = SealedSecret(keyID: String(parts[1]), bytes: bytes)
            return ByteString(try keys.open(sealed, at: Self.place(answer.key)).reveal())
        } catch {
            throw .conflict("The request was answered before, and the key that its answer was sealed with is gone.")
        }
    }

    /// The answer to the same request before.
    func earlierAnswer() async throws(APIError) -> APIResponse? {
        guard let key = answerKey else { return nil }
        let now = now
        guard let known = try await read({ store throws(StoreError) in try await store.answer(key, at: now) }) else {
            return nil
        }
        if known.request != Digest.of(request.body, for: .request) {
            // As other servers of this kind do; whoever reads the log can tell.
            api.lines.line(.notice, "an idempotency key came again with another body: the first answer was given again")
        }
        return known.status == 204 ? .empty : APIResponse(status: known.status, body: .bytes(try body(of: known)))
    }
}

extension APIError {
    static let noApplication = APIError.notFound("There is no application of this id or uid.")

    init(_ error: WebhooksError) {
        let message = error.text(for: .client)
        switch error.code {
        case .store:
            if let store = error.store {
                self.init(store)
            } else {
                self.init(500, "server_error", "The store does not work.")
            }
        case .notFound, .unknown: self.init(404, "not_found", message)
        case .refused: self.init(400, "refused", message)
        case .event: self.init(FieldProblem(["body", Self.field(error.key)], message))
        case .rendering, .configuration: self.init(400, "refused", message)
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
