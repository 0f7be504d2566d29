import Synchronization

/// Lets many through at once, or one alone.
final class Gate: Sendable {
    private struct State {
        var inside = 0
        var isClosed = false
        /// The callers that wait for it to open.
        var entering: [CheckedContinuation<Void, Never>] = []
        /// Whoever has closed it waits until nobody is inside.
        var emptying: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Waits while it is closed.
    func enter() async {
        while await !pass({ $0.inside += 1 }) {}
    }

    func leave() {
        let emptying = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.inside -= 1
            guard state.inside == 0 else { return nil }
            defer { state.emptying = nil }
            return state.emptying
        }
        emptying?.resume()
    }

    /// Closes it, and waits until nobody is inside.
    func close() async {
        while await !pass({ $0.isClosed = true }) {}
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if state.inside > 0 { state.emptying = continuation }
                return state.inside == 0
            }
            if isEmpty { continuation.resume() }
        }
    }

    func open() {
        let entering = state.withLock { state in
            state.isClosed = false
            defer { state.entering = [] }
            return state.entering
        }
        for continuation in entering { continuation.resume() }
    }

    /// Changes the state where it is open; where it is closed, waits until it opens. Whether it was open.
    private func pass(_ change: (inout State) -> Void) async -> Bool {
        let hasPassed = state.withLock { state in
            guard !state.isClosed else { return false }
            // This may close it; whoever closes it has passed.
            change(&state)
            return true
        }
        if hasPassed { return true }
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if state.isClosed { state.entering.append(continuation) }
                return !state.isClosed
            }
            if isOpen { continuation.resume() }
        }
        return false
    }
}
