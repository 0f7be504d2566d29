internal import WebhookCore
internal import Webhooks

/// The messages of an endpoint that are to be sent again, as the task that does it keeps them.
struct ReplayRequest: Sendable {
    /// The subscription's name.
    var endpoint: String
    var since: Timestamp?
    /// Before this.
    var until: Timestamp?
    /// The newest delivery when it was asked for: what is newer was sent since, perhaps by the task itself.
    var last: Int64
    var topics: [String] = []
    var channel: String?
    var tag: String?
    var status: Int?
    var statusClass: Int?

    init(_ endpoint: String, _ span: (since: Timestamp?, until: Timestamp?), _ last: Int64) {
        (self.endpoint, since, until, self.last) = (endpoint, span.since, span.until, last)
    }

    /// Reads what ``text`` has written.
    init?(_ text: String) {
        guard let value = try? JSON.parse(ByteString(text)), let endpoint = value["endpoint"]?.string else {
            return nil
        }
        func number(_ key: String) -> Int64? {
            guard case .number(let text)? = value[key]?.kind else { return nil }
            return Int64(text)
        }
        self.endpoint = endpoint
        since = number("since").map { Timestamp(milliseconds: $0) }
        until = number("until").map { Timestamp(milliseconds: $0) }
        last = number("last") ?? 0
        topics = (value["topics"]?.array ?? []).compactMap(\.string)
        channel = value["channel"]?.string
        tag = value["tag"]?.string
        status = number("status").map { Int($0) }
        statusClass = number("statusClass").map { Int($0) }
    }

    var text: String {
        let value: APIValue = [
            "endpoint": .string(endpoint), "since": .number((since?.milliseconds).map { Int($0) }),
            "until": .number((until?.milliseconds).map { Int($0) }), "last": .integer(Int(last)),
            "topics": .list(topics),
            "channel": .text(channel), "tag": .text(tag), "status": .number(status),
            "statusClass": .number(statusClass),
        ]
        return value.encoded.text
    }
}

/// Sends messages of an endpoint again. What was sent before it was cut off is told by what is in the store, so that it goes on
/// with the rest.
struct ReplayTask: Sendable {
    private let claimed: ClaimedTask
    private let kind: TaskKind
    private let request: ReplayRequest
    private var dispatcher: WebhookDispatcher { claimed.api.dispatcher }
    /// The messages that are looked at, or sent, at once.
    private static let batch = 500

    /// `nil` where the task's parameters can't be read.
    init?(_ claimed: ClaimedTask, _ kind: TaskKind) {
        guard let request = ReplayRequest(claimed.task.parameters) else { return nil }
        (self.claimed, self.kind, self.request) = (claimed, kind, request)
    }

    func run(_ application: Application) async throws -> TaskResult {
        let (new, refusal) = kind == .missing ? try await sendMissing(application) : try await sendAgain(application)
        let sent = claimed.task.done + new
        var data: [(String, APIValue)] = [("messagesSent", .integer(sent))]
        if let refusal { data.append(("reason", .string(refusal))) }
        return TaskResult(sent == 0 && refusal != nil ? .failed : .finished, .object(data))
    }

    /// Sends deliveries again, the oldest first.
    private func sendAgain(_ application: Application) async throws -> (sent: Int, refusal: String?) {
        var query = DeliveryQuery(states: kind == .recover ? [.failed, .unknown, .cancelled] : [])
        query.subscription = request.endpoint
        query.tenant = application.tenant
        (query.since, query.until) = (request.since, request.until)
        query.topics = request.topics
        query.newestOnly = true
        query.limit = Self.batch
        var chosen: [Delivery.ID] = []
        while true {
            try await claimed.renew()
            let page = try await dispatcher.deliveries(query)
            for delivery in page where try await isMeant(delivery, application) { chosen.append(delivery.id) }
            guard page.count == query.limit, let last = page.last else { break }
            query.after = last.id
        }
        return try await send(chosen.reversed())
    }

    private func send(_ ids: [Delivery.ID]) async throws -> (sent: Int, refusal: String?) {
        var (sent, refusal): (Int, String?) = (0, nil)
        var rest = ids[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.batch)
            rest = rest.dropFirst(part.count)
            try await claimed.renew()
            let plan = try await dispatcher.retriggerPlan(ids: part.map(\.description))
            refusal = refusal ?? plan.refusals.first?.reason(for: .client)
            sent += try await claimed.held(dispatcher.retrigger(plan, for: claimed.claim))
        }
        return (sent, refusal)
    }

    private func isMeant(_ delivery: Delivery, _ application: Application) async throws -> Bool {
        guard delivery.id.rawValue <= request.last, delivery.state.isSettled else { return false }
        // What a person has cancelled is sent by whoever names it.
        if kind == .recover { return !delivery.isCancelledByHand }
        if let status = request.status, MessageStatus(delivery.state).rawValue != status { return false }
        if let wanted = request.statusClass, (delivery.lastStatus ?? 0) / 100 * 100 != wanted { return false }
        guard request.channel != nil || request.tag != nil else { return true }
        let message = try await claimed.store.message(delivery.event, of: application)
        if let channel = request.channel, message?.channels?.contains(channel) != true { return false }
        if let tag = request.tag, message?.tags?.contains(tag) != true { return false }
        return true
    }

    /// Sends messages that the endpoint wants and never got, and those that were cancelled because it was disabled.
    private func sendMissing(_ application: Application) async throws -> (sent: Int, refusal: String?) {
        var query = MessageQuery(application)
        query.after = request.since.map { $0 - .milliseconds(1) }
        query.before = request.until
        query.isDescending = false
        query.needsData = false
        query.limit = Self.batch
        var (sent, refusal): (Int, String?) = (0, nil)
        guard let subscription = dispatcher.registry.subscription(named: request.endpoint) else {
            return (0, "the endpoint is gone, or can't be read now")
        }
        while true {
            try await claimed.renew()
            let page = try await claimed.store.messages(query)
            let wanted = page.messages.filter { message in
                !message.isExpunged
                    && subscription.wants(
                        topic: message.topic,
                        tenant: application.tenant,
                        channels: message.channels
                    )
            }
            var deliveries = DeliveryQuery()
            deliveries.events = wanted.map(\.id)
            deliveries.subscription = request.endpoint
            deliveries.limit = 100_000
            let known = Dictionary(
                grouping: wanted.isEmpty ? [] : try await dispatcher.deliveries(deliveries),
                by: \.event
            )
            let unknown = wanted.map(\.id).filter { known[$0] == nil }
            sent += try await claimed.held(
                dispatcher.sendMissing(unknown, to: request.endpoint, for: claimed.claim)
            )
            let held = known.values.compactMap { of in
                of.allSatisfy { $0.state == .cancelled && $0.lastError == .disabled } ? of.map(\.id).max() : nil
            }
            let (again, reason) = try await send(held.sorted())
            sent += again
            refusal = refusal ?? reason
            guard let next = page.next else { return (sent, refusal) }
            query.from = next
        }
    }
}

extension APIContext {
    /// The newest delivery of all; 0: there is none.
    func newestDelivery() async throws(APIError) -> Int64 {
        var query = DeliveryQuery()
        query.limit = 1
        return try await deliveries(query).first?.id.rawValue ?? 0
    }
}
