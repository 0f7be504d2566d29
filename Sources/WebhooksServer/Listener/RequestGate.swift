internal import Synchronization

/// Counts requests and the bytes of their bodies that are under way.
final class RequestGate: Sendable {
    private struct Counts {
        var requests = 0
        var bytes = 0
    }

    private let counts = Mutex(Counts())
    private let requests: Int
    private let bytes: Int

    init(requests: Int, bytes: Int) { (self.requests, self.bytes) = (requests, bytes) }

    /// Takes a place for a request; `false` where there is none.
    func enter(bytes count: Int) -> Bool {
        counts.withLock { counts in
            guard counts.requests < requests, counts.bytes + count <= bytes else { return false }
            counts.requests += 1
            counts.bytes += count
            return true
        }
    }

    func leave(bytes count: Int) {
        counts.withLock { counts in
            counts.requests -= 1
            counts.bytes -= count
        }
    }

    /// The requests under way.
    var count: Int { counts.withLock(\.requests) }
}
