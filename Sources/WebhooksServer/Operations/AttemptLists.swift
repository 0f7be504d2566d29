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

/// A walk over the deliveries of an application's endpoint.
///
/// They are in the order of their rows: an attempt that is repeated later stands with its delivery.
struct DeliveryWalk {
    private let context: APIContext
    private let application: Application
    private let page: PageRequest
    private let start: AttemptID?
    private var query = DeliveryQuery()
    private var buffer: [(delivery: Delivery, message: LoggedMessage)] = []
    private var isAtEnd = false

    init(_ context: APIContext, _ application: Application, _ name: String, _ page: PageRequest) {
        (self.context, self.application, self.page) = (context, application, page)
        start = page.key.flatMap { AttemptID($0) }
        query.subscription = name
        query.limit = 100
        // The delivery itself may have more attempts.
        if let start, page.walksDown {
            // An id that was made by hand may be the last there can be.
            query.after = Delivery.ID(rawValue: min(start.delivery.rawValue, .max - 1) + 1)
        }
    }

    /// Tells whether an attempt lies behind the page's beginning.
    func isBeyond(_ id: AttemptID) -> Bool {
        guard let start else { return true }
        let (left, right) = ((id.delivery.rawValue, id.number), (start.delivery.rawValue, start.number))
        return page.walksDown ? left < right : left > right
    }

    mutating func next() async throws(APIError) -> (delivery: Delivery, message: LoggedMessage)? {
        while buffer.isEmpty, !isAtEnd { try await fill() }
        return buffer.isEmpty ? nil : buffer.removeFirst()
    }

    private mutating func fill() async throws(APIError) {
        var deliveries = try await context.deliveries(query)
        isAtEnd = deliveries.count < query.limit
        query.after = deliveries.last?.id
        if !page.walksDown {
            // Upwards there is no walk: what lies above the start is read down to it, the lowest first then.
            while !isAtEnd, let last = deliveries.last, last.id.rawValue >= start?.delivery.rawValue ?? 0 {
                let more = try await context.deliveries(query)
                isAtEnd = more.count < query.limit
                query.after = more.last?.id
                deliveries += more
            }
            deliveries = deliveries.filter { $0.id.rawValue >= start?.delivery.rawValue ?? 0 }.reversed()
            isAtEnd = true
        }
        for delivery in deliveries {
            let application = application
            let message = try await context.read { store throws(StoreError) in
                try await store.message(delivery.event, of: application)
            }
            if let message, message.id == delivery.event { buffer.append((delivery, message)) }
        }
    }
}
