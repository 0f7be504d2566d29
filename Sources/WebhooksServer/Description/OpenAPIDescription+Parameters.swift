/// Parts that entries share.
extension OpenAPIDescription {
    private static let flag: APIValue = ["type": .string("boolean")]
    private static let time: APIValue = ["type": .string("string"), "format": .string("date-time")]

    static let parameters: [String: APIValue] = [
        "limit": OpenAPISchemas.integer(1, PageRequest.largest),
        "order": ["type": .string("string"), "enum": OpenAPISchemas.words("ascending", "descending")],
        "get_if_exists": flag, "include_archived": flag, "with_content": flag, "with_msg": flag,
        "expanded_statuses": flag, "exclude_apps_with_no_endpoints": flag, "exclude_apps_with_disabled_endpoints": flag,
        "expunge": flag, "before": time, "after": time, "since": time, "until": time,
        "status": OpenAPISchemas.integer(0, 4),
        "status_code_class": [
            "type": .string("integer"), "enum": .array([0, 100, 200, 300, 400, 500].map { .integer($0) }),
        ],
        "format": ["type": .string("string"), "enum": OpenAPISchemas.words("csv", "jsonl")],
    ]

    static let page = ["limit", "iterator"]
    static let attempts = [
        "limit", "iterator", "before", "after", "status", "status_code_class", "channel", "tag", "event_types",
        "with_content", "expanded_statuses",
    ]

    static let erasing = """
        Erases payload, eventId, channels, tags, bodies and answers; id, topic and times stay. What is still to be delivered is \
        cancelled, for every endpoint and also for subscriptions of the configuration: nobody gets it any more.
        """
}
