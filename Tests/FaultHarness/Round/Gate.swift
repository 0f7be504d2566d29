import Synchronization

/// Lets many through at once, or one alone.
final class Gate: Sendable {
    private struct State {
        var inside = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Waits while it is closed.
    func enter() async {
        while true {
            let isIn = state.withLock { state in
                if !state.isClosed { state.inside += 1 }
                return !state.isClosed
            }
            if isIn { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    func leave() { state.withLock { $0.inside -= 1 } }

    /// Closes it, and waits until nobody is inside.
    func close() async {
        func take() -> Bool {
            state.withLock { state in
                defer { state.isClosed = true }
                return !state.isClosed
            }
        }
        while !take() { try? await Task.sleep(for: .milliseconds(10)) }
        while state.withLock({ $0.inside > 0 }) { try? await Task.sleep(for: .milliseconds(10)) }
    }

    func open() { state.withLock { $0.isClosed = false } }
}
