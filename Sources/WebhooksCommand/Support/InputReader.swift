internal import Glibc
internal import WebhookCore
internal import Webhooks

/// Reads arguments, files and stdin.
enum InputReader {
    /// Reads what `--data` stands for: a literal, `@FILE`, or `-` for stdin.
    ///
    /// - Parameter limit: the most bytes; a file that goes on after them is refused without reading on.
    static func argument(_ text: String, limit: Int) throws(CommandFailure) -> ByteString {
        if text == "-" { return try read(STDIN_FILENO, "stdin", limit: limit) }
        if text.hasPrefix("@") { return try file(String(text.dropFirst()), limit: limit) }
        return ByteString(text)
    }

    /// Says how to name a file, where a text that stands for itself is the name of one; else `nil`.
    static func fileHint(_ text: String) -> String? {
        guard text != "-", !text.hasPrefix("@"), text.utf8.count < Int(PATH_MAX), access(text, F_OK) == 0 else {
            return nil
        }
        return "a file is written @\(text)"
    }

    /// A file's bytes.
    static func file(_ path: String, limit: Int) throws(CommandFailure) -> ByteString {
        let descriptor = try open(path)
        defer { close(descriptor) }
        return try read(descriptor, path, limit: limit)
    }

    /// A file's lines, or stdin's for `-`; the last one needs no line feed.
    ///
    /// - Parameter limit: the most bytes of a line.
    static func lines(
        _ path: String,
        limit: Int,
        _ handle: (_ number: Int, _ line: Line) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        let descriptor = path == "-" ? STDIN_FILENO : try open(path)
        defer { if path != "-" { close(descriptor) } }
        var splitter = LineSplitter(limit: limit)
        while true {
            let chunk = try readChunk(descriptor, path)
            if chunk.isEmpty { break }
            try splitter.add(chunk, handle)
        }
        try splitter.finish(handle)
    }

    enum Line {
        case bytes([UInt8])
        case tooLong
    }

    private static func open(_ path: String) throws(CommandFailure) -> Int32 {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        return descriptor
    }

    private static func read(_ descriptor: Int32, _ name: String, limit: Int) throws(CommandFailure) -> ByteString {
        var bytes: [UInt8] = []
        while true {
            let chunk = try readChunk(descriptor, name)
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

    private static func readChunk(_ descriptor: Int32, _ name: String) throws(CommandFailure) -> [UInt8] {
        while true {
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, initialized in
                count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                initialized = max(0, count)
            }
            if count >= 0 { return chunk }
            if errno != EINTR { throw failure("read", name) }
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
