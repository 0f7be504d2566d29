internal import WebhookCore

/// The conditions of lists of attempts and of attempted messages.
struct AttemptFilter: Sendable {
    var before: Timestamp?
    var after: Timestamp?
    var status: MessageStatus?
    var statusClass: Int?
    var channel: String?
    var tag: String?
    var topics: [String]?
    var withContent: Bool
    var isExpanded: Bool

    init(_ query: QueryParameters) throws(APIError) {
        before = try query.time("before")
        after = try query.time("after")
        status = try query.integer("status", 0...4).flatMap { MessageStatus(rawValue: $0) }
        statusClass = try query.integer("status_code_class", 0...500)
        if let statusClass, statusClass % 100 != 0 {
            throw APIError(FieldProblem(query: "status_code_class", "must be 0, 100, 200, 300, 400 or 500"))
        }
        channel = query.text("channel")
        tag = query.text("tag")
        topics = query.list("event_types")
        withContent = try query.flag("with_content", default: true)
        isExpanded = try query.flag("expanded_statuses")
    }

    func accepts(_ message: LoggedMessage) -> Bool {
        if let channel, message.channels?.contains(channel) != true { return false }
        if let tag, message.tags?.contains(tag) != true { return false }
        return topics?.contains(message.topic) ?? true
    }

    func accepts(_ found: AttemptOperations.FoundAttempt) -> Bool {
        if let before, found.attempt.startedAt >= before { return false }
        if let after, found.attempt.startedAt <= after { return false }
        if let status, found.status != status { return false }
        return statusClass.map { $0 == found.statusClass } ?? true
    }
}
