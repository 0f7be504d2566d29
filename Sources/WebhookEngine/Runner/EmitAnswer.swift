internal import WebhookCore

/// Who waits for what became of an emit.
enum EmitAnswer {
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
