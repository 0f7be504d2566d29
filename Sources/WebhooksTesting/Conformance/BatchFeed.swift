internal import Synchronization
internal import WebhookCore

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
