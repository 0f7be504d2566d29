internal import WebhookCore
internal import WebhooksSQLite

/// Fills a store the way an engine does: batches of events accepted with their delivery claimed, and recorded with the
/// next batch.
struct Fill {
    let store: SQLiteStore
    /// Deliveries a batch.
    var batch = 128
    var subscriptions = 20
    var tenants = 0
    /// Rows that come out as they do in a bad week: failed, waiting, unknown, cancelled and tests, all of them old.
    var hasOddities = true

    static let topics = ["course.created", "course.enrollment", "user.created", "payment.paid", "lesson.completed"]
    private static let body = ByteString(
        Array(
            (#"{"id":"evt","type":"course.created","data":{"course":""# + String(repeating: "x", count: 600) + #""}}"#)
                .utf8
        )
    )
    private static let headers = [
        HTTPHeader("Host", "crm.example.com"), HTTPHeader("Content-Type", "application/json"),
        HTTPHeader("webhook-id", "0198f3c2-0000-7000-8000-000000000000"), HTTPHeader("webhook-timestamp", "1760000000"),
        HTTPHeader("webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
    ]

    /// Stores the given number of deliveries, one an event; a millisecond lies between two of them.
    func run(_ count: Int, from start: Int = 0) async throws {
        var claimed: [(id: Delivery.ID, index: Int)] = []
        var next = start
        while next < start + count || !claimed.isEmpty {
            var work = StoreBatch()
            work.results = claimed.map { result(of: $0.id, index: $0.index) }
            let indices = next..<min(next + batch, start + count)
            work.acceptances = indices.map { acceptance($0) }
            let response = try await commit(work)
            claimed = zip(indices, response.acceptances).compactMap { index, result in
                guard case .stored(_, let ids) = result, let id = ids.first, !isOpen(index) else { return nil }
                return (id, index)
            }
            next = indices.upperBound
        }
    }

    private func isOdd(_ index: Int, _ share: Int) -> Bool { hasOddities && index < 50_000 && index % share == 0 }

    private func isOpen(_ index: Int) -> Bool { isOdd(index, 101) }

    private func acceptance(_ index: Int) -> Acceptance {
        let instant = Timestamp(milliseconds: 1_700_000_000_000 + Int64(index))
        let isRare = isOdd(index, 97)
        let event = Event(
            stored: "0198f3c2-0000-7000-8000-" + String(format(index)),
            topic: isRare ? "coupon.rare" : Self.topics[index % Self.topics.count],
            data: Self.body,
            tenant: isRare ? "school-rare" : tenants > 0 ? "school-\(index % tenants)" : nil,
            occurredAt: instant,
            occurredAtIsGiven: false,
            deliverAt: nil,
            isTest: isOdd(index, 89)
        )
        let delivery = NewDelivery(
            subscription: isRare ? "rare" : "subscription-\(index % subscriptions)",
            mode: .retry,
            body: 0,
            contentType: .json,
            start: isOpen(index) ? .pending(dueAt: instant) : .claimed(at: instant)
        )
        return Acceptance(
            event: event,
            createdAt: instant,
            deliveries: NewDeliveries(bodies: [Self.body], deliveries: [delivery])
        )
    }

    private func format(_ index: Int) -> String {
        let digits = String(index)
        return String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }

    private func result(of id: Delivery.ID, index: Int) -> AttemptWrite {
        let instant = Timestamp(milliseconds: 1_700_000_000_000 + Int64(index))
        var attempt = Attempt(
            number: 1,
            startedAt: instant,
            url: "https://crm.example.com/hooks/lms",
            requestHeaders: Self.headers,
            requestBody: .empty
        )
        let isFailure = isOdd(index, 83)
        attempt.finishedAt = instant + .milliseconds(20)
        attempt.outcome = isFailure ? .failed : .succeeded
        attempt.status = isFailure ? 500 : 200
        attempt.error = isFailure ? .status : nil
        attempt.duration = .microseconds(12_000 + index % 5_000)
        attempt.responseHeaders = [HTTPHeader("Content-Length", "2")]
        attempt.responseBody = "ok"
        attempt.remoteAddress = "203.0.113.7"
        attempt.httpVersion = "1.1"
        return AttemptWrite(
            delivery: id,
            attempt: attempt,
            uncountedAttempts: 0,
            interruptions: 0,
            next: .settled(isFailure ? .failed : .delivered)
        )
    }

    private func commit(_ batch: StoreBatch) async throws -> StoreBatchResult {
        try await withCheckedContinuation { continuation in
            store.commit(batch) { continuation.resume(returning: $0) }
        }.get()
    }
}
