internal import Dispatch
internal import Glibc
internal import Synchronization

/// SIGINT and SIGTERM: the first one is a request to stop, the second stops at once.
// Safe to share: the sources are made before anybody else has the object and never change; the rest has a lock.
final class InterruptTrap: @unchecked Sendable {
    private struct State {
        var isTriggered = false
        var handler: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "webhooks.signals", qos: .userInteractive)
    private var sources: [any DispatchSourceSignal] = []

    /// - Parameter handler: called for the first signal, on a queue of its own.
    init(handler: (@Sendable () -> Void)? = nil) {
        state.withLock { $0.handler = handler }
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [weak self] in self?.received(number) }
            source.activate()
            sources.append(source)
        }
    }

    /// Whether a signal has come.
    var isTriggered: Bool { state.withLock { $0.isTriggered } }

    /// What to do about the first signal; at once where it has come already.
    func onInterrupt(_ handler: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            state.handler = handler
            return state.isTriggered
        }
        if isLate { handler() }
    }

    private func received(_ number: Int32) {
        let (isFirst, handler) = state.withLock { state in
            defer { state.isTriggered = true }
            return (!state.isTriggered, state.handler)
        }
        // As a kill would: what is on the wire is found as interrupted by whoever comes next.
        if !isFirst { _exit(128 + number) }
        handler?()
    }
}
