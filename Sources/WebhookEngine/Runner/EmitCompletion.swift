package import WebhookCore

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

/// Hears what the engine did. Called on the engine's queue: quick, and never back into the engine.
package protocol EngineObserver: Sendable {
    /// Attempts whose results are durable.
    func recorded(_ attempts: [RecordedAttempt])
    /// Deliveries that settled without an attempt, durably.
    func settled(_ deliveries: [SettledDelivery])
    /// What an operator should know.
    func noticed(_ notice: EngineNotice)
    /// The store is damaged: delivery has stopped.
    func failed(_ error: StoreError)
}
