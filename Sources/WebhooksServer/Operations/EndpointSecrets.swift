internal import WebhookCore
internal import WebhookRendering
internal import Webhooks

/// Signing secrets and headers of endpoints.
enum EndpointSecrets {
    static let all: [Operation] = [
        Operation(
            "v1.endpoint.get-secret",
            "GET",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/secret",
            .application(.viewEndpointSecret),
            secret
        ),
        Operation(
            "v1.endpoint.rotate-secret",
            "POST",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/secret/rotate",
            .application(.manageEndpointSecret),
            rotate
        ),
        Operation(
            "v1.endpoint.get-headers",
            "GET",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/headers",
            .application(nil),
            headers
        ),
        Operation(
            "v1.endpoint.update-headers",
            "PUT",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/headers",
            .application(.manageEndpoint),
            putHeaders
        ),
        Operation(
            "v1.endpoint.patch-headers",
            "PATCH",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/headers",
            .application(.manageEndpoint),
            patchHeaders
        ),
    ]

    /// The row of the path's endpoint, which must be one of the store's.
    private static func stored(_ context: APIContext) async throws(APIError) -> (Application, StoredSubscription) {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        guard case .stored(let row, _) = endpoint.source else { throw .declared(endpoint) }
        return (application, row)
    }

    // MARK: Secrets

    @Sendable static func secret(_ context: APIContext) async throws(APIError) -> APIResponse {
        let (_, row) = try await stored(context)
        let endpoint = try context.opened(row, context.keys())
        guard let current = endpoint.stored.draft.secrets?.first else { throw .unsigned }
        return .ok(["key": .string(current.reveal())])
    }

    @Sendable static func rotate(_ context: APIContext) async throws(APIError) -> APIResponse {
        let (application, row) = try await stored(context)
        let reader = try FieldReader.body(context.request.body, isOptional: true)
        let given = reader.text("key", FieldRules.signingSecret).value.map { Secret($0) }
        let grace =
            reader.integer("gracePeriodSeconds", in: 0...Int(StoredDraft.longestGrace.components.seconds)).value
            ?? 86_400
        try reader.finish()
        guard !row.signingSecrets.isEmpty else { throw .unsigned }
        let secret = given ?? StandardWebhooks.generateSecret(ed25519: false).secret
        let graceEnd = context.now + .seconds(grace)
        let answer =
            takesKey(context.request) ? APIResponse.ok(["key": .string(secret.reveal())]) : APIResponse.empty
        return try await EndpointOperations.change(
            application,
            context,
            isSecret: true,
            replacing: .signingSecrets
        ) { endpoint throws(APIError) in
            if endpoint.stored.draft.secrets?.first == secret { return }
            guard endpoint.stored.canRotate(at: context.now) else {
                throw APIError(
                    400,
                    "limit_reached",
                    "\(StoredDraft.mostRetiring) replaced secrets sign still: wait for the end of one's grace period."
                )
            }
            endpoint.stored.rotate(to: secret, graceEnd: graceEnd)
        } answer: { _ in
            answer
        }
    }

    /// Tells whether a client takes the new secret as the answer: released libraries before 2.7.0 want none.
    static func takesKey(_ request: APIRequest) -> Bool {
        let library = "svix-libs/"
        guard let agent = request.header("user-agent"), agent.lowercased().hasPrefix(library) else { return true }
        let version = agent.dropFirst(library.count).prefix { $0.isNumber || $0 == "." }
        let parts = version.split(separator: ".").compactMap { Int($0) }
        guard parts.count >= 2 else { return true }
        return (parts[0], parts[1]) >= (2, 7)
    }

    // MARK: Headers

    @Sendable static func headers(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        switch endpoint.source {
        case .gone: throw .noEndpoint
        case .declared(let subscription):
            // Names alone: the values may come from where the API must not look.
            return .ok(["headers": [:], "sensitive": .list(subscription.headers.map(\.name))])
        case .stored(let row, _):
            let draft = try row.credentials == nil ? nil : context.opened(row, context.keys()).stored.draft
            var (shown, sensitive): ([(String, APIValue)], [String]) = ([], [])
            if draft?.authentication != nil { sensitive.append("Authorization") }
            for header in draft?.headers ?? [] {
                if HeaderForm.sensitive.contains(header.name.lowercased()) {
                    sensitive.append(header.name)
                } else {
                    shown.append((header.name, .string(header.value.text)))
                }
            }
            return .ok(["headers": .object(shown), "sensitive": .list(sensitive)])
        }
    }

    @Sendable static func putHeaders(_ context: APIContext) async throws(APIError) -> APIResponse {
        let (application, _) = try await stored(context)
        let reader = try FieldReader.body(context.request.body)
        if reader.json("headers").value == nil { reader.problem("headers", "is required") }
        let headers = HeaderForm.headers(reader)
        try reader.finish()
        return try await EndpointOperations.change(application, context, replacing: .credentials) {
            endpoint throws(APIError) in
            endpoint.removeHeaders()
            for (name, value) in headers { endpoint.set(header: name, value) }
        } answer: { _ in
            .empty
        }
    }

    @Sendable static func patchHeaders(_ context: APIContext) async throws(APIError) -> APIResponse {
        let (application, _) = try await stored(context)
        let reader = try FieldReader.body(context.request.body)
        let headers = HeaderForm.headers(reader)
        let removed = reader.texts("deleteHeaders", in: 0...100, FieldRules.headerName).value ?? []
        try reader.finish()
        return try await EndpointOperations.change(application, context) { endpoint throws(APIError) in
            for name in removed { endpoint.set(header: name, nil) }
            for (name, value) in headers { endpoint.set(header: name, value) }
        } answer: { _ in
            .empty
        }
    }
}

extension APIError {
    static let unsigned = APIError(404, "not_found", "The endpoint's profile doesn't sign: it has no secret.")
}
