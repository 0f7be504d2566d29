internal import Synchronization

/// A run, from its beginning to its end: what its task's cancellation cuts off. Another run of the same dispatcher, which
/// may wait for this one to end, is none of its business.
final class RunUnderWay: Sendable {
    private struct State {
        var session: DeliverySession?
        var isCancelled = false
        var isTold = false
    }

    private let state = Mutex(State())
    private let onStore: @Sendable () -> Void

    /// - Parameter onStore: called once it has a session, or waits as a standby.
    init(onStore: @escaping @Sendable () -> Void) { self.onStore = onStore }

    /// It waits until another dispatcher ends. May be told again and again.
    func waits() { tell() }

    private func tell() {
        let isFirst = state.withLock { state in
            defer { state.isTold = true }
            return !state.isTold
        }
        if isFirst { onStore() }
    }

    /// Its session is at work.
    ///
    /// - Returns: whether it was cancelled before.
    func began(_ session: DeliverySession) -> Bool {
        tell()
        return state.withLock { state in
            state.session = session
            return state.isCancelled
        }
    }

    /// Its task is cancelled.
    ///
    /// - Returns: the session that is to be cut off; `nil`: it has not begun, and will know.
    func cancel() -> DeliverySession? {
        state.withLock { state in
            state.isCancelled = true
            return state.session
        }
    }
}
