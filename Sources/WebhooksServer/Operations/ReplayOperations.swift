internal import WebhookCore
internal import Webhooks

/// Work on many messages at once.
enum ReplayOperations {
    static let all: [Operation] = [
        Operation(
            "v1.endpoint.bulk-replay",
            "POST",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/bulk-replay",
            .application(.createAttempts),
            bulkReplay
        ),
        Operation(
            "v1.endpoint.replay-missing",
            "POST",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/replay-missing",
            .application(.createAttempts),
            replayMissing
        ),
        Operation(
            "v1.message.expunge-all-contents",
            "POST",
            "/api/v1/app/{app_id}/msg/expunge-all-contents",
            .organisation,
            expungeAll
        ),
    ]

    @Sendable static func bulkReplay(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        let reader = try FieldReader.body(context.request.body, isOptional: true)
        let span = EndpointSending.span(reader, context)
        var replay = ReplayRequest(endpoint.name, span, 0)
        replay.topics = reader.texts("eventTypes", in: 1...100, FieldRules.eventType).value ?? []
        replay.channel = reader.text("channel", FieldRules.channel).value
        replay.tag = reader.text("tag", FieldRules.tag).value
        replay.status = reader.integer("status", in: 0...4).value
        replay.statusClass = reader.integer("statusCodeClass", in: 0...500).value
        if let wanted = replay.statusClass, wanted % 100 != 0 {
            reader.problem("statusCodeClass", "must be 0, 100, 200, 300, 400 or 500")
        }
        try reader.finish()
        try context.sendable(endpoint)
        replay.last = try await context.newestDelivery()
        return try await context.start(.bulkReplay, replay.text, application, on: endpoint.name)
    }

    @Sendable static func replayMissing(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        let reader = try FieldReader.body(context.request.body, isOptional: true)
        let span = EndpointSending.span(reader, context)
        try reader.finish()
        try context.sendable(endpoint)
        var replay = ReplayRequest(endpoint.name, span, 0)
        // What comes later is sent anyway.
        if replay.until == nil { replay.until = context.now }
        return try await context.start(.missing, replay.text, application, on: endpoint.name)
    }

    @Sendable static func expungeAll(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        _ = try FieldReader.body(context.request.body, isOptional: true)
        return try await context.start(.purge, "{}", application, on: application.id)
    }
}

extension APIError {
    static let endpointIsDisabled = APIError(400, "endpoint_disabled", "The endpoint is disabled: enable it first.")
}
