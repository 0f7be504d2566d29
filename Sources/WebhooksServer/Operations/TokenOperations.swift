internal import WebhookCore

/// Tokens for single applications, which a platform may hand to its own front end.
enum TokenOperations {
    static let all: [Operation] = [
        Operation(
            "v1.authentication.app-portal-access",
            "POST",
            "/api/v1/auth/app-portal-access/{app_id}",
            .organisation,
            access
        ),
        Operation(
            "v1.authentication.dashboard-access",
            "POST",
            "/api/v1/auth/dashboard-access/{app_id}",
            .organisation,
            access
        ),
        Operation("v1.authentication.logout", "POST", "/api/v1/auth/logout", .any, logout),
        Operation(
            "v1.authentication.expire-all",
            "POST",
            "/api/v1/auth/app/{app_id}/expire-all",
            .organisation,
            expireAll
        ),
    ]

    static let prefix = "appsk_"
    private static let week = 7 * 86_400

    @Sendable static func access(_ context: APIContext) async throws(APIError) -> APIResponse {
        try await access(context) { () async throws(APIError) in try await context.applicationIfKnown() }
    }

    /// - Parameter find: reads the application of the path.
    static func access(
        _ context: APIContext,
        find: () async throws(APIError) -> Application?
    ) async throws(APIError) -> APIResponse {
        let known = try await find()
        let reader = try FieldReader.body(context.request.body, isOptional: true)
        let isReadOnly = reader.flag("readOnly").value ?? false
        let names = Capability.allCases.map(\.rawValue)
        let capabilities = reader.texts("capabilities", in: 1...names.count) { name in
            names.contains(name) ? nil : "is no capability: they are \(names.joined(separator: ", "))"
        }
        // Taken as they are, and without a meaning here.
        _ = reader.texts("featureFlags", in: 0...25) { flag in
            (1...25).contains(flag.utf8.count) ? nil : "has no or more than 25 bytes"
        }
        let expiry = reader.integer("expiry", in: 3600...week).value ?? week
        let session = reader.text("sessionId", FieldRules.session)
        if known != nil { try reader.finish() }
        let token = prefix + random()
        let digest = Digest.token(token)
        @Sendable func access(to application: Application) -> PlatformChange {
            .insertToken(
                AccessToken(
                    digest: digest,
                    application: application.id,
                    capabilities: capabilities.value,
                    isReadOnly: isReadOnly,
                    session: session.value,
                    expiresAt: context.now + .seconds(expiry)
                )
            )
        }
        // The token itself is kept nowhere, so that a repeated request makes another.
        var unkept = context
        unkept.answerKey = nil
        let asker = unkept
        let answer = APIResponse.ok(["url": .string(context.api.publicURL), "token": .string(token)])
        var isFirst = true
        return try await context.useOrMake(failure: .noApplication) { () async throws(APIError) in
            defer { isFirst = false }
            return isFirst ? known : try await find()
        } use: { known throws(APIError) in
            try await asker.attempt([access(to: known)], answer: answer).answer
        } make: { () async throws(APIError) in
            let application = try await MessageOperations.made(reader, asker)
            return try await asker.attempt([.insertApplication(application), access(to: application)], answer: answer)
                .answer
        }
    }

    @Sendable static func logout(_ context: APIContext) async throws(APIError) -> APIResponse {
        guard case .application(let token) = context.caller else {
            throw APIError(
                400,
                "not_revocable",
                "A token of the organisation is revoked by removing it from `server.tokens`."
            )
        }
        var unkept = context
        // There is nobody left to give the answer to again.
        unkept.answerKey = nil
        return try await unkept.change([.removeToken(digest: token.digest)], answer: .empty) { _ in .unauthorized }
    }

    @Sendable static func expireAll(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let reader = try FieldReader.body(context.request.body, isOptional: true)
        let delay = reader.integer("expiry", in: 0...259_200).value ?? 0
        let sessions = reader.texts("sessionIds", in: 0...1_000, FieldRules.session).value
        try reader.finish()
        if sessions?.isEmpty == true { return .empty }
        let change = PlatformChange.expireTokens(
            application: application.id,
            sessions: sessions,
            at: context.now + .seconds(delay)
        )
        return try await context.change([change], answer: .empty) { _ in .noApplication }
    }

    /// 192 bits from the system's source, in letters and digits.
    private static func random() -> String {
        var source = SystemRandomNumberGenerator()
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        return String((0..<40).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &source)] })
    }
}
