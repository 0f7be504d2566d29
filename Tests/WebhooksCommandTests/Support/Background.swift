import Glibc
import Synchronization

/// A command that goes on: its lines as they come, and signals for it.
final class Background: Sendable {
    enum Stream { case output, error }

    private let process: pid_t
    private let output: LineReader
    private let error: LineReader
    private let status = Mutex<Int32?>(nil)

    init(_ arguments: [String], in sandbox: CommandEnvironment, environment more: [String: String] = [:]) throws {
        let (out, err) = (try Program.makePipe(), try Program.makePipe())
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        process = try Program.start(
            arguments,
            folder: sandbox.folder,
            environment: sandbox.environment.merging(more) { $1 },
            input: nothing,
            output: out.write,
            error: err.write
        )
        for descriptor in [nothing, out.write, err.write] { close(descriptor) }
        output = LineReader(out.read)
        error = LineReader(err.read)
    }

    deinit {
        if status.withLock({ $0 }) == nil {
            kill(process, SIGKILL)
            _ = Program.wait(process)
        }
    }

    var processID: Int32 { process }

    /// The next line that holds a text; `nil` where the stream ends before.
    func line(containing text: String, on stream: Stream = .output) async -> String? {
        let reader = stream == .output ? output : error
        return await Program.blocking {
            while let line = reader.next() {
                if line.contains(text) { return line }
            }
            return nil
        }
    }

    /// True when the process has ended, and waits to be reaped or was.
    var hasEnded: Bool {
        var information = siginfo_t()
        let code = waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT | WNOHANG)
        return code != 0 || information.si_signo == SIGCHLD
    }

    func signal(_ number: Int32) { kill(process, number) }

    /// Waits for the end.
    func end() async -> Int32 {
        let process = process
        let code = await Program.blocking { Program.wait(process) }
        status.withLock { $0 = code }
        return code
    }
}

/// Reads lines from a descriptor, one reader at a time.
private final class LineReader: Sendable {
    private let descriptor: Int32
    private let buffer = Mutex<[UInt8]>([])

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    func next() -> String? {
        buffer.withLock { buffer in
            while true {
                if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                    defer { buffer.removeSubrange(...end) }
                    return String(decoding: buffer[..<end], as: UTF8.self)
                }
                var chunk = [UInt8](repeating: 0, count: 4096)
                let count = read(descriptor, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return nil }
                buffer += chunk[0..<count]
            }
        }
    }
}
