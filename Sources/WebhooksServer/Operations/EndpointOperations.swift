internal import WebhookCore
internal import WebhookRendering
internal import Webhooks

/// Endpoints: subscriptions as an application sees them.
enum EndpointOperations {
    static let all: [Operation] = [
        Operation("v1.endpoint.list", "GET", "/api/v1/app/{app_id}/endpoint", .application(nil), list),
        Operation(
            "v1.endpoint.create",
            "POST",
            "/api/v1/app/{app_id}/endpoint",
            .application(.manageEndpoint),
            create
        ),
        Operation("v1.endpoint.get", "GET", "/api/v1/app/{app_id}/endpoint/{endpoint_id}", .application(nil), get),
        Operation(
            "v1.endpoint.update",
            "PUT",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}",
            .application(.manageEndpoint),
            put
        ),
        Operation(
            "v1.endpoint.patch",
            "PATCH",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}",
            .application(.manageEndpoint),
            patch
        ),
        Operation(
            "v1.endpoint.delete",
            "DELETE",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}",
            .application(.manageEndpoint),
            delete
        ),
        Operation(
            "v1.endpoint.transformation-get",
            "GET",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/transformation",
            .application(nil),
            transformation
        ),
    ]

    // MARK: Looking

    @Sendable static func list(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let page = try PageRequest(context.query, descending: true, ordered: true, isKey: EndpointID.isKey)
        let stored = try await context.subscriptions { store throws(StoreError) in
            try await store.storedSubscriptions(ofTenant: application.tenant, page.walk)
        }
        var rows = stored.map { Endpoint(stored: $0, health: nil) }
        rows += EndpointDirectory.subscriptions(of: context.api.dispatcher.registry)
            .filter { $0.isVisible(in: application, to: context.caller) }
            .map { Endpoint(declared: $0, health: nil) }
        rows.sort { page.walksDown ? $0.id > $1.id : $0.id < $1.id }
        if let key = page.key { rows = rows.filter { page.walksDown ? $0.id < key : $0.id > key } }
        var found = Page(Array(rows.prefix(page.limit + 1)), page)
        let health = try await context.disabledSubscriptions(of: Set(found.items.map(\.name)))
        for index in found.items.indices { found.items[index].health = health[found.items[index].name] }
        return .ok(found.value(key: \.id) { .object($0.members) })
    }

    @Sendable static func get(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        return .ok(.object(try await context.endpoint(in: application).members))
    }

    @Sendable static func transformation(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        _ = try await context.endpoint(in: application)
        return .ok(["code": .null, "enabled": .bool(false), "variables": .null, "updatedAt": .null])
    }

    // MARK: Changing

    @Sendable static func create(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let reader = try FieldReader.body(context.request.body)
        let form = EndpointForm(reader, for: .creation)
        try reader.finish()
        guard let answer = try await insert(form, for: application, context) else { throw .uidIsTaken }
        return answer
    }

    @Sendable static func put(_ context: APIContext) async throws(APIError) -> APIResponse {
        try await put(context) { reference, application throws(APIError) in
            try await context.endpointIfKnown(reference, in: application)
        }
    }

    /// - Parameter find: reads an application's endpoint.
    static func put(
        _ context: APIContext,
        find: (String, Application) async throws(APIError) -> Endpoint?
    ) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let reference = context.parameter("endpoint_id")
        let known = try await find(reference, application)
        if let known, case .declared = known.source { throw .declared(known) }
        let reader = try FieldReader.body(context.request.body)
        let given = EndpointForm(reader, for: .replacement)
        try reader.finish()
        let form = given.keepingUID(reference)
        var isFirst = true
        return try await context.useOrMake(failure: .uidIsTaken) { () async throws(APIError) in
            defer { isFirst = false }
            return isFirst ? known : try await find(reference, application)
        } use: { _ throws(APIError) in
            try await change(application, to: form, context)
        } make: { () async throws(APIError) in
            // An id of this server's is nobody's uid: each repetition would make one more.
            if StoredSubscription.isName(reference) { throw .noEndpoint }
            return try await insert(form, for: application, context)
        }
    }

    @Sendable static func patch(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let known = try await context.endpoint(in: application)
        if case .declared = known.source { return try await disable(known, context) }
        let reader = try FieldReader.body(context.request.body)
        let form = EndpointForm(reader, for: .change)
        try reader.finish()
        return try await change(application, to: form, context)
    }

    @Sendable static func delete(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        guard case .stored(let row, _) = endpoint.source else { throw .declared(endpoint) }
        guard case .done = try await context.apply([.delete(id: row.id, at: context.now)]) else { throw .noEndpoint }
        return .empty
    }

    /// Disabling by hand is health, not declaration: the command line may as well.
    private static func disable(_ known: Endpoint, _ context: APIContext) async throws(APIError) -> APIResponse {
        let body = context.request.body
        let reader = try FieldReader.body(body)
        let flag = reader.flag("disabled").value
        try reader.finish()
        let names = (try? JSON.parse(body))?.object?.filter { !$0.value.isNull }.map(\.key) ?? []
        guard let flag, names == ["disabled"] else { throw .declared(known) }
        do throws(WebhooksError) {
            try await context.api.dispatcher.administration.setEnabled(!flag, subscription: known.name)
        } catch {
            throw APIError(error)
        }
        var endpoint = known
        endpoint.health = try await context.disabledSubscriptions(of: [endpoint.name])[endpoint.name]
        return .ok(.object(endpoint.members))
    }

    /// - Returns: `nil` where its uid is taken.
    private static func insert(
        _ form: EndpointForm,
        for application: Application,
        _ context: APIContext
    ) async throws(APIError) -> APIResponse? {
        let keys = try context.keys()
        try await context.checkEventTypes(form)
        let id = context.api.ids.next(EndpointID.prefix, at: context.now)
        var endpoint = EndpointDraft(id: id, of: application, at: context.now)
        try endpoint.apply(form)
        try await context.judge(&endpoint)
        let row: StoredSubscription
        do throws(SealingError) {
            row = try endpoint.stored.sealed(keys, at: context.now)
        } catch {
            throw APIError(error)
        }
        let answer = APIResponse(201, .object(Endpoint(stored: row, health: nil).members))
        let change = StoredSubscriptionChange.insert(row, most: context.api.settings.maxEndpoints)
        switch try await context.apply([change], answer: context.storedAnswer(answer)) {
        case .done: return answer
        case .answered: return try await context.earlierAnswer() ?? answer
        case .full: throw .tooManyEndpoints(context.api.settings.maxEndpoints)
        case .taken, .missing, .outdated: return nil
        }
    }

    /// Makes an endpoint into what a request says.
    private static func change(
        _ application: Application,
        to form: EndpointForm,
        _ context: APIContext
    ) async throws(APIError) -> APIResponse {
        try await change(application, context) { endpoint throws(APIError) in
            let before = endpoint
            try endpoint.apply(form)
            guard case .application = context.caller else { return }
            let dispatcher = context.api.dispatcher
            try endpoint.keepCredentials(of: before, form) { dispatcher.profile(of: $0)?.signature?.kind == .plain }
        } checking: { () async throws(APIError) in
            try await context.checkEventTypes(form)
        } answer: {
            .ok(.object($0.members))
        }
    }

    /// Changes an endpoint that the store keeps, once more where another request was faster.
    ///
    /// - Parameters:
    ///   - body: makes the change.
    ///   - checking: looks at what the endpoint itself doesn't tell.
    ///   - answer: the answer, given the endpoint as it is then; kept with the change where the request may come again.
    ///   - isSecret: whether the answer may be kept sealed alone.
    ///   - part: what the change replaces, whether a key opens that or not.
    static func change(
        _ application: Application,
        _ context: APIContext,
        isSecret: Bool = false,
        replacing part: StoredDraft.SealedPart? = nil,
        _ body: (inout EndpointDraft) throws(APIError) -> Void,
        checking: () async throws(APIError) -> Void = { () async throws(APIError) in },
        answer: (Endpoint) -> APIResponse
    ) async throws(APIError) -> APIResponse {
        let keys = try context.keys()
        try await checking()
        // Each time another request has changed it: it doesn't go on like that.
        for _ in 0..<10 {
            let known = try await context.endpoint(in: application)
            guard case .stored(let before, _) = known.source else { throw .declared(known) }
            var endpoint = try context.opened(before, keys, replacing: part)
            try body(&endpoint)
            try await context.judge(&endpoint)
            let row: StoredSubscription
            do throws(SealingError) {
                row = try endpoint.stored.sealed(keys, at: context.now)
            } catch {
                throw APIError(error)
            }
            // What the dispatcher has disabled is enabled with it.
            let enables = endpoint.asksToEnable && known.health != nil
            let response = answer(Endpoint(stored: row, health: enables ? nil : known.health))
            let stored = try context.storedAnswer(response, isSecret: isSecret, keys)
            switch try await context.apply([.update(row)], answer: stored) {
            case .outdated: continue
            case .missing: throw .noEndpoint
            case .taken, .full: throw .uidIsTaken
            case .answered: return try await context.earlierAnswer() ?? response
            case .done: break
            }
            if enables {
                do throws(WebhooksError) {
                    try await context.api.dispatcher.administration.setEnabled(true, subscription: row.name)
                } catch {
                    throw APIError(error)
                }
            }
            return response
        }
        throw .conflict("The endpoint is being changed by others: try again.")
    }
}

extension APIContext {
    /// The keys that seal secrets.
    func keys() throws(APIError) -> SealingKeys {
        guard let keys = api.keys else {
            throw APIError(
                400,
                "no_encryption_key",
                "Endpoints can't be kept: this server has no `server.encryptionKey` to seal their secrets with."
            )
        }
        return keys
    }

    /// An endpoint with its secrets.
    ///
    /// - Parameter part: what is replaced, and need not be opened.
    func opened(
        _ row: StoredSubscription,
        _ keys: SealingKeys,
        replacing part: StoredDraft.SealedPart? = nil
    ) throws(APIError) -> EndpointDraft {
        do {
            return try EndpointDraft(row, keys, at: now, replacing: part)
        } catch let error as SealingError {
            throw APIError(error)
        } catch {
            api.logger.error("an endpoint of the store can't be read", metadata: ["endpoint": "\(row.id)"])
            throw APIError(500, "server_error", "The endpoint can't be read.")
        }
    }
}

extension APIError {
    static let uidIsTaken = APIError.conflict("Another endpoint of the application has this uid.")

    /// Only the file changes what the file says.
    static func declared(_ endpoint: Endpoint) -> APIError {
        APIError(
            403,
            "declared_in_file",
            "The endpoint \(endpoint.name) is declared in webhooks.yaml: change it there."
        )
    }

    /// Its words name keys by their ids alone.
    init(_ error: SealingError) {
        switch error {
        case .unknownKey(let id):
            self.init(
                409,
                "secret_unreadable",
                """
                The endpoint's secrets are sealed with key \(id), which is not among `server.encryptionKey`: nothing is sent to it. \
                Add that key to the configuration; where it is lost, rotate the secret and set the headers again.
                """
            )
        case .damaged:
            self.init(
                409,
                "secret_unreadable",
                """
                The endpoint's secrets were changed in the store, and can't be read: nothing is sent to it. Rotate the secret and \
                set the headers again.
                """
            )
        default: self.init(500, "server_error", "The secret can't be sealed: \(error).")
        }
    }
}

extension APIContext {
    /// An endpoint that something is to be sent to.
    ///
    /// - Throws: ``APIError`` where nothing would be.
    func sendable(_ endpoint: Endpoint) throws(APIError) {
        guard !endpoint.isDisabled else { throw .endpointIsDisabled }
        try readable(endpoint)
    }

    /// An endpoint that is in force as far as its secrets are concerned.
    func readable(_ endpoint: Endpoint) throws(APIError) {
        guard case .stored(let row, _) = endpoint.source else { return }
        if row.credentials != nil || !row.signingSecrets.isEmpty { _ = try opened(row, keys()) }
    }
}
