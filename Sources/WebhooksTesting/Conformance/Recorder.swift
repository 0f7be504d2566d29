internal import Synchronization

/// Collects what completions report, on whatever queue.
final class Recorder: Sendable {
    private let recorded = Mutex<[Bool]>([])

    var values: [Bool] { recorded.withLock { $0 } }

    func append(_ value: Bool) {
        recorded.withLock { $0.append(value) }
    }
}
