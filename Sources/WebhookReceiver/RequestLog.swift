internal import Synchronization

/// Counts requests, keeps them where asked to, and wakes whoever waits for a number of them.
final class RequestLog: Sendable {
    private struct Waiter {
        var count: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var count = 0
        var requests: [ReceivedRequest] = []
        var isStopped = false
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
        /// Waits that were cancelled before they began.
        var cancelled: Set<Int> = []
    }

    private let keeps: Bool
    private let state = Mutex(State())

    init(keeps: Bool) {
        self.keeps = keeps
    }

    var count: Int { state.withLock { $0.count } }
    var requests: [ReceivedRequest] { state.withLock { $0.requests } }

    /// Counts a request, where one was made of it numbers it, and wakes those who waited for it.
    func add(_ request: ReceivedRequest?) -> ReceivedRequest? {
        var request = request
        let woken = state.withLock { state -> [Waiter] in
            state.count += 1
            request?.number = state.count
            if keeps, let request { state.requests.append(request) }
            guard !state.waiters.isEmpty else { return [] }
            let due = state.waiters.filter { $0.value.count <= state.count }
            for id in due.keys { state.waiters[id] = nil }
            return Array(due.values)
        }
        for waiter in woken { waiter.continuation.resume() }
        return request
    }

    func removeAll() {
        state.withLock {
            $0.count = 0
            $0.requests = []
        }
    }

    func wait(for count: Int) async throws {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                begin(id, Waiter(count: count, continuation: continuation))
            }
        } onCancel: {
            cancel(id)
        }
    }

    func stop() {
        let left = state.withLock { state in
            state.isStopped = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in left { waiter.continuation.resume(throwing: ReceiverError.stopped) }
    }

    private func begin(_ id: Int, _ waiter: Waiter) {
        let outcome = state.withLock { state -> Result<Void, any Error>? in
            if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
            if state.count >= waiter.count { return .success(()) }
            if state.isStopped { return .failure(ReceiverError.stopped) }
            state.waiters[id] = waiter
            return nil
        }
        if let outcome { waiter.continuation.resume(with: outcome) }
    }

    private func cancel(_ id: Int) {
        let waiter = state.withLock { state -> Waiter? in
            // A wait that ended meanwhile leaves its id here: a few bytes for a rare race.
            guard let waiter = state.waiters.removeValue(forKey: id) else {
                state.cancelled.insert(id)
                return nil
            }
            return waiter
        }
        waiter?.continuation.resume(throwing: CancellationError())
    }
}
