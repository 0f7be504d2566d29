internal import WebhookCore

/// The reason why a request was not carried out, as it is answered.
package struct APIError: Error, Sendable {
    package var status: Int
    /// For programs; none with field problems.
    package var code: String
    /// One whole sentence: some clients show nothing else.
    package var detail: String
    var problems: [FieldProblem] = []
    var headers: [(String, String)] = []
    /// The error of the store, where it is that. For the log: it names files.
    var cause: StoreError?

    package init(_ status: Int, _ code: String, _ detail: String) {
        (self.status, self.code, self.detail) = (status, code, detail)
    }

    /// Fields that are wrong: 422.
    init(_ problems: FieldProblem...) { self.init(problems: problems) }

    init(problems: [FieldProblem]) {
        self.init(422, "validation", problems.map(\.message).joined(separator: "; "))
        self.problems = problems
    }

    static func notFound(_ what: String) -> APIError { APIError(404, "not_found", what) }
    static func conflict(_ what: String) -> APIError { APIError(409, "conflict", what) }

    static let needsOrganisation = APIError(
        403,
        "insufficient_access",
        "This token is for one application: this operation takes a token of the organisation."
    )

    static func lacks(_ capability: Capability) -> APIError {
        APIError(
            403,
            "insufficient_access",
            "This token lacks the capability \(capability.rawValue): app-portal-access gives out one that has it."
        )
    }

    static func readOnly(_ capability: Capability) -> APIError {
        APIError(
            403,
            "insufficient_access",
            "This token is read-only, and this operation takes the capability \(capability.rawValue)."
        )
    }

    /// For those who know the token, and nobody else.
    static func expired(at time: Timestamp) -> APIError {
        APIError(
            401,
            "authentication_failed",
            "This token has expired at \(time): app-portal-access gives out another one."
        )
    }

    /// Names the two mistakes that users make most often.
    static let unauthorized = APIError(
        401,
        "authentication_failed",
        """
        This server does not know the token: it takes one of `server.tokens` of its configuration, or one that \
        app-portal-access gave out, as `Authorization: Bearer TOKEN`. A signing secret of another server (JWT) is no token, \
        and a client whose server URL is not set talks to another server.
        """
    )

    static let tooLarge = APIError(413, "payload_too_large", "The request's body is larger than this server takes.")

    static let tooMany = {
        var error = APIError(429, "too_many_requests", "Too many requests at once: try again in a second.")
        error.headers = [("Retry-After", "1")]
        return error
    }()

    /// - Parameter most: of an application, that have not ended.
    static func tooManyTasks(_ most: Int) -> APIError {
        var error = APIError(
            429,
            "too_many_requests",
            "The application has \(most) background tasks that have not ended: wait until one has."
        )
        error.headers = [("Retry-After", "10")]
        return error
    }

    static let stopping = {
        var error = APIError(503, "unavailable", "The server is stopping.")
        error.headers = [("Connection", "close")]
        return error
    }()

    /// The store did not do it.
    init(_ error: StoreError) {
        switch error.code {
        case .busy, .full, .unavailable, .locked, .readOnly:
            let rest =
                error.isOutcomeUnknown
                ? "it is not known whether the request was carried out. Repeat it with its idempotency-key."
                : "nothing was changed."
            self.init(503, "unavailable", "The store does not work now (\(error.code.rawValue)): \(rest)")
            headers = [("Retry-After", "5")]
        default:
            self.init(500, "server_error", "The store does not work (\(error.code.rawValue)).")
        }
        cause = error
    }

    package var response: APIResponse {
        let body: APIValue
        if problems.isEmpty {
            body = ["code": .string(code), "detail": .string(detail)]
        } else {
            body = ["detail": .array(problems.map(\.value))]
        }
        var response = APIResponse(status, body)
        response.headers += headers
        return response
    }
}

/// A field of a request that is wrong.
package struct FieldProblem: Sendable, Hashable {
    /// The field's place: `body`, `query` or `path`, then the names on the way to it.
    package var location: [String]
    package var message: String
    /// `value_error`, or a narrower term.
    package var type = "value_error"

    init(_ location: [String], _ message: String, type: String = "value_error") {
        (self.location, self.message, self.type) = (location, message, type)
    }

    init(query name: String, _ message: String) { self.init(["query", name], "\(name) \(message)") }

    init(body name: String, _ message: String) { self.init(["body", name], "\(name) \(message)") }

    var value: APIValue {
        ["loc": .array(location.map { .string($0) }), "msg": .string(message), "type": .string(type)]
    }
}
