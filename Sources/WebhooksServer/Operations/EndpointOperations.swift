internal import WebhookCore
internal import Webhooks

/// Endpoints: subscriptions as an application sees them.
enum EndpointOperations {
    static let all: [Operation] = [
        Operation("v1.endpoint.list", "GET", "/api/v1/app/{app_id}/endpoint", .application(nil), list),
        Operation("v1.endpoint.get", "GET", "/api/v1/app/{app_id}/endpoint/{endpoint_id}", .application(nil), get),
        Operation(
            "v1.endpoint.get-stats",
            "GET",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/stats",
            .application(nil),
            stats
        ),
        Operation(
            "v1.endpoint.get-attempt-stats",
            "GET",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/attempt-stats",
            .application(nil),
            attemptStats
        ),
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
            sendExample
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
        let page = try PageRequest(context.query, descending: true, ordered: true) { $0.hasPrefix(EndpointID.prefix) }
        let visible = context.api.dispatcher.registry.subscriptions.filter {
            $0.isVisible(in: application, to: context.caller)
        }
        var rows = visible.map { (id: EndpointID.of($0.name), subscription: $0) }
        rows.sort { page.walksDown ? $0.id > $1.id : $0.id < $1.id }
        if let key = page.key { rows = rows.filter { page.walksDown ? $0.id < key : $0.id > key } }
        let found = Page(Array(rows.prefix(page.limit + 1)), page)
        let disabled = try await context.health(of: Set(found.items.map(\.subscription.name)))
        return .ok(
            found.value(key: \.id) { row in
                let name = row.subscription.name
                let endpoint = Endpoint(
                    id: row.id,
                    name: name,
                    subscription: row.subscription,
                    disabled: disabled[name]
                )
                return .object(endpoint.members)
            }
        )
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

    // MARK: Figures

    /// The longest span that figures are given for: 28 days and a little.
    private static let longest: Duration = .seconds(28 * 86_400 + 300)

    private struct Counts {
        var success = 0
        var pending = 0
        var sending = 0
        var fail = 0
        var canceled = 0
    }

    /// Attempts that have ended by their outcome, and deliveries that have none of their own: open and cancelled ones.
    private static func counts(_ context: APIContext) async throws(APIError) -> Counts {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        let until = try context.query.time("until") ?? context.now
        let since = try context.query.time("since") ?? until - .seconds(28 * 86_400)
        guard since <= until, until <= context.now + .seconds(300), since.duration(to: until) <= longest else {
            throw APIError(400, "invalid_range", "The time from since to until must be past, and at most 28 days.")
        }
        var query = DeliveryQuery()
        query.subscription = endpoint.name
        query.tenant = application.tenant
        query.since = since
        query.until = until
        query.limit = 500
        var counts = Counts()
        while true {
            let page = try await context.deliveries(query)
            for delivery in page {
                let isOver = delivery.state.isSettled
                switch delivery.state {
                case .delivered: counts.success += 1
                case .pending: counts.pending += 1
                case .inFlight, .waiting: counts.sending += 1
                case .cancelled: counts.canceled += 1
                case .failed, .unknown: break
                }
                // All but the last of a delivered one have failed, and all that have ended of the others.
                let ended = delivery.attempts - (delivery.state == .inFlight ? 1 : 0)
                counts.fail += delivery.state == .delivered ? max(0, ended - 1) : ended
                if isOver, delivery.attempts == 0, [.failed, .unknown].contains(delivery.state) { counts.fail += 1 }
            }
            guard page.count == query.limit, let last = page.last else { return counts }
            query.after = last.id
        }
    }

    @Sendable static func stats(_ context: APIContext) async throws(APIError) -> APIResponse {
        let counts = try await counts(context)
        return .ok([
            "success": .integer(counts.success), "pending": .integer(counts.pending),
            "sending": .integer(counts.sending),
            "fail": .integer(counts.fail), "canceled": .integer(counts.canceled),
        ])
    }

    @Sendable static func attemptStats(_ context: APIContext) async throws(APIError) -> APIResponse {
        let counts = try await counts(context)
        return .ok([
            "success": .integer(counts.success), "fail": .integer(counts.fail), "canceled": .integer(counts.canceled),
        ])
    }

    // MARK: Sending

    /// The longest span that is sent again: 14 days and a little.
    private static let longestRecovery: Duration = .seconds(14 * 86_400 + 300)

    @Sendable static func recover(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        let reader = try FieldReader.body(context.request.body)
        let span = span(reader, context)
        try reader.finish()
        guard !endpoint.isDisabled else { throw .endpointIsDisabled }
        var query = DeliveryQuery(states: [.failed, .unknown, .cancelled])
        query.subscription = endpoint.name
        query.tenant = application.tenant
        (query.since, query.until) = (span.since, span.until)
        var task = context.newTask("endpoint.recover", application)
        do throws(WebhooksError) {
            let plan = try await context.api.dispatcher.retriggerPlan(query)
            let sent = try await context.api.dispatcher.retrigger(plan)
            task.state = .finished
            task.data = "{\"messagesSent\":\(sent.count)}"
        } catch {
            throw APIError(error)
        }
        return try await context.change([.putTask(task)], answer: context.accepted(task)) { _ in .noApplication }
    }

    /// The time that a request names, its end included: `since`, and `until` or now.
    static func span(_ reader: FieldReader, _ context: APIContext) -> (since: Timestamp?, until: Timestamp?) {
        let since = reader.time("since").value
        if since == nil, reader.problems.isEmpty { reader.problem("since", "is required") }
        let until = reader.time("until").value
        guard let since else { return (nil, nil) }
        let end = until ?? context.now
        if end <= since { reader.problem(until == nil ? "since" : "until", "must be later than since, and since past") }
        if since.duration(to: end) > longestRecovery { reader.problem("since", "is more than 14 days before until") }
        return (since, until.map { $0 + .milliseconds(1) })
    }

    @Sendable static func sendExample(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        let reader = try FieldReader.body(context.request.body)
        let topic = reader.requiredText("eventType", FieldRules.eventType)
        _ = reader.integer("exampleIndex", in: 0...1_000_000)
        let given = reader.json("payload").value
        try reader.finish()
        let draft = MessageDraft(topic: topic, payload: try await example(topic, given, endpoint, context))
        return try await MessageOperations.store(
            draft,
            for: application,
            target: endpoint.name,
            withContent: true,
            context
        )
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
        do throws(WebhooksError) {
            return try context.api.dispatcher.preview.testEvent(for: endpoint.name, topic: topic, profile: nil).data
        } catch {
            guard type != nil else { throw .notFound("There is no event type of this name.") }
            throw APIError(400, "invalid_scheme", "There is no example of this event type: give a payload.")
        }
    }
}

/// The operations that would change a subscription that the file declares: only the file does.
enum DeclaredEndpointOperations {
    static let all: [Operation] = [
        Operation(
            "v1.endpoint.update",
            "PUT",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}",
            .application(.manageEndpoint),
            refuse
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
            refuse
        ),
        Operation(
            "v1.endpoint.get-secret",
            "GET",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/secret",
            .application(.viewEndpointSecret),
            refuse
        ),
        Operation(
            "v1.endpoint.rotate-secret",
            "POST",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/secret/rotate",
            .application(.manageEndpointSecret),
            refuse
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
            refuse
        ),
        Operation(
            "v1.endpoint.patch-headers",
            "PATCH",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/headers",
            .application(.manageEndpoint),
            refuse
        ),
    ]

    private static func declared(_ endpoint: Endpoint) -> APIError {
        APIError(
            403,
            "declared_in_file",
            "The endpoint \(endpoint.name) is declared in webhooks.yaml: change it there."
        )
    }

    @Sendable static func refuse(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        throw declared(try await context.endpoint(in: application))
    }

    /// Disabling by hand is health, not declaration: the command line may as well.
    @Sendable static func patch(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        var endpoint = try await context.endpoint(in: application)
        let body = context.request.body
        let reader = try FieldReader.body(body)
        let flag = reader.flag("disabled").value
        try reader.finish()
        let names = (try? JSON.parse(body))?.object?.filter { !$0.value.isNull }.map(\.key) ?? []
        guard let flag, names == ["disabled"] else { throw declared(endpoint) }
        do throws(WebhooksError) {
            try await context.api.dispatcher.administration.setEnabled(!flag, subscription: endpoint.name)
        } catch {
            throw APIError(error)
        }
        endpoint.disabled = try await context.health(of: [endpoint.name])[endpoint.name]
        return .ok(.object(endpoint.members))
    }

    /// Names alone: the values may come from where the API must not look.
    @Sendable static func headers(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        let names = endpoint.subscription?.headers.map(\.name) ?? []
        return .ok(["headers": [:], "sensitive": .list(names)])
    }
}
