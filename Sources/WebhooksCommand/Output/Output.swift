internal import Glibc
internal import Synchronization
internal import WebhookCore

/// A buffered stream to a descriptor. Lines of several tasks don't mix.
final class Output: Sendable {
    /// Results. Buffered; see ``flush()``.
    static let standard = Output(descriptor: STDOUT_FILENO, capacity: 65_536)
    /// Errors and logs. Written at once.
    static let error = Output(descriptor: STDERR_FILENO, capacity: 0)

    private struct State {
        var buffer: [UInt8] = []
        /// The reader has gone away, or the disk is full: nothing more arrives.
        var isBroken = false
        var failure: Int32 = 0
    }

    private let descriptor: Int32
    private let capacity: Int
    private let state = Mutex(State())

    private init(descriptor: Int32, capacity: Int) {
        self.descriptor = descriptor
        self.capacity = capacity
    }

    /// True when nobody reads any more; a long list may stop then.
    var isBroken: Bool { state.withLock { $0.isBroken } }

    /// The reason why not all could be written; `nil` also where the reader has had enough (`head`).
    var failure: String? {
        let code = state.withLock { $0.failure }
        return code == 0 || code == EPIPE ? nil : String(cString: strerror(code))
    }

    func write(_ text: String) { write(Array(text.utf8)) }

    func writeLine(_ text: String = "") { write(Array(text.utf8) + [UInt8(ascii: "\n")]) }

    func write(_ bytes: [UInt8]) {
        state.withLock { state in
            guard !state.isBroken else { return }
            state.buffer += bytes
            if state.buffer.count >= capacity { drain(&state) }
        }
    }

    /// Hands on what is buffered.
    func flush() {
        state.withLock { drain(&$0) }
    }

    private func drain(_ state: inout State) {
        var written = 0
        while written < state.buffer.count, !state.isBroken {
            let count = state.buffer.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
            }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&request, 1, -1)
            } else if errno != EINTR {
                state.isBroken = true
                state.failure = errno
            }
        }
        state.buffer.removeAll(keepingCapacity: true)
    }
}

/// A word beside the results, on stderr: for people a line, under `--json` an object like an error's.
enum Notice {
    /// Something is not as it should be, and the command goes on.
    static func warning(_ code: String, _ message: String, asJSON: Bool) {
        write("warning", .doubtful, code, message, asJSON: asJSON)
    }

    /// Something to know.
    static func note(_ code: String, _ message: String, asJSON: Bool) {
        write("note", .dim, code, message, asJSON: asJSON)
    }

    /// Says what was probably meant by a topic that nobody knows: whoever takes everything gets it all the same.
    static func slip(_ topic: String, _ meant: String?, asJSON: Bool) {
        guard let meant else { return }
        note("topic", "no profile lists \(topic); did you mean \(meant)?", asJSON: asJSON)
    }

    private static func write(_ kind: String, _ style: Terminal.Style, _ code: String, _ message: String, asJSON: Bool)
    {
        // What was said before comes before.
        Output.standard.flush()
        if asJSON {
            let object = JSONOutput.object([(kind, ["code": .text(code), "message": .text(message)])])
            return Output.error.writeLine(object.line)
        }
        if LogLine.isWanted {
            return LogLine.write(kind == "warning" ? .warning : .notice, message, [("code", .text(code))])
        }
        let mark = Terminal.standardError.styled("\(kind):", style)
        Output.error.writeLine("\(mark) \(PlainText.escaped(message))")
    }
}

/// A line on stderr about what the command is doing.
enum Progress {
    static func say(_ text: String) {
        LogLine.isWanted ? LogLine.write(.notice, text) : Output.error.writeLine(PlainText.escaped(text))
    }
}

/// Numbers with their nouns.
enum Counted {
    /// `1 delivery`, `2 deliveries`.
    static func text(_ count: Int, _ noun: String, plural: String? = nil) -> String {
        "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
    }

    static func deliveries(_ count: Int) -> String { text(count, "delivery", plural: "deliveries") }
}
