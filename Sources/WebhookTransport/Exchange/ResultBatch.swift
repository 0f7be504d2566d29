internal import WebhookCore

/// The results of one call of `send` that wait to be handed over together. Confined to its shard's queue.
final class ResultBatch {
    private let completion: @Sendable ([TransportCompletion]) -> Void
    private var results: [TransportCompletion] = []

    init(completion: @escaping @Sendable ([TransportCompletion]) -> Void) {
        self.completion = completion
    }

    /// Adds a result; true for the first one since the last handover.
    func append(_ result: TransportCompletion) -> Bool {
        results.append(result)
        return results.count == 1
    }

    func handOver() {
        let all = results
        results = []
        completion(all)
    }
}
