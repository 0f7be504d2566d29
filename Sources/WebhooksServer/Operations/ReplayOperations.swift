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
        let reader = try FieldReader.body(context.request.body)
        let span = EndpointSending.span(reader, context)
        let topics = reader.texts("eventTypes", in: 1...100, FieldRules.eventType).value
        let channel = reader.text("channel", FieldRules.channel).value
        let tag = reader.text("tag", FieldRules.tag).value
        let status = reader.integer("status", in: 0...4).value.flatMap { MessageStatus(rawValue: $0) }
        let statusClass = reader.integer("statusCodeClass", in: 0...500).value
        try reader.finish()
        guard !endpoint.isDisabled else { throw .endpointIsDisabled }
        var query = DeliveryQuery()
        query.subscription = endpoint.name
        query.tenant = application.tenant
        (query.since, query.until) = (span.since, span.until)
        query.topics = topics ?? []
        query.newestOnly = true
        query.limit = 500
        var chosen: [String] = []
        while true {
            let page = try await context.deliveries(query)
            for delivery in page where delivery.state.isSettled {
                if let status, MessageStatus(delivery.state) != status { continue }
                if let statusClass, (delivery.lastStatus ?? 0) / 100 * 100 != statusClass { continue }
                if channel != nil || tag != nil {
                    let message = try await context.read { store throws(StoreError) in
                        try await store.message(delivery.event, of: application)
                    }
                    if let channel, message?.channels?.contains(channel) != true { continue }
                    if let tag, message?.tags?.contains(tag) != true { continue }
                }
                chosen.append(delivery.id.description)
            }
            guard page.count == query.limit, let last = page.last else { break }
            query.after = last.id
        }
        var task = context.newTask("endpoint.bulk-replay", application)
        do throws(WebhooksError) {
            let plan = try await context.api.dispatcher.retriggerPlan(ids: chosen)
            task.data = "{\"messagesSent\":\(try await context.api.dispatcher.retrigger(plan).count)}"
            task.state = .finished
        } catch {
            throw APIError(error)
        }
        return try await context.change([.putTask(task)], answer: context.accepted(task)) { _ in .noApplication }
    }

    @Sendable static func expungeAll(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        _ = try FieldReader.body(context.request.body, isOptional: true)
        let task = context.newTask(PurgeTask.kind, application)
        let answer = try await context.change([.putTask(task)], answer: context.accepted(task)) { _ in .noApplication }
        let work = PurgeTask(api: context.api, task: task)
        Task { await work.run() }
        return answer
    }
}

extension APIContext {
    /// A task that begins now.
    func newTask(_ kind: String, _ application: Application) -> BackgroundTask {
        BackgroundTask(id: api.ids.next("qtask_", at: now), kind: kind, application: application.id, updatedAt: now)
    }

    /// The answer to a request that a task works off.
    func accepted(_ task: BackgroundTask) -> APIResponse {
        APIResponse(
            202,
            [
                "id": .string(task.id), "status": .string(task.state.rawValue), "task": .string(task.kind),
                "updatedAt": .time(task.updatedAt),
            ]
        )
    }
}

extension APIError {
    static let endpointIsDisabled = APIError(400, "endpoint_disabled", "The endpoint is disabled: enable it first.")
}
