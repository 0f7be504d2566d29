internal import Glibc
internal import WebhookCore
internal import Webhooks

/// Reads arguments, files and stdin.
enum InputReader {
    /// Reads what `--data` stands for: a literal, `@FILE`, or `-` for stdin.
    ///
    /// - Parameter limit: the most bytes; a file that goes on after them is refused without reading on.
    static func argument(_ text: String, limit: Int) throws(CommandFailure) -> ByteString {
        if text == "-" {
            noteTerminal()
            return try read(STDIN_FILENO, "stdin", limit: limit, patience: nil)
        }
        if text.hasPrefix("@") { return try file(String(text.dropFirst()), limit: limit, hint: stdinHint) }
        return ByteString(text)
    }

    /// Says what is waited for where a person has to type it.
    private static func noteTerminal() {
        if isatty(STDIN_FILENO) == 1 {
            Progress.say("reading from the terminal; Ctrl-D at the beginning of a line ends")
        }
    }

    /// Says how to name a file, where a text that stands for itself is the name of one; else `nil`.
    static func fileHint(_ text: String) -> String? {
        guard text != "-", !text.hasPrefix("@"), text.utf8.count < Int(PATH_MAX), access(text, F_OK) == 0 else {
            return nil
        }
        return "a file is written @\(text)"
    }

    /// A file's bytes. A pipe's too, such as `@<(COMMAND)`, as long as something comes.
    ///
    /// - Parameters:
    ///   - patience: the longest time for which it may say nothing.
    ///   - hint: another way, where it is no file or says nothing.
    static func file(
        _ path: String,
        limit: Int,
        patience: Duration = Self.patience,
        hint: String? = nil
    ) throws(CommandFailure) -> ByteString {
        let descriptor = try open(path, hint)
        defer { close(descriptor) }
        return try read(descriptor, path, limit: limit, patience: Patience(time: patience, hint: hint))
    }

    /// The longest time for which what was named may say nothing, and another way to advise then.
    private struct Patience {
        var time: Duration
        var hint: String?
    }

    private static let stdinHint = "- reads from stdin, and waits as long as it takes"

    /// Stdin has no such limit: a person may type there.
    static let patience: Duration = .seconds(10)

    /// A file's lines, or stdin's for `-`; the last one needs no line feed.
    ///
    /// - Parameter limit: the most bytes of a line.
    static func lines(
        _ path: String,
        limit: Int,
        _ handle: (_ number: Int, _ line: Line) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        if path == "-" { noteTerminal() }
        let descriptor = path == "-" ? STDIN_FILENO : try open(path, stdinHint)
        defer { if path != "-" { close(descriptor) } }
        var splitter = LineSplitter(limit: limit)
        while true {
            let chunk = try readChunk(
                descriptor,
                path,
                patience: path == "-" ? nil : Patience(time: patience, hint: stdinHint)
            )
            if chunk.isEmpty { break }
            try splitter.add(chunk, handle)
        }
        try splitter.finish(handle)
    }

    enum Line {
        case bytes([UInt8])
        case tooLong
    }

    /// Opens a regular file or a pipe: without waiting for somebody to open a pipe's other end, and no device, whose bytes
    /// never end.
    private static func open(_ path: String, _ hint: String?) throws(CommandFailure) -> Int32 {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw failure("open", path) }
        var status = stat()
        let kind = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
        // Reading says what a folder is. Nothing is to be had of /dev/null but an end.
        guard [S_IFREG, S_IFDIR, S_IFIFO].contains(kind) || path == "/dev/null" else {
            close(descriptor)
            throw .data("\(path) is a device or a socket, and no file", hint: hint)
        }
        return descriptor
    }

    private static func read(
        _ descriptor: Int32,
        _ name: String,
        limit: Int,
        patience: Patience?
    ) throws(CommandFailure) -> ByteString {
        var bytes: [UInt8] = []
        while true {
            let chunk = try readChunk(descriptor, name, patience: patience)
            if chunk.isEmpty { return ByteString(bytes) }
            bytes += chunk
            guard bytes.count <= limit else {
                throw .data(
                    "\(name) holds more than \(limit / 1_000_000) MB",
                    hint: "an event carries up to 20 MB of data"
                )
            }
        }
    }

    private static func wait(
        for descriptor: Int32,
        _ name: String,
        patience: Patience
    ) throws(CommandFailure) {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let end = ContinuousClock.now + patience.time
        while true {
            let count = poll(&request, 1, Int32(max(0, (end - .now) / .milliseconds(1))))
            if count > 0 { return }
            if count == 0 {
                let message = "\(name) is a pipe that gave nothing for \(patience.time.components.seconds) seconds"
                throw .data(message, hint: patience.hint)
            }
            guard errno == EINTR else { throw failure("read", name) }
        }
    }

    private static func readChunk(
        _ descriptor: Int32,
        _ name: String,
        patience: Patience?
    ) throws(CommandFailure) -> [UInt8] {
        while true {
            // A regular file is always ready.
            if let patience { try wait(for: descriptor, name, patience: patience) }
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, initialized in
                count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                initialized = max(0, count)
            }
            if count >= 0 { return chunk }
            if errno != EINTR && errno != EAGAIN { throw failure("read", name) }
        }
    }

    private static func failure(_ action: String, _ path: String) -> CommandFailure {
        .data("cannot \(action) \(path): \(String(cString: strerror(errno)))")
    }
}

/// Cuts a stream of bytes into numbered lines, and keeps no more of a line than it may have.
struct LineSplitter {
    private let limit: Int
    private var line: [UInt8] = []
    private var isTooLong = false
    private var number = 0

    init(limit: Int) {
        self.limit = limit
    }

    mutating func add(
        _ chunk: [UInt8],
        _ handle: (Int, InputReader.Line) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        var rest = chunk[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            take(rest[..<end])
            try self.end(handle)
            rest = rest[(end + 1)...]
        }
        take(rest)
    }

    /// The end of the stream: what stands after the last line feed is a line too.
    mutating func finish(_ handle: (Int, InputReader.Line) throws(CommandFailure) -> Void) throws(CommandFailure) {
        if !line.isEmpty || isTooLong { try end(handle) }
    }

    private mutating func take(_ part: ArraySlice<UInt8>) {
        if isTooLong { return }
        if line.count + part.count > limit {
            isTooLong = true
            line = []
        } else {
            line += part
        }
    }

    private mutating func end(_ handle: (Int, InputReader.Line) throws(CommandFailure) -> Void) throws(CommandFailure) {
        number += 1
        let ended: InputReader.Line = isTooLong ? .tooLong : .bytes(line)
        line = []
        isTooLong = false
        try handle(number, ended)
    }
}
