internal import WebhookCore
internal import Webhooks

/// Attempts to deliver messages, and how deliveries stand.
enum AttemptOperations {
    static let all: [Operation] = [
        Operation(
            "v1.message-attempt.list-by-endpoint",
            "GET",
            "/api/v1/app/{app_id}/attempt/endpoint/{endpoint_id}",
            .application(nil),
            listByEndpoint
        ),
        Operation(
            "v1.message-attempt.list-by-msg",
            "GET",
            "/api/v1/app/{app_id}/attempt/msg/{msg_id}",
            .application(nil),
            listByMessage
        ),
        Operation(
            "v1.message-attempt.list",
            "GET",
            "/api/v1/app/{app_id}/msg/{msg_id}/attempt",
            .application(nil),
            listByMessage
        ),
        Operation(
            "v1.message-attempt.list-by-endpoint-deprecated",
            "GET",
            "/api/v1/app/{app_id}/msg/{msg_id}/endpoint/{endpoint_id}/attempt",
            .application(nil),
            listByMessage
        ),
        Operation(
            "v1.message-attempt.get",
            "GET",
            "/api/v1/app/{app_id}/msg/{msg_id}/attempt/{attempt_id}",
            .application(nil),
            get
        ),
        Operation(
            "v1.message-attempt.expunge-content",
            "DELETE",
            "/api/v1/app/{app_id}/msg/{msg_id}/attempt/{attempt_id}/content",
            .organisation,
            expungeContent
        ),
        Operation(
            "v1.message-attempt.list-attempted-messages",
            "GET",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/msg",
            .application(nil),
            attemptedMessages
        ),
        Operation(
            "v1.message-attempt.list-attempted-destinations",
            "GET",
            "/api/v1/app/{app_id}/msg/{msg_id}/endpoint",
            .application(nil),
            attemptedDestinations
        ),
        Operation(
            "v1.message-attempt.resend",
            "POST",
            "/api/v1/app/{app_id}/msg/{msg_id}/endpoint/{endpoint_id}/resend",
            .application(.createAttempts),
            resend
        ),
    ]

    // MARK: Attempts

    @Sendable static func listByEndpoint(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        let page = try PageRequest(context.query, descending: true) { AttemptID($0) != nil }
        let filter = try AttemptFilter(context.query)
        let withMessage = try context.query.flag("with_msg")
        var walk = DeliveryWalk(endpoint.name, page) { query throws(APIError) in try await context.deliveries(query) }
        var rows: [FoundAttempt] = []
        while rows.count <= page.limit, let delivery = try await walk.next() {
            let message = try await context.read { store throws(StoreError) in
                try await store.message(delivery.event, of: application)
            }
            guard let message, message.id == delivery.event, filter.accepts(message) else { continue }
            let attempts = try await attempts(of: delivery, message, context)
            let beyond = attempts.filter { walk.isBeyond($0.id) && filter.accepts($0) }
            rows += page.isBackward ? beyond.reversed() : beyond
        }
        let result = Page(Array(rows.prefix(page.limit + 1)), page, stop: walk.stop?.text)
        return .ok(result.value(key: \.id.text) { form($0, filter, withMessage: withMessage) })
    }

    @Sendable static func listByMessage(_ context: APIContext) async throws(APIError) -> APIResponse {
        let (application, message) = try await MessageOperations.found(context)
        let page = try PageRequest(context.query, descending: true) { AttemptID($0) != nil }
        let filter = try AttemptFilter(context.query)
        var only: String?
        if let reference = context.parameters["endpoint_id"] ?? context.query.text("endpoint_id") {
            only = try await context.endpoint(reference, in: application).name
        }
        var all: [FoundAttempt] = []
        if filter.accepts(message) {
            for delivery in try await deliveries(of: message, application, context)
            where only == nil || delivery.subscription == only {
                all += try await attempts(of: delivery, message, context).filter(filter.accepts)
            }
        }
        // All in one list: newest first.
        all.sort { $0.id.text > $1.id.text }
        if page.walksDown {
            if let key = page.key { all = all.filter { $0.id.text < key } }
        } else {
            if let key = page.key { all = all.filter { $0.id.text > key } }
            all.reverse()
        }
        let result = Page(Array(all.prefix(page.limit + 1)), page)
        return .ok(result.value(key: \.id.text) { form($0, filter, withMessage: false) })
    }

    @Sendable static func get(_ context: APIContext) async throws(APIError) -> APIResponse {
        let filter = try AttemptFilter(context.query)
        return .ok(form(try await found(context), filter, withMessage: false))
    }

    /// Erases what came back on an attempt.
    @Sendable static func expungeContent(_ context: APIContext) async throws(APIError) -> APIResponse {
        let found = try await found(context)
        if found.delivery.isExpunged || found.attempt.isExpunged { return .empty }
        do throws(WebhooksError) {
            _ = try await context.api.dispatcher.administration.expungeAnswer(
                attempt: found.attempt.number,
                of: found.delivery.id
            )
        } catch {
            throw APIError(error)
        }
        return .empty
    }

    /// The attempt of the path.
    private static func found(_ context: APIContext) async throws(APIError) -> FoundAttempt {
        let (application, message) = try await MessageOperations.found(context)
        guard let id = AttemptID(context.parameter("attempt_id")) else { throw unknown }
        for delivery in try await deliveries(of: message, application, context) where delivery.id == id.delivery {
            if let found = try await attempts(of: delivery, message, context).first(where: { $0.id == id }) {
                return found
            }
        }
        throw unknown
    }

    private static let unknown = APIError.notFound("There is no attempt of this id.")

    /// An attempt that has ended, with what it belongs to.
    struct FoundAttempt: Sendable {
        var id: AttemptID
        var attempt: Attempt
        var delivery: Delivery
        var message: LoggedMessage

        var status: MessageStatus { attempt.outcome == .succeeded ? .success : .fail }
        var statusClass: Int { (attempt.status ?? 0) / 100 * 100 }
    }

    /// The attempts of a delivery that have ended, newest first.
    static func attempts(
        of delivery: Delivery,
        _ message: LoggedMessage,
        _ context: APIContext
    ) async throws(APIError) -> [FoundAttempt] {
        let attempts: [Attempt]
        do throws(WebhooksError) {
            attempts = try await context.api.dispatcher.attempts(of: delivery.id)
        } catch {
            throw APIError(error)
        }
        return attempts.reversed().filter { $0.outcome != nil }.map { attempt in
            FoundAttempt(
                id: AttemptID(startedAt: attempt.startedAt, delivery: delivery.id, number: attempt.number),
                attempt: attempt,
                delivery: delivery,
                message: message
            )
        }
    }

    static func form(_ found: FoundAttempt, _ filter: AttemptFilter, withMessage: Bool) -> APIValue {
        let attempt = found.attempt
        var members: [(String, APIValue)] = [
            ("id", .string(found.id.text)), ("msgId", .string(found.message.id)),
            ("endpointId", .string(EndpointID.of(found.delivery.subscription))),
            ("timestamp", .time(attempt.startedAt)),
            ("url", .string(attempt.url)),
        ]
        members += found.status.members(expanded: filter.isExpanded)
        members += [
            ("triggerType", .integer(found.delivery.retriggerOf == nil ? 0 : 1)),
            ("response", .string(filter.withContent ? response(of: attempt, found.delivery) : "{}")),
            ("responseStatusCode", .integer(attempt.status ?? 0)),
            ("responseDurationMs", .integer(Int(attempt.duration?.wholeMilliseconds ?? 0))),
        ]
        if withMessage { members.append(("msg", MessageForm.value(found.message, withContent: false))) }
        return .object(members)
    }

    /// The answer's body; in words where there was none.
    private static func response(of attempt: Attempt, _ delivery: Delivery) -> String {
        if delivery.isExpunged || attempt.isExpunged { return "EXPUNGED" }
        if attempt.status == nil {
            let words = attempt.detail ?? attempt.error?.rawValue ?? "no answer"
            return attempt.outcome == .unknown ? "It is not known whether the request arrived: \(words)" : words
        }
        return attempt.responseBody.validatedText ?? Base64.encode(attempt.responseBody)
    }

    /// The deliveries of a message that a caller may see, newest first.
    static func deliveries(
        of message: LoggedMessage,
        _ application: Application,
        _ context: APIContext
    ) async throws(APIError) -> [Delivery] {
        var query = DeliveryQuery()
        query.events = [message.id]
        query.limit = 10_000
        let all = try await context.deliveries(query)
        return all.filter { context.isVisible($0.subscription, in: application) }
    }

    // MARK: Messages and their destinations

    @Sendable static func attemptedMessages(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        let page = try PageRequest(context.query, descending: true, isKey: MessageKey.isKey)
        let filter = try AttemptFilter(context.query)
        var query = MessageQuery(application)
        query.before = filter.before
        query.after = filter.after
        query.channel = filter.channel
        query.tag = filter.tag
        query.topics = filter.topics
        query.needsData = filter.withContent
        if let key = page.key {
            var row = MessageKey.row(key)
            if row == nil {
                row = try await context.read { store throws(StoreError) in try await store.row(ofEvent: key) }
            }
            query.from = row ?? 0
        }
        query.isDescending = page.walksDown
        (query.limit, query.mostRows) = (100, 1000)
        var rows: [(message: LoggedMessage, deliveries: [Delivery])] = []
        // At most a thousand messages are looked at, however few were for the endpoint, out of ten thousand.
        var looks = query.from == 0 && query.isDescending ? 0 : 10
        var next: Int64?
        while rows.count <= page.limit, looks > 0 {
            looks -= 1
            let asked = query
            let found = try await context.read { store throws(StoreError) in try await store.messages(asked) }
            var ofMessages = DeliveryQuery()
            ofMessages.events = found.messages.map(\.id)
            ofMessages.subscription = endpoint.name
            ofMessages.limit = 100_000
            let deliveries = found.messages.isEmpty ? [] : try await context.deliveries(ofMessages)
            let byEvent = Dictionary(grouping: deliveries, by: \.event)
            for message in found.messages {
                guard let deliveries = byEvent[message.id],
                    filter.status.map({ $0 == MessageStatus(deliveries) }) ?? true
                else { continue }
                rows.append((message, deliveries))
            }
            next = found.next
            guard let next else { break }
            query.from = next
        }
        let result = Page(Array(rows.prefix(page.limit + 1)), page, stop: next.map { MessageKey.key(row: $0) })
        return .ok(
            result.value(key: { MessageKey.key($0.message) }) { row in
                .object(
                    MessageForm.members(row.message, withContent: filter.withContent)
                        + standing(of: row.deliveries, expanded: filter.isExpanded)
                )
            }
        )
    }

    /// The status of a message's deliveries to an endpoint, the time of the next attempt, and the reason of a failure: where it
    /// failed or was cancelled without an attempt, no list of attempts tells that.
    private static func standing(of deliveries: [Delivery], expanded: Bool) -> [(String, APIValue)] {
        let status = MessageStatus(deliveries)
        let newest = deliveries.first
        let failed = status == .success ? nil : newest
        return status.members(expanded: expanded) + [
            ("nextAttempt", .time(status == .sending ? newest?.nextAttemptAt : nil)),
            ("lastError", .text(failed?.lastError?.rawValue)), ("lastErrorDetail", .text(failed?.detail)),
        ]
    }

    @Sendable static func attemptedDestinations(_ context: APIContext) async throws(APIError) -> APIResponse {
        let (application, message) = try await MessageOperations.found(context)
        let page = try PageRequest(context.query, descending: false, isKey: EndpointID.isKey)
        let isExpanded = try context.query.flag("expanded_statuses")
        let byName = Dictionary(grouping: try await deliveries(of: message, application, context), by: \.subscription)
        var rows = try await context.endpoints(named: Set(byName.keys)).map { endpoint in
            (endpoint: endpoint, deliveries: byName[endpoint.name] ?? [])
        }
        rows.sort { page.walksDown ? $0.endpoint.id > $1.endpoint.id : $0.endpoint.id < $1.endpoint.id }
        if let key = page.key { rows = rows.filter { page.walksDown ? $0.endpoint.id < key : $0.endpoint.id > key } }
        let result = Page(Array(rows.prefix(page.limit + 1)), page)
        return .ok(
            result.value(key: \.endpoint.id) { row in
                .object(row.endpoint.members + standing(of: row.deliveries, expanded: isExpanded))
            }
        )
    }

    @Sendable static func resend(_ context: APIContext) async throws(APIError) -> APIResponse {
        let (application, message) = try await MessageOperations.found(context)
        let endpoint = try await context.endpoint(in: application)
        _ = try FieldReader.body(context.request.body, isOptional: true)
        guard !message.isExpunged else {
            throw APIError(400, "missing_payload", "The message's payload was erased: it can't be sent again.")
        }
        try context.sendable(endpoint)
        let deliveries = try await deliveries(of: message, application, context).filter {
            $0.subscription == endpoint.name
        }
        guard let newest = deliveries.first else {
            throw APIError(400, "not_sent", "The message was not for this endpoint: there is nothing to send again.")
        }
        let answer = APIResponse(202, [:])
        if let open = deliveries.first(where: { !$0.state.isSettled }), try await hasten(open, context) {
            return try await context.change([], answer: answer) { _ in .conflict("The answer can't be kept: try again.")
            }
        }
        do throws(WebhooksError) {
            let plan = try await context.api.dispatcher.retriggerPlan(ids: [newest.id.description], duplicates: true)
            if let refusal = plan.refusals.first { throw WebhooksError(.refused, refusal.reason(for: .client)) }
            guard let stored = context.storedAnswer(answer) else {
                try await context.api.dispatcher.retrigger(plan)
                return answer
            }
            // A request that comes twice sends once, also when the answer was lost with the process.
            _ = try await context.api.dispatcher.retrigger(plan, answer: stored)
            return answer
        } catch {
            throw APIError(error)
        }
    }

    /// Makes the next attempt of a delivery that is open due at once: a second delivery would send the message twice. One whose
    /// attempt is under way stays as it is.
    ///
    /// - Returns: `false` where it has settled meanwhile.
    private static func hasten(_ delivery: Delivery, _ context: APIContext) async throws(APIError) -> Bool {
        do throws(WebhooksError) {
            let administration = context.api.dispatcher.administration
            let plan = try await administration.retryPlan(ids: [delivery.id.description])
            let done = try await administration.retry(plan)
            if let refused = done.refused.first { throw WebhooksError(.refused, refused.reason) }
            return !done.deliveries.isEmpty || !done.inFlight.isEmpty
        } catch {
            throw APIError(error)
        }
    }
}

extension APIContext {
    func deliveries(_ query: DeliveryQuery) async throws(APIError) -> [Delivery] {
        do throws(WebhooksError) {
            return try await api.dispatcher.deliveries(query)
        } catch {
            throw APIError(error)
        }
    }

    /// Tells whether there is a delivery of a subscription: it may have left the configuration.
    func hasDeliveries(of subscription: String) async throws(APIError) -> Bool {
        var query = DeliveryQuery()
        (query.subscription, query.limit) = (subscription, 1)
        return try await !deliveries(query).isEmpty
    }

    /// Tells whether a subscription's deliveries may be seen; of one that is gone, by the organisation alone, unless it was made
    /// through the API.
    func isVisible(_ name: String, in application: Application) -> Bool {
        if let subscription = api.dispatcher.registry.subscription(named: name) {
            return subscription.isVisible(in: application, to: caller)
        }
        if name.hasPrefix(EndpointID.prefix) { return true }
        if case .organisation = caller { return true }
        return false
    }
}
