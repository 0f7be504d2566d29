internal import WebhookCore
internal import Webhooks

/// Messages: events of an application.
enum MessageOperations {
    static let all: [Operation] = [
        Operation("v1.message.list", "GET", "/api/v1/app/{app_id}/msg", .application(nil), list),
        Operation(
            "v1.message.create",
            "POST",
            "/api/v1/app/{app_id}/msg",
            .organisation,
            create,
            completing: complete
        ),
        Operation("v1.message.get", "GET", "/api/v1/app/{app_id}/msg/{msg_id}", .application(nil), get),
        Operation(
            "v1.message.expunge-content",
            "DELETE",
            "/api/v1/app/{app_id}/msg/{msg_id}/content",
            .organisation,
            expunge
        ),
        Operation(
            "v1.message.bulk-expunge",
            "POST",
            "/api/v1/app/{app_id}/msg/bulk-expunge",
            .organisation,
            bulkExpunge
        ),
        Operation(
            "v1.message.precheck",
            "POST",
            "/api/v1/app/{app_id}/msg/precheck/active",
            .application(nil),
            precheck
        ),
    ]

    @Sendable static func list(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let page = try PageRequest(context.query, descending: true, isKey: MessageKey.isKey)
        let withContent = try context.query.flag("with_content", default: true)
        var query = MessageQuery(application)
        query.before = try context.query.time("before")
        query.after = try context.query.time("after")
        query.channel = context.query.text("channel")
        query.tag = context.query.text("tag")
        query.topics = context.query.list("event_types")
        query.needsData = withContent
        let found = try await messages(query, page, context)
        return .ok(found.value(key: MessageKey.key) { MessageForm.value($0, withContent: withContent) })
    }

    /// A page of messages. With a beginning alone it holds the oldest behind that, shown newest first.
    static func messages(
        _ query: MessageQuery,
        _ page: PageRequest,
        _ context: APIContext
    ) async throws(APIError) -> Page<LoggedMessage> {
        var (query, page) = (query, page)
        if page.key == nil, query.after != nil, query.before == nil { page.isBackward = true }
        if let key = page.key {
            var row = MessageKey.row(key)
            if row == nil {
                row = try await context.read { store throws(StoreError) in try await store.row(ofEvent: key) }
            }
            // One that is gone was older than all there are.
            query.from = row ?? 0
        }
        query.isDescending = page.walksDown
        query.limit = page.limit + 1
        let (asked, walk) = (query, page)
        if asked.from == 0, asked.isDescending { return Page([], walk) }
        let found = try await context.read { store throws(StoreError) in try await store.messages(asked) }
        return Page(found.messages, walk, stop: found.next.map { MessageKey.key(row: $0) })
    }

    @Sendable static func create(_ context: APIContext) async throws(APIError) -> APIResponse {
        let withContent = try context.query.flag("with_content", default: true)
        let reader = try FieldReader.body(context.request.body)
        let draft = MessageDraft(reader, now: context.now)
        let (applications, reference) = (context.api.applications, context.parameter("app_id"))
        // One that was looked up before is looked at again as the message is stored.
        if case .organisation = context.caller, let known = applications.known(reference) {
            try reader.finish()
            if let answer = try await store(draft, for: known, withContent: withContent, context) { return answer }
            applications.forget(reference)
        }
        let known = try await context.applicationIfKnown()
        if let known { applications.learn(reference, known) }
        var application: Application
        if let known {
            try reader.finish()
            application = known
        } else {
            application = try await made(reader, context)
        }
        // Two requests may have made it at once.
        if known == nil {
            let new = application
            let result = try await context.read { store throws(StoreError) in
                try await store.apply([.insertApplication(new)], answer: nil)
            }
            if result == .taken { application = try await context.application() }
        }
        guard let answer = try await store(draft, for: application, withContent: withContent, context) else {
            throw .noApplication
        }
        return answer
    }

    /// The application that a message brings along, for a path that names none that is known.
    static func made(_ reader: FieldReader, _ context: APIContext) async throws(APIError) -> Application {
        guard let inner = reader.object("application") else {
            try reader.finish()
            throw .noApplication
        }
        let application = ApplicationDraft(reading: inner)
        let place = ["body", "application", "uid"]
        reader.adopt(inner)
        guard let uid = application.uid else {
            throw APIError(
                problems: reader.problems + [FieldProblem(place, "uid is required", type: "application_uid_missing")]
            )
        }
        guard uid == context.parameter("app_id") else {
            let problem = FieldProblem(place, "uid is not the one of the path", type: "application_uid_mismatch")
            throw APIError(problems: reader.problems + [problem])
        }
        try reader.finish()
        return try await application.application(context)
    }

    /// Stores a message, with its answer in the same transaction.
    ///
    /// - Returns: `nil` where the application is gone, or the path leads to another by now.
    static func store(
        _ draft: MessageDraft,
        for application: Application,
        target: String? = nil,
        withContent: Bool,
        _ context: APIContext
    ) async throws(APIError) -> APIResponse? {
        let message = LoggedMessage(
            row: 0,
            id: context.api.ids.next("msg_", at: context.now),
            eventID: draft.eventID,
            topic: draft.topic,
            channels: draft.channels,
            tags: draft.tags,
            createdAt: context.now,
            deliverAt: draft.deliverAt,
            data: draft.payload,
            isExpunged: false
        )
        let answer = APIResponse(202, MessageForm.value(message, withContent: withContent))
        // With what erasing leaves alone: who erases a message erases all there is of it.
        let kept =
            context.answerKey == nil
            ? answer : APIResponse(answer.status, MessageForm.value(message.tombstone, withContent: false))
        let result: AcceptanceResult
        do throws(WebhooksError) {
            var event = try Event(
                topic: draft.topic,
                data: draft.payload,
                id: message.id,
                tenant: application.tenant,
                occurredAt: context.now,
                deliverAt: draft.deliverAt
            )
            event.message = MessageRecord(
                application: application.id,
                reference: context.parameter("app_id"),
                eventID: draft.eventID,
                channels: draft.channels,
                tags: draft.tags,
                expiresAt: draft.expiresAt,
                answer: context.storedAnswer(kept)
            )
            result = try await context.api.dispatcher.accept(message: event, target: target)
        } catch {
            throw APIError(error)
        }
        switch result {
        case .stored, .duplicate: return answer
        case .conflict(MessageRecord.isAnswered):
            guard let earlier = try await context.earlierAnswer() else { return answer }
            return try await complete(context, earlier)
        case .conflict(MessageRecord.applicationIsGone): return nil
        case .conflict:
            let id = draft.eventID ?? ""
            let known = try await context.read { store throws(StoreError) in
                try await store.message(id, of: application)
            }
            throw .conflict(
                "A message with the eventId \(id.prefix(64)) exists already: \(known?.id ?? "it was removed since")."
            )
        case .refused: throw APIError(FieldProblem(body: "payload", "is not taken by the store"))
        }
    }

    /// The answer about a message with what it carried, as far as that is still there.
    @Sendable static func complete(
        _ context: APIContext,
        _ kept: APIResponse
    ) async throws(APIError) -> APIResponse {
        let withContent = try context.query.flag("with_content", default: true)
        guard let id = (try? JSON.parse(kept.bytes))?["id"]?.string,
            let application = try await context.applicationIfKnown()
        else { return kept }
        let message = try await context.read { store throws(StoreError) in
            try await store.message(id, of: application)
        }
        return message.map { APIResponse(kept.status, MessageForm.value($0, withContent: withContent)) } ?? kept
    }

    @Sendable static func get(_ context: APIContext) async throws(APIError) -> APIResponse {
        let withContent = try context.query.flag("with_content", default: true)
        let (_, message) = try await found(context)
        return .ok(MessageForm.value(message, withContent: withContent))
    }

    static let unknown = APIError.notFound("There is no message of this id or eventId.")

    /// The application and the message of the path.
    static func found(_ context: APIContext) async throws(APIError) -> (Application, LoggedMessage) {
        let application = try await context.application()
        let reference = context.parameter("msg_id")
        let message = try await context.read { store throws(StoreError) in
            try await store.message(reference, of: application)
        }
        guard let message else { throw unknown }
        return (application, message)
    }

    @Sendable static func expunge(_ context: APIContext) async throws(APIError) -> APIResponse {
        let (_, message) = try await found(context)
        try await expunge([message], context)
        return .empty
    }

    /// Erases payloads, bodies and answers of messages.
    static func expunge(_ messages: [LoggedMessage], _ context: APIContext) async throws(APIError) {
        let ids = messages.filter { !$0.isExpunged }.map(\.id)
        guard !ids.isEmpty else { return }
        let erased: Expunged
        do throws(WebhooksError) {
            erased = try await context.api.dispatcher.administration.expunge(ids, cancels: true)
        } catch {
            throw APIError(error)
        }
        guard erased.result.open.isEmpty else {
            throw .conflict("An attempt to deliver the message is under way: try again when it has ended.")
        }
    }

    @Sendable static func bulkExpunge(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let reader = try FieldReader.body(context.request.body)
        let ids = reader.texts("ids", in: 1...100, FieldRules.reference)
        if reader.json("ids").value == nil { reader.problem("ids", "is required") }
        try reader.finish()
        var results: [(String, APIValue)] = []
        var messages: [LoggedMessage] = []
        for id in ids.value ?? [] {
            let message = try await context.read { store throws(StoreError) in
                try await store.message(id, of: application)
            }
            if let message { messages.append(message) }
            results.append((id, .string(message == nil ? "not-found" : "expunged")))
        }
        try await expunge(messages, context)
        return .ok(["results": .object(results)])
    }

    @Sendable static func precheck(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let reader = try FieldReader.body(context.request.body)
        let topic = reader.requiredText("eventType", FieldRules.eventType)
        let channels = reader.texts("channels", in: 1...10, FieldRules.channel).value
        try reader.finish()
        // Another server may have made the first endpoint that wants it.
        await context.api.dispatcher.storedSubscriptions.followChange()
        let wanting = context.api.dispatcher.registry.subscriptions(
            wanting: topic,
            tenant: application.tenant,
            channels: channels
        )
        let disabled = try await context.disabledSubscriptions(of: Set(wanting.map(\.name)))
        return .ok(["active": .bool(wanting.contains { disabled[$0.name] == nil })])
    }
}

/// A message as a request describes it.
struct MessageDraft: Sendable {
    var topic: String
    var payload: ByteString
    var eventID: String?
    var channels: [String]?
    var tags: [String]?
    var deliverAt: Timestamp?
    var expiresAt: Timestamp?

    init(topic: String, payload: ByteString) { (self.topic, self.payload) = (topic, payload) }

    /// Leaves problems with the reader.
    init(_ reader: FieldReader, now: Timestamp) {
        topic = reader.requiredText("eventType", FieldRules.messageType)
        eventID = reader.text("eventId", FieldRules.uid(notLike: "msg_")).value
        channels = reader.texts("channels", in: 1...10, FieldRules.channel).value
        tags = reader.texts("tags", in: 0...5, FieldRules.tag).value
        payload = Self.payload(reader)
        if let time = reader.time("deliverAt").value {
            deliverAt = time
            let ahead = now.duration(to: time)
            if ahead < .seconds(60) || ahead > .seconds(86_400) {
                reader.problem("deliverAt", "must be 1 minute to 24 hours ahead")
            }
        }
        let days = reader.integer("payloadRetentionPeriod", in: 1...90).value
        let hours = reader.integer("payloadRetentionHours", in: 1...2160).value
        if days != nil, hours != nil {
            reader.problem("payloadRetentionHours", "excludes payloadRetentionPeriod")
        }
        if let hours = hours ?? days.map({ $0 * 24 }) { expiresAt = now + .seconds(hours * 3600) }
        rawPayload(reader)
    }

    private static func payload(_ reader: FieldReader) -> ByteString {
        switch reader.json("payload", "data") {
        case .absent, .null:
            reader.problem("payload", "is required")
        case .value(let value):
            if value.object != nil {
                let payload = value.raw
                return reader.isWellFormed("payload", payload) ? payload : "{}"
            }
            // PHP writes an empty object so.
            if let items = value.array, items.isEmpty { return "{}" }
            reader.problem("payload", "must be an object", type: "value_error.jsondecode")
        }
        return "{}"
    }

    /// A body in place of the payload, as the libraries' helper for raw messages sends it.
    private mutating func rawPayload(_ reader: FieldReader) {
        guard let parameters = reader.object("transformationsParams") else { return }
        let raw = parameters.text("rawPayload")
        if let headers = parameters.object("headers"), let type = headers.text("content-type").value,
            type.lowercased().prefix(while: { $0 != ";" }) != "application/json"
        {
            parameters.problem("headers", "asks for a content type other than application/json, which is not offered")
        }
        if let text = raw.value {
            let bytes = ByteString(text)
            if let range = try? JSON.validate(bytes) {
                payload = bytes.slice(range)
                _ = parameters.isWellFormed("rawPayload", payload)
            } else {
                parameters.problem("rawPayload", "is not JSON, and nothing else is offered")
            }
        }
        reader.adopt(parameters)
    }
}
