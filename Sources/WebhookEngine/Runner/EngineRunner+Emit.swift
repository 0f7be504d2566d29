internal import Dispatch
internal import Synchronization
package import WebhookCore

/// Emits: matched and rendered by their callers, then put into the mailbox.
extension EngineRunner {
    /// Stores an event durably and delivers it; returns once it is on disk.
    package func emit(_ event: Event, target: String? = nil, snapshot: ConfigurationSnapshot) async
        -> Result<AcceptanceResult, StoreError>
    {
        // Matched and rendered by the caller, so that callers share the work.
        let deliveries = event.isDue(at: clock.now.certain) ? await prepare(event, target, snapshot) : nil
        return await withCheckedContinuation { continuation in
            enqueue([EmitRequest(token: 0, event: event, target: target, deliveries: deliveries)]) { _ in
                .one(continuation)
            }
        }
    }

    /// Stores events durably, in their order and in one transaction, and delivers them. Returns once they stand in line:
    /// what is emitted afterwards comes behind them.
    ///
    /// - Parameter completion: called once, on the engine's queue, with the results in the events' order.
    package func emit(
        _ events: [Event],
        snapshot: ConfigurationSnapshot,
        completion: @escaping @Sendable ([Result<AcceptanceResult, StoreError>]) -> Void
    ) async {
        guard !events.isEmpty else { return queue.async { completion([]) } }
        let now = clock.now.certain
        let share = max(16, (events.count + 3) / 4)
        let requests = await withTaskGroup(of: (Int, [EmitRequest]).self) { group in
            for start in stride(from: 0, to: events.count, by: share) {
                group.addTask {
                    var part: [EmitRequest] = []
                    for event in events[start..<min(start + share, events.count)] {
                        let deliveries = event.isDue(at: now) ? await self.prepare(event, nil, snapshot) : nil
                        part.append(EmitRequest(token: 0, event: event, deliveries: deliveries))
                    }
                    return (start, part)
                }
            }
            var parts: [(Int, [EmitRequest])] = []
            for await part in group { parts.append(part) }
            return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
        let group = EmitGroup(count: requests.count, completion: completion)
        enqueue(requests) { .part(group, $0) }
    }

    /// Data of this size in bytes, times the subscriptions that it is compared with, is prepared by one emit at a time: taken apart it
    /// fills fifty times the memory, filters may look at all of it, and the caller's thread may be one of few that everybody waits
    /// for (Swift's pool, an event loop).
    static let bytesPreparedAlone = 1 << 20

    private func prepare(_ event: Event, _ target: String?, _ snapshot: ConfigurationSnapshot) async
        -> PreparedDeliveries
    {
        let compared = target == nil ? snapshot.registry.mostCompared(with: event) : 1
        guard event.data.count * max(1, compared) >= Self.bytesPreparedAlone else {
            return snapshot.prepare(event, target: target)
        }
        return await withCheckedContinuation { continuation in
            rendering.async { continuation.resume(returning: snapshot.prepare(event, target: target)) }
        }
    }

    /// Puts requests into the mailbox, side by side: they are taken together, and share a transaction.
    private func enqueue(_ requests: [EmitRequest], _ completion: (Int) -> EmitCompletion) {
        let needsSchedule = mailbox.withLock { mailbox in
            let first = mailbox.requests.count
            mailbox.requests += requests
            for (position, index) in (first..<mailbox.requests.count).enumerated() {
                mailbox.lastToken += 1
                mailbox.requests[index].token = mailbox.lastToken
                mailbox.completions.append(completion(position))
            }
            defer { mailbox.isScheduled = true }
            return !mailbox.isScheduled
        }
        if needsSchedule { queue.async { self.drainMailbox() } }
    }
}

/// The caller that waits for an emit's result.
enum EmitCompletion {
    case one(CheckedContinuation<Result<AcceptanceResult, StoreError>, Never>)
    /// One of several, by its position among them.
    case part(EmitGroup, Int)

    func resume(returning result: Result<AcceptanceResult, StoreError>) {
        switch self {
        case .one(let continuation): continuation.resume(returning: result)
        case .part(let group, let position): group.set(position, result)
        }
    }
}

/// Events that were emitted together, until all are answered.
// Safe to share: after its making it is only used on the engine's queue.
final class EmitGroup: @unchecked Sendable {
    private var results: [Result<AcceptanceResult, StoreError>?]
    private var left: Int
    private let completion: @Sendable ([Result<AcceptanceResult, StoreError>]) -> Void

    init(count: Int, completion: @escaping @Sendable ([Result<AcceptanceResult, StoreError>]) -> Void) {
        results = Array(repeating: nil, count: count)
        left = count
        self.completion = completion
    }

    func set(_ position: Int, _ result: Result<AcceptanceResult, StoreError>) {
        results[position] = result
        left -= 1
        if left == 0 { completion(results.compactMap(\.self)) }
    }
}
