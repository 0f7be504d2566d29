import Dispatch
import Foundation
package import Glibc
import Synchronization

/// A run of the real binary. Its output goes to files, and it can be killed at any time.
package final class Command: Sendable {
    /// The end of a process.
    package enum Exit: Hashable, Sendable, CustomStringConvertible {
        case code(Int32)
        case signal(Int32)

        package var description: String {
            switch self {
            case .code(let code): "exit code \(code)"
            case .signal(let signal): "signal \(signal)"
            }
        }
    }

    private struct State {
        var exit: Exit?
        var waiters: [CheckedContinuation<Exit, Never>] = []
    }

    package let processID: pid_t
    package let arguments: [String]
    private let outputPath: String
    private let errorPath: String
    private let state = Mutex(State())

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - input: the file of its standard input; default: none.
    ///   - outputs: the output files' path, without their endings.
    ///   - limit: how long it may take: one that hangs is killed instead of holding everything up for good.
    ///   - group: the process group to join; default: that of this process.
    ///   - environment: variables beside those of this process.
    package init(
        _ program: String,
        _ arguments: [String],
        input: String? = nil,
        outputs: String,
        limit: Duration,
        group: pid_t? = nil,
        environment: [String] = []
    ) throws {
        self.arguments = arguments
        outputPath = outputs + ".out"
        errorPath = outputs + ".err"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input ?? "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        // Signals reach it whatever the thread that starts it has blocked.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        if let group {
            posix_spawnattr_setpgroup(&attributes, group)
            flags |= POSIX_SPAWN_SETPGROUP
        }
        posix_spawnattr_setflags(&attributes, Int16(flags))
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        let own = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        let variables = (own + environment).map { strdup($0) } + [nil]
        defer { for variable in variables { free(variable) } }
        var child = pid_t()
        let code = posix_spawn(&child, program, &actions, &attributes, words, variables)
        guard code == 0 else { throw Problem("cannot start \(program): \(String(cString: strerror(code)))") }
        processID = child
        // A thread of its own: waiting must hold up nobody.
        DispatchQueue(label: "harness.wait").async { self.reap() }
        let seconds = Double(limit.components.seconds) + Double(limit.components.attoseconds) / 1e18
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak self] in self?.send(SIGKILL) }
    }

    private func reap() {
        // Looks without reaping, so that the process id stays ours until the exit is noted.
        var information = siginfo_t()
        while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let waiters = state.withLock { state in
            var status: Int32 = 0
            while waitpid(processID, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7f
            state.exit = signal == 0 ? .code((status >> 8) & 0xff) : .signal(signal)
            defer { state.waiters = [] }
            return state.waiters
        }
        let exit = state.withLock { $0.exit } ?? .code(0)
        for waiter in waiters { waiter.resume(returning: exit) }
    }

    package var hasEnded: Bool { state.withLock { $0.exit != nil } }

    /// Sends a signal; nothing once it has ended.
    package func send(_ signal: Int32) {
        state.withLock { state in
            if state.exit == nil { Glibc.kill(processID, signal) }
        }
    }

    /// Waits for its end.
    @discardableResult
    package func exit() async -> Exit {
        await withCheckedContinuation { continuation in
            let ended = state.withLock { state -> Exit? in
                if state.exit == nil { state.waiters.append(continuation) }
                return state.exit
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }

    /// Waits for its end, but not for longer than this; `nil` where it is still there.
    package func exit(within limit: Duration) async -> Exit? {
        await wait(within: limit, onFile: nil) { false }
        return state.withLock { $0.exit }
    }

    /// Waits until its standard error says something, it has ended, or the time is over. Whether it says so.
    package func says(_ text: String, within limit: Duration) async -> Bool {
        await wait(within: limit, onFile: errorPath) { [self] in errors.contains(text) }
        return errors.contains(text)
    }

    /// Waits for a condition, which is looked at whenever a file changes; for the process's end; or for the time.
    private func wait(within limit: Duration, onFile path: String?, until holds: @Sendable () -> Bool) async {
        let (changes, change) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let watch = path.flatMap { FileWatch($0) { change.yield() } }
        let limit = Task {
            try? await Task.sleep(for: limit)
            change.finish()
        }
        let end = Task {
            await exit()
            change.finish()
        }
        change.yield()
        for await _ in changes where holds() { break }
        limit.cancel()
        end.cancel()
        watch?.cancel()
    }

    /// Kills it with SIGKILL after so long, where it is still there.
    @discardableResult
    package func kill(after delay: Duration) async throws -> Exit {
        try await Task.sleep(for: delay)
        send(SIGKILL)
        return await exit()
    }

    package var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
    package var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }
}
