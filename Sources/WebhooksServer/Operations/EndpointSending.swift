internal import WebhookCore
internal import Webhooks

/// Operations that send to an endpoint.
enum EndpointSending {
    static let all: [Operation] = [
        Operation(
            "v1.endpoint.recover",
            "POST",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/recover",
            .application(.createAttempts),
            recover
        ),
        Operation(
            "v1.endpoint.send-example",
            "POST",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/send-example",
            .organisation,
            sendExample,
            completing: MessageOperations.complete
        ),
    ]

    /// The longest span that is sent again: 14 days and a little.
    private static let longestRecovery: Duration = .seconds(14 * 86_400 + 300)

    @Sendable static func recover(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        // Without a body, too, it is `since` that is missing.
        let reader = try FieldReader.body(context.request.body, isOptional: true)
        let span = span(reader, context)
        try reader.finish()
        try context.sendable(endpoint)
        let replay = ReplayRequest(endpoint.name, span, try await context.newestDelivery())
        return try await context.start(.recover, replay.text, application, on: endpoint.name)
    }

    /// The time that a request names, its end included: `since`, and `until` or now.
    static func span(_ reader: FieldReader, _ context: APIContext) -> (since: Timestamp?, until: Timestamp?) {
        let since = reader.time("since").value
        if since == nil, reader.problems.isEmpty { reader.problem("since", "is required") }
        let until = reader.time("until").value
        guard let since else { return (nil, nil) }
        let end = until ?? context.now
        if end <= since {
            let isNow = until == nil
            reader.problem(isNow ? "since" : "until", isNow ? "must be in the past" : "must be later than since")
        }
        if since.duration(to: end) > longestRecovery {
            reader.problem("since", "is more than 14 days before \(until == nil ? "now" : "until")")
        }
        return (since, until.map { $0 + .milliseconds(1) })
    }

    @Sendable static func sendExample(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        let reader = try FieldReader.body(context.request.body)
        let topic = reader.requiredText("eventType", FieldRules.messageType)
        _ = reader.integer("exampleIndex", in: 0...1_000_000)
        let given = reader.json("payload").value
        if let given { _ = reader.isWellFormed("payload", given.raw) }
        try reader.finish()
        try context.readable(endpoint)
        let draft = MessageDraft(topic: topic, payload: try await example(topic, given, endpoint, context))
        let answer = try await MessageOperations.store(
            draft,
            for: application,
            target: endpoint.name,
            withContent: true,
            context
        )
        guard let answer else { throw .noApplication }
        return answer
    }

    /// The payload of an example: the request's own, the type's, or the catalogue's.
    private static func example(
        _ topic: String,
        _ given: JSONValue?,
        _ endpoint: Endpoint,
        _ context: APIContext
    ) async throws(APIError) -> ByteString {
        if let given {
            guard given.object != nil else { throw APIError(FieldProblem(body: "payload", "must be an object")) }
            return given.raw
        }
        if topic == "svix.ping" { return #"{"success":true}"# }
        let type = try await context.read { store throws(StoreError) in try await store.eventType(topic) }
        if let schemas = type?.schemas, let value = try? JSON.parse(ByteString(schemas)),
            let example = value.value(at: ["1", "examples", "0"]), example.object != nil
        {
            return example.raw
        }
        guard type != nil || context.profileTopics.contains(topic) else {
            let hint = NameHint.question(topic, in: try await context.knownEventTypes())
            throw .notFound(
                "There is no event type of this name: \(hint.map { "\($0) " } ?? "")`POST /api/v1/event-type` makes one."
            )
        }
        // An example of another topic would be none of this one.
        do throws(WebhooksError) {
            return try context.api.dispatcher.preview.knownExample(of: topic, for: endpoint.name)
        } catch {
            throw APIError(400, "invalid_scheme", "There is no example of this event type: give a payload.")
        }
    }
}
