internal import WebhookCore
internal import Webhooks

/// The log as a file, and as it grows: operations of our own.
enum LogOperations {
    static let all: [Operation] = [
        Operation("webhooks.export", "GET", "/api/v1/export", .any, export),
        Operation("webhooks.stream-deliveries", "GET", "/api/v1/stream/deliveries", .any, stream),
    ]

    @Sendable static func export(_ context: APIContext) async throws(APIError) -> APIResponse {
        guard let format = try context.query.choice("format", of: ["csv", "jsonl"]) else {
            throw APIError(FieldProblem(query: "format", "is required: csv or jsonl"))
        }
        var query = DeliveryQuery()
        query.since = try context.query.time("since")
        query.until = try context.query.time("until")
        query.topics = context.query.list("topic") ?? []
        query.states = try states(context.query)
        let share = try await LogShare(context)
        query.subscription = try await share.subscription
        query.tenant = share.application?.tenant
        query.limit = 500
        let log = context.api.dispatcher.log
        let pages = ExportPages(log, query, share, format == "csv" ? .csv : .jsonLines)
        // Before the first byte: an error is an answer of its own.
        let first: [UInt8]?
        do {
            first = try await pages.next()
        } catch let error as WebhooksError {
            throw APIError(error)
        } catch {
            throw APIError(500, "server_error", "The log can't be read.")
        }
        await pages.requeue(first)
        let type = format == "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson"
        return APIResponse(status: 200, type: type, body: .stream { try await pages.next() })
    }

    private static func states(_ query: QueryParameters) throws(APIError) -> Set<DeliveryState> {
        var states: Set<DeliveryState> = []
        for text in query.list("state") ?? [] {
            guard let state = DeliveryState(rawValue: text) else {
                let all = DeliveryState.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError(FieldProblem(query: "state", "must be one of \(all)"))
            }
            states.insert(state)
        }
        return states
    }

    @Sendable static func stream(_ context: APIContext) async throws(APIError) -> APIResponse {
        var filter = DeliveryTail.Filter()
        filter.states = try states(context.query)
        filter.topics = Set(context.query.list("topic") ?? [])
        let share = try await LogShare(context)
        filter.subscription = try await share.subscription
        filter.tenant = share.application?.tenant
        var own: String?
        if case .application(let token) = context.caller { own = token.application }
        guard let place = context.api.streams.take(for: own) else { throw .tooMany }
        let tail: DeliveryTail
        do throws(WebhooksError) {
            tail = try await DeliveryTail(context.api.dispatcher.log, filter)
        } catch {
            throw APIError(error)
        }
        let events = DeliveryEvents(tail, share, place, context.api)
        return APIResponse(status: 200, type: "text/event-stream", body: .stream { try await events.next() })
    }
}

/// The pieces of an export, one after the other.
private actor ExportPages {
    private let log: WebhookLog
    private var query: DeliveryQuery
    private let share: LogShare
    private let format: ExportFormat
    private var ahead: [UInt8]?
    private var isAtEnd = false

    init(_ log: WebhookLog, _ query: DeliveryQuery, _ share: LogShare, _ format: ExportFormat) {
        (self.log, self.query, self.share, self.format) = (log, query, share, format)
        ahead = format.header.isEmpty ? nil : format.header
    }

    func requeue(_ piece: [UInt8]?) {
        ahead = piece
        if piece == nil { isAtEnd = true }
    }

    func next() async throws -> [UInt8]? {
        if let piece = ahead {
            ahead = nil
            return piece
        }
        guard !isAtEnd else { return nil }
        let page = try await log.exportPage(query)
        guard let last = page.last else {
            isAtEnd = true
            return nil
        }
        query.after = last.delivery.id
        let own = try await share.own(page, \.delivery)
        return own.reduce(into: []) { $0 += format.line($1) }
    }
}

/// Deliveries as server-sent events.
private actor DeliveryEvents {
    /// Looks without news after which a comment is sent: a connection that is dead is found by writing.
    private static let quietLooks = 75

    private var tail: DeliveryTail
    private let share: LogShare
    private let place: Place
    private let api: WebhooksAPI
    private var isBegun = false

    init(_ tail: DeliveryTail, _ share: LogShare, _ place: Place, _ api: WebhooksAPI) {
        (self.tail, self.share, self.place, self.api) = (tail, share, place, api)
    }

    func next() async throws -> [UInt8]? {
        guard isBegun else {
            // The head leaves at once.
            isBegun = true
            return Array(": deliveries from now on\n\n".utf8)
        }
        for _ in 0..<Self.quietLooks {
            if api.isStopping { return nil }
            var tail = self.tail
            let news = try await share.own(tail.next(), \.self)
            self.tail = tail
            if !news.isEmpty {
                return try await share.isOver ? nil : news.reduce(into: []) { $0 += Self.event($1) }
            }
            try await Task.sleep(for: DeliveryTail.interval)
        }
        return try await share.isOver ? nil : Array(":\n\n".utf8)
    }

    private static func event(_ delivery: Delivery) -> [UInt8] {
        var line = JSONLine()
        delivery.write(to: &line)
        // The line's end is the data's; an empty line ends the event.
        return Array("event: delivery\nid: \(delivery.id)\ndata: ".utf8) + line.bytes + Array("\n".utf8)
    }
}
