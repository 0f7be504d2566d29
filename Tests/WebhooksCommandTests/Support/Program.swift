import Glibc
import Synchronization

/// The binary under test, started as a user starts it.
enum Program {
    /// Built beside the tests.
    static let path: String = {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let tests = String(decoding: buffer[0..<max(0, count)], as: UTF8.self)
        return String(tests[..<(tests.lastIndex(of: "/") ?? tests.startIndex)]) + "/webhooks"
    }()

    /// Starts the binary with the given descriptors as stdin, stdout and stderr. Arguments are bytes: a shell passes on any.
    static func start(
        _ arguments: [[UInt8]],
        folder: String,
        environment: [String: String],
        input: Int32,
        output: Int32,
        error: Int32
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, error, 2)
        // The shell changes the folder and is replaced by the binary, under the same process id.
        let shell = ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, folder, path]
        let strings = (shell.map { Array($0.utf8) } + arguments).map { Self.copy($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in strings + variables { free(pointer) } }
        var process = pid_t()
        let code = starting.withLock { _ in posix_spawn(&process, "/bin/sh", &actions, nil, strings, variables) }
        guard code == 0 else { throw Failure("cannot start \(path): \(String(cString: strerror(code)))") }
        return process
    }

    /// Starts the binary with arguments that are texts.
    static func start(
        _ arguments: [String],
        folder: String,
        environment: [String: String],
        input: Int32,
        output: Int32,
        error: Int32
    ) throws -> pid_t {
        try start(
            arguments.map { Array($0.utf8) },
            folder: folder,
            environment: environment,
            input: input,
            output: output,
            error: error
        )
    }

    private static func copy(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar>? {
        (bytes + [0]).withUnsafeBytes { $0.baseAddress.map { strdup($0.assumingMemoryBound(to: CChar.self)) } ?? nil }
    }

    /// Held while descriptors are made that no other child may inherit.
    private static let starting = Mutex(())

    /// Waits for the end: the exit code, or 128 and the signal.
    static func wait(_ process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    /// Reads until the other side has closed; a terminal's end counts as that.
    static func readAll(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer[0..<count]
        }
        close(descriptor)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A pipe whose ends no child inherits by accident.
    static func makePipe() throws -> (read: Int32, write: Int32) {
        try starting.withLock { _ in
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { throw Failure("no pipe") }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return (ends[0], ends[1])
        }
    }

    /// A terminal: the side that this process reads, and the side that a command writes to.
    static func makeTerminal(columns: Int) throws -> (read: Int32, write: Int32) {
        let (lock, number) = (UInt(0x4004_5431), UInt(0x8004_5430))  // TIOCSPTLCK, TIOCGPTN
        let main = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var unlocked: Int32 = 0
        var index: Int32 = 0
        guard main >= 0, ioctl(main, lock, &unlocked) == 0, ioctl(main, number, &index) == 0 else {
            throw Failure("no terminal")
        }
        let side = open("/dev/pts/\(index)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        guard side >= 0, ioctl(side, UInt(TIOCSWINSZ), &size) == 0 else { throw Failure("no terminal") }
        return (main, side)
    }

    /// Runs blocking work off the threads that the tests share.
    static func blocking<R: Sendable>(_ work: @escaping @Sendable () -> R) async -> R {
        await withCheckedContinuation { continuation in
            let box = Box { continuation.resume(returning: work()) }
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(box).toOpaque()
            let code = pthread_create(
                &thread,
                nil,
                { argument in
                    argument.map { Unmanaged<Box>.fromOpaque($0).takeRetainedValue().work() }
                    return nil
                },
                argument
            )
            precondition(code == 0, "no thread")
            pthread_detach(thread)
        }
    }

    private final class Box: Sendable {
        let work: @Sendable () -> Void

        init(_ work: @escaping @Sendable () -> Void) {
            self.work = work
        }
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
