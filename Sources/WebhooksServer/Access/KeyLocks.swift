internal import Synchronization
internal import WebhookCore

/// Lets one request of a key go on at a time.
final class KeyLocks: Sendable {
    private let waiting = Mutex<[ByteString: [CheckedContinuation<Void, Never>]]>([:])

    func locked<Value: Sendable>(
        _ key: ByteString,
        _ body: () async throws(APIError) -> Value
    ) async throws(APIError) -> Value {
        await enter(key)
        defer { leave(key) }
        return try await body()
    }

    private func enter(_ key: ByteString) async {
        let isFree = waiting.withLock { waiting in
            guard waiting[key] == nil else { return false }
            waiting[key] = []
            return true
        }
        if isFree { return }
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                if waiting[key] == nil {
                    waiting[key] = []
                    return true
                }
                waiting[key]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave(_ key: ByteString) {
        let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
            guard let queue = waiting[key], !queue.isEmpty else {
                waiting[key] = nil
                return nil
            }
            return waiting[key]?.removeFirst()
        }
        next?.resume()
    }
}
