internal import Synchronization
internal import WebhookCore

/// A store with short words for what the checks do to it.
struct StoreDriver: Sendable {
    let store: StoreConformance.Store

    /// Commits a batch and waits until it is durable.
    func commit(_ fill: (inout StoreBatch) -> Void) async throws -> StoreBatchResult {
        var batch = StoreBatch()
        fill(&batch)
        return try await attempt(batch).get()
    }

    /// Commits a batch, come what may.
    func attempt(_ batch: StoreBatch) async -> Result<StoreBatchResult, StoreError> {
        await HandOver.value { store.commit(batch, completion: $0) }
    }

    /// Runs a transaction that takes batches, come what may.
    func attempt(next: @escaping @Sendable () -> StoreBatch?) async -> Result<[StoreBatchResult], StoreError> {
        await HandOver.value { store.commit(next: next, completion: $0) }
    }

    func read(_ fill: (inout StoreReads) -> Void) async throws -> StoreReadResult {
        var reads = StoreReads()
        fill(&reads)
        return try await commit { $0.reads = reads }.reads
    }

    func hasExternalWrites() async -> Bool {
        await withCheckedContinuation { continuation in
            store.checkExternalWrites { continuation.resume(returning: $0 == .success(true)) }
        }
    }

    // MARK: Events and deliveries

    /// Accepts an event with deliveries.
    @discardableResult
    func accept(
        _ event: Event,
        at instant: Timestamp = .at(0),
        _ deliveries: [NewDelivery],
        bodies: [ByteString] = ["body"]
    ) async throws -> [Delivery.ID] {
        let new = NewDeliveries(bodies: bodies, deliveries: deliveries)
        let result = try await commit { batch in
            batch.acceptances = [Acceptance(event: event, createdAt: instant, deliveries: new)]
        }
        guard case .stored(_, let ids)? = result.acceptances.first else {
            throw StoreConformance.Failure(description: "event \(event.id) was not stored")
        }
        return ids
    }

    /// Accepts an event with one delivery.
    func acceptOne(_ id: String, _ delivery: NewDelivery, at instant: Timestamp = .at(0)) async throws -> Delivery.ID {
        try await accept(.sample(id), at: instant, [delivery])[0]
    }

    /// Accepts an event without deliveries; its row.
    func acceptPending(_ event: Event, at instant: Timestamp = .at(0), target: String? = nil) async throws -> Int64 {
        let result = try await commit { batch in
            batch.acceptances = [Acceptance(event: event, createdAt: instant, target: target, deliveries: nil)]
        }
        guard case .stored(let row, let ids)? = result.acceptances.first, ids.isEmpty else {
            throw StoreConformance.Failure(description: "event \(event.id) was not stored")
        }
        return row
    }

    func delivery(_ id: Delivery.ID) async throws -> Delivery {
        guard let delivery = try await store.delivery(id) else {
            throw StoreConformance.Failure(description: "\(id) is gone")
        }
        return delivery
    }

    func claim(_ id: Delivery.ID, number: Int = 1, at instant: Timestamp = .at(10)) async throws -> ClaimResult {
        try await commit {
            $0.claims = [Claim(delivery: id, number: number, at: instant, needsBody: true)]
        }.claims[0]
    }

    /// Records an attempt that is in flight.
    func record(
        _ id: Delivery.ID,
        number: Int = 1,
        startedAt: Timestamp = .at(10),
        status: Int? = nil,
        error: FailureKind? = nil,
        duration: Duration? = .milliseconds(5),
        finishedAt: Timestamp = .at(20),
        next: AttemptWrite.Next
    ) async throws -> AttemptWriteResult {
        var attempt = Attempt(
            number: number,
            startedAt: startedAt,
            url: "https://a.example/",
            requestHeaders: [],
            requestBody: .empty
        )
        attempt.finishedAt = finishedAt
        attempt.outcome = error == nil ? .succeeded : .failed
        attempt.status = status
        attempt.error = error
        attempt.duration = duration
        let write = AttemptWrite(delivery: id, attempt: attempt, uncountedAttempts: 0, interruptions: 0, next: next)
        return try await commit { $0.results = [write] }.results[0]
    }
}

extension Timestamp {
    /// A time, the given number of milliseconds after the checks' beginning.
    static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: 1_700_000_000_000 + milliseconds) }
}

extension Event {
    static func sample(
        _ id: String,
        topic: String = "course.created",
        data: ByteString = "{\"a\":1}",
        tenant: String? = nil,
        occurredAt: Timestamp = .at(0),
        given: Bool = false,
        deliverAt: Timestamp? = nil,
        isTest: Bool = false
    ) -> Event {
        Event(
            stored: id,
            topic: topic,
            data: data,
            tenant: tenant,
            occurredAt: occurredAt,
            occurredAtIsGiven: given,
            deliverAt: deliverAt,
            isTest: isTest
        )
    }
}

extension NewDelivery {
    /// A delivery that is due.
    static func pending(_ subscription: String, dueAt: Timestamp = .at(0), body: Int? = 0) -> NewDelivery {
        NewDelivery(
            subscription: subscription,
            mode: .retry,
            body: body,
            contentType: .json,
            start: .pending(dueAt: dueAt)
        )
    }

    /// A delivery that waits in the order of acceptance.
    static func inOrder(_ subscription: String) -> NewDelivery {
        NewDelivery(subscription: subscription, mode: .retry, body: 0, contentType: .json, start: .inOrder)
    }

    /// A delivery whose first attempt is claimed with the insert.
    static func claimed(_ subscription: String, at instant: Timestamp = .at(5)) -> NewDelivery {
        NewDelivery(
            subscription: subscription,
            mode: .retry,
            body: 0,
            contentType: .json,
            start: .claimed(at: instant)
        )
    }
}

/// Throws where two values differ.
func expect<Value: Equatable>(
    _ found: Value,
    _ expected: Value,
    _ what: String,
    file: StaticString = #fileID,
    line: UInt = #line
) throws {
    if found != expected {
        throw StoreConformance.Failure(description: "\(file):\(line): \(what): found \(found), expected \(expected)")
    }
}

/// Throws where a condition doesn't hold.
func expect(_ condition: Bool, _ what: String, file: StaticString = #fileID, line: UInt = #line) throws {
    if !condition { throw StoreConformance.Failure(description: "\(file):\(line): \(what)") }
}

/// Batches for transactions to take, on whatever queue.
final class BatchFeed: Sendable {
    private let batches: Mutex<[StoreBatch]>

    init(_ batches: [StoreBatch]) {
        self.batches = Mutex(batches)
    }

    var isEmpty: Bool { batches.withLock(\.isEmpty) }

    func take() -> StoreBatch? {
        batches.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}

/// Collects what completions report, on whatever queue.
final class Recorder: Sendable {
    private let recorded = Mutex<[Bool]>([])

    var values: [Bool] { recorded.withLock { $0 } }

    func append(_ value: Bool) {
        recorded.withLock { $0.append(value) }
    }
}

/// A value that comes on another thread, through a lock: the thread sanitizer doesn't see that a continuation orders what is
/// before it and behind it.
private final class HandOver<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    /// Waits for what a call gives to its completion.
    static func value(_ call: (@escaping @Sendable (Value) -> Void) -> Void) async -> Value {
        let handOver = HandOver()
        let value = await withCheckedContinuation { continuation in
            call { value in
                handOver.value.withLock { $0 = value }
                continuation.resume(returning: value)
            }
        }
        return handOver.value.withLock { $0 } ?? value
    }
}
