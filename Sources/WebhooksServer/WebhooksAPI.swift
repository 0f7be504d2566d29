package import Logging
internal import Synchronization
package import WebhookCore
internal import WebhookMonitoring
internal import WebhookRendering
package import Webhooks

/// The HTTP API over a dispatcher, apart from whatever reads and writes the wire.
package final class WebhooksAPI: Sendable {
    let dispatcher: WebhookDispatcher
    let settings: ServerSettings
    let logger: Logger
    /// The same, with a bounded number of lines of a kind: for whatever clients cause.
    let lines: BoundedLogger
    let router: Router
    let ids = PlatformIDs()
    let directory = EndpointDirectory()
    let applications = KnownApplications()
    let answering = KeyLocks()
    /// By tenant: whoever changes many endpoints at once keeps nobody else's changes waiting, nor the events that wait for these.
    let judging = KeyLocks()
    /// Streams that may be open at once: each looks into the store several times a second.
    let streams = Places(16)
    let tasks: TaskWork
    private let outage: StoreOutage
    /// The same for what is done now and then.
    let upkeepOutage: StoreOutage
    private let stopped = Atomic(false)
    private let secrets: SecretsInForce
    private let metricsText: (@Sendable () -> String)?

    /// - Parameters:
    ///   - dispatcher: stores and delivers.
    ///   - settings: tokens and limits.
    ///   - followsConfiguration: `true` where the tokens are the configuration's, and change with it, as its keys do anyway.
    ///   - tasks: when a task is somebody else's, or tried again.
    ///   - metrics: gives the text of `/metrics`; `nil`: there is none.
    package init(
        _ dispatcher: WebhookDispatcher,
        settings: ServerSettings,
        followsConfiguration: Bool = false,
        logger: Logger,
        tasks: TaskTimes = TaskTimes(),
        metrics: (@Sendable () -> String)? = nil
    ) {
        self.dispatcher = dispatcher
        self.settings = settings
        (self.logger, lines) = (logger, BoundedLogger(logger))
        self.tasks = TaskWork(tasks)
        outage = StoreOutage(logger)
        upkeepOutage = StoreOutage(logger, of: .upkeep)
        secrets = SecretsInForce(settings, of: dispatcher, followsConfiguration: followsConfiguration, lines)
        metricsText = metrics
        router = Router(Self.operations)
    }

    static let operations: [Operation] =
        HealthOperations.all + ApplicationOperations.all + EventTypeOperations.all + MessageOperations.all
        + EndpointOperations.all + EndpointSecrets.all + EndpointFigures.all + EndpointSending.all
        + AttemptOperations.all + TokenOperations.all + TaskOperations.all + ReplayOperations.all + UsageOperations.all
        + LogOperations.all + [OpenAPIDescription.operation]

    /// The keys that seal secrets; `nil`: endpoints can't be kept.
    var keys: SealingKeys? { secrets.current.keys }

    /// `true` once streams and tasks are to end.
    var isStopping: Bool { stopped.load(ordering: .relaxed) }

    /// Says so where requests were refused for the store's sake: no request may come that would show that it works again.
    func storeWorks(at instant: Timestamp) { outage.worked(isChange: true, at: instant) }

    /// Takes over the tokens and keys of a configuration that was reloaded, and logs which of its settings need a restart.
    package func followConfiguration() { _ = secrets.current }

    /// Ends what goes on by itself: streams, and tasks at their next step.
    package func stop() { stopped.store(true, ordering: .relaxed) }

    /// The beginning of links to this server.
    var publicURL: String { settings.publicURL ?? "http://\(settings.listen)" }

    /// The one who asks, found out from the head alone: strangers' bodies are not read. It is nobody where no token is needed.
    ///
    /// - Parameter isLocal: whether the request came from this machine.
    func caller(of request: APIRequest, isLocal: Bool) async throws(APIError) -> Caller {
        guard let path = request.path, path.segments.first == "api" else {
            if Self.isWatching(request), !mayWatch(request, isLocal) { throw .unauthorized }
            return .nobody
        }
        if isOpen(request, path) { return .nobody }
        // It would wait behind what hangs there, and its client give up first.
        if dispatcher.isStoreSilent { throw APIError(StoreError(.unavailable, "the store does not answer")) }
        return try await caller(request)
    }

    /// Tells whether it takes a look into the store to know who asks.
    func looksUp(_ request: APIRequest) -> Bool {
        request.target.hasPrefix("/") && request.bearerToken?.hasPrefix(TokenOperations.prefix) == true
    }

    /// Tells whether a request costs next to nothing, and is answered however many others are under way.
    func isLight(_ request: APIRequest) -> Bool {
        guard let path = request.path, path.segments.first == "api" else { return true }
        guard case .found(let operation, _) = router.match(request.route, path.segments) else { return false }
        return HealthOperations.all.contains { $0.name == operation.name }
    }

    /// The error for a body that is too large. Released clients know 413 of a message alone.
    func tooLarge(_ request: APIRequest) -> APIError {
        if let path = request.path, case .found(let operation, _) = router.match(request.route, path.segments),
            operation.name != "v1.message.create"
        {
            return APIError(FieldProblem(["body"], "the body is larger than this server takes"))
        }
        return .tooLarge
    }

    private func isOpen(_ request: APIRequest, _ path: APIPath) -> Bool {
        guard case .found(let operation, _) = router.match(request.route, path.segments) else { return false }
        return operation.access == .open
    }

    /// Answers a request.
    ///
    /// - Parameter isLocal: whether it came from this machine.
    package func respond(to request: APIRequest, isLocal: Bool) async -> APIResponse {
        do throws(APIError) {
            return await respond(to: request, from: try await caller(of: request, isLocal: isLocal))
        } catch {
            return refusal(of: request, error)
        }
    }

    /// Answers the request of somebody who is known by ``caller(of:isLocal:)``.
    func respond(to request: APIRequest, from caller: Caller) async -> APIResponse {
        var plain = request
        plain.method = request.route
        do throws(APIError) {
            let response = try await answer(plain, caller)
            return request.method == "HEAD" ? response.withoutBody : response
        } catch {
            return refusal(of: request, error)
        }
    }

    /// The answer to a request that was not carried out.
    func refusal(of request: APIRequest, _ error: APIError) -> APIResponse {
        tell(error, request)
        return request.method == "HEAD" ? error.response.withoutBody : error.response
    }

    /// Tells an operator of an error that is none of the client's.
    private func tell(_ error: APIError, _ request: APIRequest) {
        if let cause = error.cause {
            // The dispatcher has said so, and what to do.
            if cause.isFinal, dispatcher.finalFailure == cause { return }
            outage.failed(cause, isChange: request.isChange, at: .now)
        } else if error.status >= 500 {
            lines.line(.warning, "a request failed", ["status": "\(error.status)", "reason": "\(error.code)"])
        }
    }

    private func answer(_ request: APIRequest, _ caller: Caller) async throws(APIError) -> APIResponse {
        if Self.isWatching(request), let watched = watching(request) { return watched }
        guard let path = request.path, path.segments.prefix(2) == ["api", "v1"] else {
            throw NotOffered.error(request.method, request.path, request.target)
        }
        switch router.match(request.method, path.segments) {
        case .found(let operation, let parameters): return try await run(operation, request, parameters, caller)
        case .otherMethods(let methods):
            throw NotOffered.error(request.method, path, request.target, methods: methods)
        case .none: throw NotOffered.error(request.method, path, request.target)
        }
    }

    private func run(
        _ operation: Operation,
        _ request: APIRequest,
        _ parameters: [String: String],
        _ caller: Caller
    ) async throws(APIError) -> APIResponse {
        var context = APIContext(
            api: self,
            request: request,
            query: QueryParameters(request.target),
            parameters: parameters,
            caller: caller,
            now: .now
        )
        try admit(caller, to: operation)
        if operation.isOwn { try context.query.admit(OpenAPIDescription.entries[operation.name]?.query ?? []) }
        context.answerKey = try answerKey(request, caller)
        let response: APIResponse
        if let key = context.answerKey {
            // A twin that is under way is waited for: then there is its answer.
            response = try await answering.locked(key) { [context] () async throws(APIError) in
                if let earlier = try await context.earlierAnswer() {
                    return try await operation.complete(context, earlier)
                }
                do throws(APIError) {
                    return try await operation.handle(context)
                } catch {
                    // At another server its twin may have been faster, and what that has made stood in the way here.
                    if let earlier = try await context.earlierAnswer() {
                        return try await operation.complete(context, earlier)
                    }
                    throw error
                }
            }
        } else {
            response = try await operation.handle(context)
        }
        if operation.access != .open { outage.worked(isChange: request.isChange, at: .now) }
        return response
    }

    /// The digest of the key by which a request is told from its repetition.
    private func answerKey(_ request: APIRequest, _ caller: Caller) throws(APIError) -> ByteString? {
        guard request.method == "POST", let key = request.header("idempotency-key"), let token = caller.token else {
            return nil
        }
        guard (1...256).contains(key.utf8.count) else {
            throw APIError(400, "bad_request", "The idempotency-key must have 1 to 256 bytes.")
        }
        return Digest.of(token, ByteString(key), ByteString(request.target), for: .answer)
    }

    func caller(_ request: APIRequest) async throws(APIError) -> Caller {
        guard let token = request.bearerToken else { throw .unauthorized }
        let digest = Digest.token(token)
        if secrets.current.organisation.contains(digest: digest) { return .organisation(token: digest) }
        guard token.hasPrefix(TokenOperations.prefix) else { throw .unauthorized }
        guard let known = try await accessToken(digest) else { throw .unauthorized }
        guard known.expiresAt > .now else { throw .expired(at: known.expiresAt) }
        return .application(known)
    }

    /// Tells whether a token that was taken is taken still: an answer may outlast it.
    func isStillTaken(_ caller: Caller) async throws(APIError) -> Bool {
        switch caller {
        case .nobody: true
        case .organisation(let digest): secrets.current.organisation.contains(digest: digest)
        case .application(let token): try await accessToken(token.digest).map { $0.expiresAt > .now } ?? false
        }
    }

    private func accessToken(_ digest: ByteString) async throws(APIError) -> AccessToken? {
        let store: any PlatformStore
        do throws(WebhooksError) {
            store = try await dispatcher.platformStore()
        } catch {
            throw APIError(error)
        }
        do throws(StoreError) {
            return try await store.token(digest)
        } catch {
            throw APIError(error)
        }
    }

    private func admit(_ caller: Caller, to operation: Operation) throws(APIError) {
        guard case .application(let token) = caller else { return }
        switch operation.access {
        case .open, .any: return
        case .organisation: throw .needsOrganisation
        case .application(let needed):
            guard let needed else { return }
            if token.isReadOnly, needed != .viewEndpointSecret { throw .readOnly(needed) }
            if let allowed = token.capabilities, !needed.isAmong(allowed) { throw .lacks(needed) }
        }
    }

    private static func isWatching(_ request: APIRequest) -> Bool {
        guard request.route == "GET", let path = request.path, path.segments.count == 1 else { return false }
        return ["healthz", "readyz", "metrics"].contains(path.segments[0])
    }

    /// `/healthz`, `/readyz` and `/metrics`, for whoever watches the process.
    private func watching(_ request: APIRequest) -> APIResponse? {
        switch request.path?.segments[0] {
        case "metrics":
            guard let metricsText else { return nil }
            return APIResponse(
                status: 200,
                type: PrometheusRegistry.contentType,
                body: .bytes(ByteString(metricsText()))
            )
        case "readyz":
            let readiness = dispatcher.readiness
            guard let obstacle = readiness.obstacle else { return .ok(["ready": .bool(true)]) }
            return APIResponse(
                503,
                ["ready": .bool(false), "reason": .string(obstacle.rawValue), "message": .string(readiness.message)]
            )
        default: return APIResponse(status: 200, type: "text/plain; charset=utf-8", body: .bytes("ok\n"))
        }
    }

    /// Without a token only this machine may, by address: a page of any site may have its own name resolve to it, and a
    /// reverse proxy on it passes on what comes from anywhere.
    private func mayWatch(_ request: APIRequest, _ isLocal: Bool) -> Bool {
        if let token = request.bearerToken {
            let digest = Digest.token(token)
            let secrets = secrets.current
            if secrets.metrics.contains(digest: digest) || secrets.organisation.contains(digest: digest) { return true }
        }
        let isForwarded = request.header("x-forwarded-for") != nil || request.header("forwarded") != nil
        guard isLocal, !isForwarded, let host = request.header("host") else { return false }
        return HostField.isAllowed(host, for: settings.listen)
    }
}
