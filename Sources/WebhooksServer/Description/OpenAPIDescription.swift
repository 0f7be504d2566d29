internal import WebhookCore

/// The description of what is served (OpenAPI 3.1), for tools that make clients, documentation and tests of it.
enum OpenAPIDescription {
    /// The part that belongs to one operation.
    struct Entry: Sendable {
        var summary: String
        /// More than fits into the summary.
        var description: String?
        var query: [String] = []
        /// The words that a parameter of the query takes, where it is another one than elsewhere.
        var words: [String: [String]] = [:]
        /// The schema of the request's body; `nil`: it has none.
        var body: String?
        var isBodyOptional = false
        var statuses = [200]
        /// The schema of the answer; `nil`: it has no body, or is no JSON.
        var answer: String?
        /// `true` where the answer is a page of those.
        var isList = false
        /// The types of an answer that is no JSON.
        var types: [String] = []
    }

    static let document = value.encoded

    private static var value: APIValue {
        var paths: [(String, [(String, APIValue)])] = []
        for operation in WebhooksAPI.operations {
            let item = (operation.method.lowercased(), description(of: operation))
            if let index = paths.firstIndex(where: { $0.0 == operation.path }) {
                paths[index].1.append(item)
            } else {
                paths.append((operation.path, [item]))
            }
        }
        return [
            "openapi": .string("3.1.0"),
            "info": [
                "title": .string("webhooks"), "version": .string(ProductVersion.current),
                "description": .string("The HTTP API of `webhooks serve`."),
            ],
            "paths": .object(paths.map { ($0.0, .object($0.1)) }),
            "components": [
                "schemas": .object(OpenAPISchemas.all),
                "securitySchemes": ["bearer": ["type": .string("http"), "scheme": .string("bearer")]],
            ],
            "security": .array([.object([("bearer", .array([]))])]),
        ]
    }

    private static func description(of operation: Operation) -> APIValue {
        let entry = entries[operation.name] ?? Entry(summary: operation.name)
        var members: [(String, APIValue)] = [
            ("operationId", .string(operation.name)), ("summary", .string(entry.summary)),
        ]
        if let text = entry.description { members.append(("description", .string(text))) }
        let inPath = operation.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part -> APIValue in
            [
                "name": .string(String(part.dropFirst().dropLast())), "in": .string("path"), "required": .bool(true),
                "schema": OpenAPISchemas.text,
            ]
        }
        let inQuery = entry.query.map { name -> APIValue in
            let own = entry.words[name].map { words -> APIValue in
                ["type": .string("string"), "enum": .array(words.map { .string($0) })]
            }
            return [
                "name": .string(name), "in": .string("query"), "schema": own ?? parameters[name] ?? OpenAPISchemas.text,
            ]
        }
        if !inPath.isEmpty || !inQuery.isEmpty { members.append(("parameters", .array(inPath + inQuery))) }
        if let body = entry.body {
            let content: APIValue = ["application/json": ["schema": OpenAPISchemas.reference(body)]]
            members.append(("requestBody", ["required": .bool(!entry.isBodyOptional), "content": content]))
        }
        if operation.access == .open { members.append(("security", .array([]))) }
        members.append(("responses", .object(answers(entry, operation))))
        return .object(members)
    }

    private static func answers(_ entry: Entry, _ operation: Operation) -> [(String, APIValue)] {
        var answers: [(String, APIValue)] = entry.statuses.map { status in
            var members: [(String, APIValue)] = [("description", .string(entry.summary))]
            if !entry.types.isEmpty {
                let media: APIValue = ["schema": OpenAPISchemas.text]
                members.append(("content", .object(entry.types.map { ($0, media) })))
            } else if let answer = entry.answer, status != 204 {
                let schema = entry.isList ? OpenAPISchemas.page(of: answer) : OpenAPISchemas.reference(answer)
                members.append(("content", ["application/json": ["schema": schema]]))
            }
            return (String(status), .object(members))
        }
        guard operation.access != .open else { return answers }
        let errors: [(Int, String, String)] = [
            (400, "The request is not possible.", "Error"), (401, "The token is not known.", "Error"),
            (403, "The token may not do this.", "Error"), (404, "There is no such thing.", "Error"),
            (409, "Something is taken.", "Error"), (413, "The body is too large.", "Error"),
            (422, "Fields are wrong.", "ValidationError"), (429, "Too many requests at once.", "Error"),
            (503, "The store doesn't work now.", "Error"),
        ]
        for (status, text, schema) in errors {
            let content: APIValue = ["application/json": ["schema": OpenAPISchemas.reference(schema)]]
            answers.append((String(status), ["description": .string(text), "content": content]))
        }
        return answers
    }

    /// By the name of the operation.
    static let entries: [String: Entry] = [
        "v1.health.get": Entry(summary: "Whether the server answers", statuses: [204]),
        "v1.health.ping": Entry(summary: "Whether the server answers", statuses: [204]),
        "v1.application.list": Entry(
            summary: "List applications",
            query: page + ["order", "exclude_apps_with_no_endpoints", "exclude_apps_with_disabled_endpoints"],
            answer: "ApplicationOut",
            isList: true
        ),
        "v1.application.create": Entry(
            summary: "Create an application",
            query: ["get_if_exists"],
            body: "ApplicationIn",
            statuses: [201, 200],
            answer: "ApplicationOut"
        ),
        "v1.application.get": Entry(summary: "Get an application", answer: "ApplicationOut"),
        "v1.application.update": Entry(
            summary: "Replace or create an application",
            body: "ApplicationIn",
            statuses: [200, 201],
            answer: "ApplicationOut"
        ),
        "v1.application.patch": Entry(
            summary: "Change an application",
            body: "ApplicationPatch",
            answer: "ApplicationOut"
        ),
        "v1.application.delete": Entry(summary: "Delete an application", statuses: [204]),
        "v1.event-type.list": Entry(
            summary: "List event types",
            query: page + ["order", "include_archived", "with_content"],
            answer: "EventTypeOut",
            isList: true
        ),
        "v1.event-type.create": Entry(
            summary: "Create an event type",
            body: "EventTypeIn",
            statuses: [201],
            answer: "EventTypeOut"
        ),
        "v1.event-type.import-openapi": Entry(
            summary: "Import event types from an OpenAPI document",
            body: "EventTypeImportIn",
            answer: "EventTypeImportOut"
        ),
        "v1.event-type.get": Entry(summary: "Get an event type", answer: "EventTypeOut"),
        "v1.event-type.update": Entry(
            summary: "Replace or create an event type",
            body: "EventTypeUpsertIn",
            statuses: [200, 201],
            answer: "EventTypeOut"
        ),
        "v1.event-type.patch": Entry(summary: "Change an event type", body: "EventTypePatch", answer: "EventTypeOut"),
        "v1.event-type.delete": Entry(summary: "Archive or remove an event type", query: ["expunge"], statuses: [204]),
        "v1.message.list": Entry(
            summary: "List messages",
            query: page + ["before", "after", "channel", "tag", "event_types", "with_content"],
            answer: "MessageOut",
            isList: true
        ),
        "v1.message.create": Entry(
            summary: "Create a message",
            query: ["with_content"],
            body: "MessageIn",
            statuses: [202],
            answer: "MessageOut"
        ),
        "v1.message.get": Entry(summary: "Get a message", query: ["with_content"], answer: "MessageOut"),
        "v1.message.expunge-content": Entry(
            summary: "Erase a message's payload",
            description: erasing,
            statuses: [204]
        ),
        "v1.message.bulk-expunge": Entry(
            summary: "Erase payloads of messages",
            description: erasing,
            body: "BulkExpungeIn",
            answer: "BulkExpungeOut"
        ),
        "v1.message.expunge-all-contents": Entry(
            summary: "Erase the payloads of all messages",
            description: erasing,
            body: "Empty",
            isBodyOptional: true,
            statuses: [202],
            answer: "TaskOut"
        ),
        "v1.message.precheck": Entry(
            summary: "Whether anybody wants an event type",
            body: "PrecheckIn",
            answer: "PrecheckOut"
        ),
        "v1.endpoint.list": Entry(
            summary: "List endpoints",
            query: page + ["order"],
            answer: "EndpointOut",
            isList: true
        ),
        "v1.endpoint.get": Entry(summary: "Get an endpoint", answer: "EndpointOut"),
        "v1.endpoint.create": Entry(
            summary: "Create an endpoint",
            body: "EndpointIn",
            statuses: [201],
            answer: "EndpointOut"
        ),
        "v1.endpoint.update": Entry(
            summary: "Replace or create an endpoint",
            body: "EndpointUpsertIn",
            statuses: [200, 201],
            answer: "EndpointOut"
        ),
        "v1.endpoint.patch": Entry(summary: "Change an endpoint", body: "EndpointPatch", answer: "EndpointOut"),
        "v1.endpoint.delete": Entry(summary: "Delete an endpoint", statuses: [204]),
        "v1.endpoint.get-secret": Entry(summary: "Get the signing secret", answer: "EndpointSecretOut"),
        "v1.endpoint.rotate-secret": Entry(
            summary: "Replace the signing secret, which goes on signing for a while",
            body: "EndpointSecretRotateIn",
            isBodyOptional: true,
            statuses: [200, 204],
            answer: "EndpointSecretOut"
        ),
        "v1.endpoint.get-headers": Entry(summary: "Get headers", answer: "EndpointHeadersOut"),
        "v1.endpoint.update-headers": Entry(summary: "Replace headers", body: "EndpointHeadersIn", statuses: [204]),
        "v1.endpoint.patch-headers": Entry(summary: "Change headers", body: "EndpointHeadersPatchIn", statuses: [204]),
        "v1.endpoint.get-stats": Entry(
            summary: "Attempts by outcome",
            query: ["since", "until"],
            answer: "EndpointStats"
        ),
        "v1.endpoint.get-attempt-stats": Entry(
            summary: "Attempts by outcome",
            query: ["since", "until"],
            answer: "EndpointAttemptStats"
        ),
        "v1.endpoint.recover": Entry(
            summary: "Send again what failed",
            body: "RecoverIn",
            statuses: [202],
            answer: "TaskOut"
        ),
        "v1.endpoint.bulk-replay": Entry(
            summary: "Send messages again",
            body: "BulkReplayIn",
            statuses: [202],
            answer: "TaskOut"
        ),
        "v1.endpoint.replay-missing": Entry(
            summary: "Send what an endpoint never got",
            body: "RecoverIn",
            statuses: [202],
            answer: "TaskOut"
        ),
        "v1.endpoint.send-example": Entry(
            summary: "Send an example",
            body: "SendExampleIn",
            statuses: [202],
            answer: "MessageOut"
        ),
        "v1.endpoint.transformation-get": Entry(
            summary: "Get the transformation: there is none",
            answer: "TransformationOut"
        ),
        "v1.message-attempt.list-by-endpoint": Entry(
            summary: "List attempts of an endpoint",
            query: attempts + ["with_msg"],
            answer: "MessageAttemptOut",
            isList: true
        ),
        "v1.message-attempt.list-by-msg": Entry(
            summary: "List attempts of a message",
            query: attempts + ["endpoint_id"],
            answer: "MessageAttemptOut",
            isList: true
        ),
        "v1.message-attempt.list": Entry(
            summary: "List attempts of a message (older clients)",
            query: attempts,
            answer: "MessageAttemptOut",
            isList: true
        ),
        "v1.message-attempt.list-by-endpoint-deprecated": Entry(
            summary: "List attempts of a message to an endpoint (older clients)",
            query: attempts,
            answer: "MessageAttemptOut",
            isList: true
        ),
        "v1.message-attempt.get": Entry(
            summary: "Get an attempt",
            query: ["expanded_statuses"],
            answer: "MessageAttemptOut"
        ),
        "v1.message-attempt.expunge-content": Entry(summary: "Erase an attempt's response", statuses: [204]),
        "v1.message-attempt.list-attempted-messages": Entry(
            summary: "List messages of an endpoint",
            query: page + [
                "before", "after", "channel", "tag", "status", "event_types", "with_content", "expanded_statuses",
            ],
            answer: "EndpointMessageOut",
            isList: true
        ),
        "v1.message-attempt.list-attempted-destinations": Entry(
            summary: "List endpoints of a message",
            query: page + ["expanded_statuses"],
            answer: "MessageEndpointOut",
            isList: true
        ),
        "v1.message-attempt.resend": Entry(
            summary: "Send a message again",
            description: "A new delivery; one that is open is due at once instead, and none is made.",
            body: "Empty",
            isBodyOptional: true,
            statuses: [202],
            answer: "Empty"
        ),
        "v1.authentication.app-portal-access": Entry(
            summary: "Give out a token for an application",
            body: "AppPortalAccessIn",
            isBodyOptional: true,
            answer: "AppPortalAccessOut"
        ),
        "v1.authentication.dashboard-access": Entry(
            summary: "Give out a token for an application (older clients)",
            body: "AppPortalAccessIn",
            isBodyOptional: true,
            answer: "AppPortalAccessOut"
        ),
        "v1.authentication.logout": Entry(
            summary: "Revoke the calling token",
            body: "Empty",
            isBodyOptional: true,
            statuses: [204]
        ),
        "v1.authentication.expire-all": Entry(
            summary: "Revoke tokens of an application",
            body: "ExpireAllIn",
            isBodyOptional: true,
            statuses: [204]
        ),
        "v1.statistics.aggregate-app-stats": Entry(
            summary: "Count the messages of applications",
            body: "AppUsageStatsIn",
            statuses: [202],
            answer: "AppUsageStatsOut"
        ),
        "v1.background-task.list": Entry(
            summary: "List background tasks",
            query: page + ["order", "task", "status"],
            words: ["status": BackgroundTask.State.allCases.map(\.rawValue)],
            answer: "BackgroundTaskOut",
            isList: true
        ),
        "v1.background-task.get": Entry(summary: "Get a background task", answer: "BackgroundTaskOut"),
        "webhooks.export": Entry(
            summary: "The log as a file",
            query: ["format", "since", "until", "topic", "subscription", "state", "app"],
            types: ["text/csv", "application/x-ndjson"]
        ),
        "webhooks.stream-deliveries": Entry(
            summary: "Deliveries as they move on, as server-sent events",
            query: ["topic", "subscription", "state", "app"],
            types: ["text/event-stream"]
        ),
        "webhooks.openapi": Entry(summary: "This description", answer: "Empty"),
    ]

    static let operation = Operation("webhooks.openapi", "GET", "/api/v1/openapi.json", .open) { _ in
        APIResponse(status: 200, body: .bytes(document))
    }
}
