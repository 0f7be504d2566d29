internal import Dispatch
internal import Glibc
internal import Synchronization
internal import WebhookCore

/// The handling of signals by `run` and `serve`: SIGINT and SIGTERM are requests to stop, the second one stops at once; SIGHUP
/// reloads.
///
/// From the process's first instruction on (``hold(for:)``) they go into a pipe, so that none is lost and none kills before
/// somebody listens; a thread of its own takes them up one after the other.
// Safe to share: everything that changes has a lock.
final class RunSignals: @unchecked Sendable {
    private struct State {
        var isStopping = false
        var hasReloadWaiting = false
        var onStop: (@Sendable () -> Void)?
        var onReload: (@Sendable () -> Void)?
        var onAbort: (@Sendable () -> Void)?
    }

    private static let signals: [Int32] = [SIGHUP, SIGINT, SIGTERM]

    /// The longest time that the last line may take.
    private static let lastWord: DispatchTimeInterval = .milliseconds(100)

    private let state = Mutex(State())
    /// A reload takes a while; a request to stop doesn't wait for it.
    private let reloads = DispatchQueue(label: "webhooks.reload")

    /// Catches the signals; only for `run` and `serve`, other commands leave them alone.
    static func hold(for arguments: [String]) {
        guard let command = arguments.dropFirst().first, ["run", "serve"].contains(command) else { return }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // A pipe that is full holds enough signals; the handler must never wait.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        caughtSignals = (ends[0], ends[1])
        var action = sigaction()
        action.sa_flags = Int32(SA_RESTART)
        action.__sigaction_handler.sa_handler = { number in
            let code = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(caughtSignals.write, &byte, 1)
            errno = code
        }
        for number in signals { sigaction(number, &action, nil) }
    }

    /// Begins to listen.
    ///
    /// - Parameter onStop: called for the first request to stop, until ``onStop(_:)`` replaces it.
    init(onStop: @escaping @Sendable () -> Void) {
        state.withLock { $0.onStop = onStop }
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                argument.map { Unmanaged<RunSignals>.fromOpaque($0).takeRetainedValue().listen() }
                return nil
            },
            Unmanaged.passRetained(self).toOpaque()
        )
        precondition(code == 0, "no thread for signals")
        pthread_detach(thread)
    }

    /// True when somebody has asked to stop.
    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Sets what to do about the first request to stop; done at once where it has come already.
    func onStop(_ handler: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            state.onStop = handler
            return state.isStopping
        }
        if isLate { handler() }
    }

    /// Sets what to say before the process ends at once, for the second request to stop.
    func onAbort(_ handler: @escaping @Sendable () -> Void) { state.withLock { $0.onAbort = handler } }

    /// Sets what to do about SIGHUP; done once for all that have come already.
    func onReload(_ handler: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            state.onReload = handler
            return state.hasReloadWaiting
        }
        if isLate { reloads.async { self.reload() } }
    }

    private func listen() {
        var number: UInt8 = 0
        while true {
            let count = read(caughtSignals.read, &number, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return }
            Int32(number) == SIGHUP ? askForReload() : stop(Int32(number))
        }
    }

    private func stop(_ number: Int32) {
        let (isFirst, handler, abort) = state.withLock { state in
            defer { state.isStopping = true }
            return (!state.isStopping, state.onStop, state.onAbort)
        }
        if !isFirst {
            // A reader of the log that is stuck must hold nothing up.
            let said = DispatchSemaphore(value: 0)
            DispatchQueue.global(qos: .userInitiated).async {
                abort?()
                said.signal()
            }
            _ = said.wait(timeout: .now() + Self.lastWord)
            // As a kill would: what is on the wire is found as interrupted by whoever comes next.
            _exit(128 + number)
        }
        handler?()
    }

    private func askForReload() {
        // One that has not begun yet will see all that was changed before now.
        let isNew = state.withLock { state in
            defer { state.hasReloadWaiting = true }
            return !state.hasReloadWaiting && state.onReload != nil
        }
        if isNew { reloads.async { self.reload() } }
    }

    private func reload() {
        let handler = state.withLock { state in
            state.hasReloadWaiting = false
            return state.onReload
        }
        handler?()
    }
}

/// The pipe that the signals go into. Set once, before there is another thread or a handler that reads it.
private nonisolated(unsafe) var caughtSignals: (read: Int32, write: Int32) = (-1, -1)

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

    /// True when a signal has come.
    var isTriggered: Bool { state.withLock { $0.isTriggered } }

    /// Sets what to do about the first signal; done at once where it has come already.
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
