/// The forms of requests and answers, as JSON Schema.
enum OpenAPISchemas {
    /// By name, in the order of the description.
    static let all: [(String, APIValue)] = [
        ("Error", object([("code", text), ("detail", text)], required: ["code", "detail"])),
        (
            "ValidationError",
            object(
                [
                    (
                        "detail",
                        list(
                            object(
                                [("loc", list(text)), ("msg", text), ("type", text)],
                                required: ["loc", "msg", "type"]
                            )
                        )
                    )
                ],
                required: ["detail"]
            )
        ),
        ("ApplicationIn", applicationIn), ("ApplicationPatch", applicationPatch), ("ApplicationOut", applicationOut),
        ("EventTypeIn", object(eventTypeFields + [("name", name)], required: ["name", "description"])),
        ("EventTypeUpsertIn", object(eventTypeFields, required: ["description"])),
        ("EventTypePatch", object(eventTypeFields, required: [])), ("EventTypeOut", eventTypeOut),
        (
            "EventTypeImportIn",
            object([("dryRun", flag), ("replaceAll", flag), ("spec", anyObject), ("specRaw", text)], required: [])
        ),
        (
            "EventTypeImportOut",
            object(
                [("data", object([("modified", list(text)), ("to_modify", list(anyObject))], required: ["modified"]))],
                required: ["data"]
            )
        ),
        ("MessageIn", messageIn), ("MessageOut", object(messageFields, required: messageRequired)),
        ("BulkExpungeIn", object([("ids", list(text, from: 1, to: 100))], required: ["ids"])),
        (
            "BulkExpungeOut",
            object(
                [("results", map(["type": .string("string"), "enum": words("expunged", "not-found")]))],
                required: ["results"]
            )
        ),
        (
            "PrecheckIn",
            object([("eventType", name), ("channels", orNull(list(text, from: 1, to: 10)))], required: ["eventType"])
        ),
        ("PrecheckOut", object([("active", flag)], required: ["active"])),
        ("EndpointOut", object(endpointFields, required: endpointRequired)),
        (
            "EndpointIn",
            object(
                endpointIn + [("secret", orNull(text)), ("headers", orNull(map(text)))],
                required: ["url"]
            )
        ),
        ("EndpointUpsertIn", object(endpointIn, required: ["url"])),
        ("EndpointPatch", object(endpointIn, required: [])),
        ("EndpointSecretOut", object([("key", text)], required: ["key"])),
        (
            "EndpointSecretRotateIn",
            object([("key", orNull(text)), ("gracePeriodSeconds", orNull(integer(0, 604_800)))], required: [])
        ),
        ("EndpointHeadersIn", object([("headers", map(text))], required: ["headers"])),
        (
            "EndpointHeadersPatchIn",
            object(
                [("headers", map(orNull(text))), ("deleteHeaders", orNull(list(text, from: 0, to: 100)))],
                required: []
            )
        ),
        (
            "EndpointHeadersOut",
            object([("headers", map(text)), ("sensitive", list(text))], required: ["headers", "sensitive"])
        ),
        (
            "TransformationOut",
            object(
                [
                    ("code", orNull(text)), ("enabled", flag), ("variables", orNull(map(text))),
                    ("updatedAt", orNull(date)),
                ],
                required: ["enabled"]
            )
        ),
        ("EndpointStats", figures("success", "pending", "sending", "fail", "canceled")),
        ("EndpointAttemptStats", figures("success", "fail", "canceled")),
        (
            "AppUsageStatsIn",
            object(
                [
                    ("since", date), ("until", date),
                    ("appIds", orNull(list(text, from: 1, to: UsageRequest.mostApplications))),
                ],
                required: ["since", "until"]
            )
        ),
        ("RecoverIn", object([("since", date), ("until", orNull(date))], required: ["since"])),
        (
            "BulkReplayIn",
            object(
                [
                    ("since", date), ("until", orNull(date)), ("eventTypes", orNull(list(name, from: 1, to: 100))),
                    ("channel", orNull(text)), ("tag", orNull(text)), ("status", orNull(integer(0, 4))),
                    ("statusCodeClass", orNull(integer(0, 500))),
                ],
                required: ["since"]
            )
        ),
        (
            "SendExampleIn",
            object(
                [("eventType", name), ("exampleIndex", integer(0, 1_000_000)), ("payload", anyObject)],
                required: ["eventType"]
            )
        ),
        ("MessageAttemptOut", attemptOut),
        ("EndpointMessageOut", object(messageFields + standing, required: messageRequired + ["status", "statusText"])),
        (
            "MessageEndpointOut",
            object(endpointFields + standing, required: endpointRequired + ["status", "statusText"])
        ),
        ("AppPortalAccessIn", accessIn),
        ("AppPortalAccessOut", object([("url", text), ("token", text)], required: ["url", "token"])),
        (
            "ExpireAllIn",
            object([("expiry", orNull(integer(0, 259_200))), ("sessionIds", orNull(list(text)))], required: [])
        ),
        (
            "BackgroundTaskOut",
            object(taskFields + [("data", anyObject)], required: ["id", "status", "task", "updatedAt", "data"])
        ),
        ("TaskOut", object(taskFields, required: ["id", "status", "task", "updatedAt"])),
        (
            "AppUsageStatsOut",
            object(
                taskFields + [("unresolvedAppIds", list(text, from: 0, to: UsageRequest.mostApplications))],
                required: ["id", "status", "task", "updatedAt", "unresolvedAppIds"]
            )
        ),
        ("Empty", object([], required: [])),
    ]

    // MARK: Parts

    private static let name = APIValue.object([
        ("type", .string("string")), ("pattern", .string("^[a-zA-Z0-9\\-_.]+$")), ("maxLength", .integer(256)),
    ])
    private static let uid = orNull(name)
    private static let rate = orNull(integer(1, 65535))
    private static let metadata = map(text)

    private static let applicationIn = object(
        [
            ("name", ["type": .string("string"), "minLength": .integer(1)]), ("uid", uid), ("throttleRate", rate),
            ("rateLimit", rate), ("metadata", metadata),
        ],
        required: ["name"]
    )
    private static let applicationPatch = object(
        [
            ("name", ["type": .string("string"), "minLength": .integer(1)]), ("uid", uid), ("throttleRate", rate),
            ("rateLimit", rate), ("metadata", metadata),
        ],
        required: []
    )
    private static let applicationOut = object(
        [
            ("id", text), ("uid", orNull(text)), ("name", text), ("throttleRate", rate), ("rateLimit", rate),
            ("metadata", metadata), ("createdAt", date), ("updatedAt", date),
        ],
        required: ["id", "name", "metadata", "createdAt", "updatedAt"]
    )

    private static let eventTypeFields: [(String, APIValue)] = [
        ("description", text), ("archived", flag), ("deprecated", flag), ("schemas", orNull(anyObject)),
        ("groupName", orNull(text)), ("featureFlags", orNull(list(text))), ("featureFlag", orNull(text)),
    ]
    private static let eventTypeOut = object(
        [("name", text)] + eventTypeFields + [("createdAt", date), ("updatedAt", date)],
        required: ["name", "description", "archived", "deprecated", "createdAt", "updatedAt"]
    )

    private static let messageIn = object(
        [
            ("eventType", name), ("payload", anyObject), ("data", anyObject), ("eventId", uid),
            ("channels", orNull(list(text, from: 1, to: 10))),
            ("tags", orNull(list(text, from: 0, to: 5))), ("application", orNull(reference("ApplicationIn"))),
            ("transformationsParams", orNull(anyObject)), ("deliverAt", orNull(date)),
            ("payloadRetentionPeriod", orNull(integer(1, 90))), ("payloadRetentionHours", orNull(integer(1, 2160))),
        ],
        required: ["eventType"],
        orOneOf: ["payload", "data"]
    )
    private static let messageFields: [(String, APIValue)] = [
        ("id", text), ("eventId", orNull(text)), ("eventType", text), ("payload", anyObject),
        ("channels", orNull(list(text))),
        ("tags", orNull(list(text))), ("timestamp", date), ("deliverAt", orNull(date)),
    ]
    private static let messageRequired = ["id", "eventType", "payload", "timestamp"]

    private static let endpointFields: [(String, APIValue)] = [
        ("id", text), ("uid", orNull(text)), ("url", text), ("description", text), ("disabled", flag),
        ("eventTypes", orNull(list(text))), ("filterTypes", orNull(list(text))), ("channels", orNull(list(text))),
        ("throttleRate", orNull(number)), ("rateLimit", orNull(number)), ("version", number), ("metadata", metadata),
        ("createdAt", date), ("updatedAt", date), ("disabledReason", text), ("webhooks", anyObject),
    ]
    private static let endpointIn: [(String, APIValue)] = [
        ("url", text), ("description", text), ("uid", uid), ("disabled", flag),
        ("eventTypes", orNull(list(text, from: 1, to: 500))), ("filterTypes", orNull(list(text, from: 1, to: 500))),
        ("channels", orNull(list(text, from: 1, to: 10))), ("throttleRate", rate), ("rateLimit", rate),
        ("version", integer(1, 65535)), ("metadata", metadata), ("webhooks", orNull(anyObject)),
    ]
    private static let endpointRequired = [
        "id", "url", "description", "disabled", "version", "metadata", "createdAt", "updatedAt",
    ]

    private static let standing: [(String, APIValue)] = [
        ("status", integer(0, 4)), ("statusText", statusText), ("nextAttempt", orNull(date)),
        ("lastError", orNull(text)), ("lastErrorDetail", orNull(text)),
    ]
    private static let statusText: APIValue = [
        "type": .string("string"), "enum": words("success", "pending", "fail", "sending", "canceled"),
    ]
    private static let attemptOut = object(
        [
            ("id", text), ("msgId", text), ("endpointId", text), ("timestamp", date), ("url", text),
            ("status", integer(0, 4)),
            ("statusText", statusText), ("triggerType", integer(0, 1)), ("response", text),
            ("responseStatusCode", number),
            ("responseDurationMs", number), ("msg", reference("MessageOut")),
        ],
        required: [
            "id", "msgId", "endpointId", "timestamp", "url", "status", "statusText", "triggerType", "response",
            "responseStatusCode", "responseDurationMs",
        ]
    )

    private static let accessIn = object(
        [
            ("application", orNull(reference("ApplicationIn"))), ("readOnly", orNull(flag)),
            (
                "capabilities",
                orNull([
                    "type": .string("array"), "minItems": .integer(1),
                    "items": [
                        "type": .string("string"), "enum": .array(Capability.allCases.map { .string($0.rawValue) }),
                    ],
                ])
            ), ("featureFlags", orNull(list(text))), ("expiry", orNull(integer(3600, 604_800))),
            ("sessionId", orNull(text)),
        ],
        required: []
    )
    private static let taskFields: [(String, APIValue)] = [
        ("id", text), ("status", ["type": .string("string"), "enum": words("running", "finished", "failed")]),
        ("task", text),
        ("updatedAt", date),
    ]

    // MARK: Forms

    static let text: APIValue = ["type": .string("string")]
    private static let flag: APIValue = ["type": .string("boolean")]
    private static let number: APIValue = ["type": .string("integer")]
    private static let date: APIValue = ["type": .string("string"), "format": .string("date-time")]
    private static let anyObject: APIValue = ["type": .string("object")]

    static func words(_ words: String...) -> APIValue { .array(words.map { .string($0) }) }
    static func reference(_ name: String) -> APIValue { ["$ref": .string("#/components/schemas/\(name)")] }
    static func integer(_ from: Int, _ to: Int) -> APIValue {
        ["type": .string("integer"), "minimum": .integer(from), "maximum": .integer(to)]
    }

    private static func orNull(_ schema: APIValue) -> APIValue {
        ["anyOf": .array([schema, ["type": .string("null")]])]
    }
    private static func map(_ schema: APIValue) -> APIValue {
        ["type": .string("object"), "additionalProperties": schema]
    }
    private static func figures(_ names: String...) -> APIValue { object(names.map { ($0, number) }, required: names) }

    private static func list(_ item: APIValue, from: Int? = nil, to: Int? = nil) -> APIValue {
        var members: [(String, APIValue)] = [("type", .string("array")), ("items", item)]
        if let from { members.append(("minItems", .integer(from))) }
        if let to { members.append(("maxItems", .integer(to))) }
        return .object(members)
    }

    /// - Parameter orOneOf: names of one member, of which an object has at least one.
    private static func object(
        _ members: [(String, APIValue)],
        required: [String],
        orOneOf names: [String] = []
    ) -> APIValue {
        var schema: [(String, APIValue)] = [
            ("type", .string("object")), ("properties", .object(members)),
            ("required", .array(required.map { .string($0) })),
        ]
        if !names.isEmpty {
            schema.append(("anyOf", .array(names.map { ["required": .array([.string($0)])] })))
        }
        return .object(schema)
    }

    /// A page of a list.
    static func page(of name: String) -> APIValue {
        object(
            [
                ("data", list(reference(name))), ("iterator", orNull(text)), ("prevIterator", orNull(text)),
                ("done", flag),
            ],
            required: ["data", "iterator", "done"]
        )
    }
}
