internal import Glibc

/// A TLS session over a socket, by whatever library a test has at hand.
package protocol ConnectionSession: AnyObject {
    func read(_ buffer: inout [UInt8]) -> Int
    func write(_ bytes: ArraySlice<UInt8>) -> Int
}

/// A connection that is read and written by one thread, which waits: for receivers that do as a test says, byte by
/// byte.
package final class BlockingConnection {
    package let descriptor: Int32
    /// The session that its bytes go through; `nil`: they are sent as they are.
    package var session: (any ConnectionSession)?
    private var isOpen = true
    /// Set once the peer has closed its side, which a wait that was too long doesn't say.
    private var hasEnded = false
    /// The bytes that were received and not taken yet.
    package private(set) var buffer: [UInt8] = []
    private static let mostBuffered = 64 << 20
    /// A TLS library writes without asking for an error in place of the signal, which would end the tests.
    private static let brokenPipesAreErrors: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    /// - Parameter patience: seconds to wait for a peer that went wrong; nobody waits for ever.
    package init(_ descriptor: Int32, patience: Int) {
        self.descriptor = descriptor
        Self.brokenPipesAreErrors
        var patience = timeval(tv_sec: patience, tv_usec: 0)
        set(SO_RCVTIMEO, &patience)
        set(SO_SNDTIMEO, &patience)
        var now: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &now, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Connects to a program of this machine.
    ///
    /// - Returns: `nil` where nobody listens on 127.0.0.1 at that port.
    package convenience init?(to port: UInt16, patience: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            Glibc.close(descriptor)
            return nil
        }
        self.init(descriptor, patience: patience)
    }

    /// Keeps little of what the peer has not taken yet.
    package func holdLittle() {
        var size: Int32 = 65_536
        set(SO_SNDBUF, &size)
    }

    private func set<Value: BitwiseCopyable>(_ option: Int32, _ value: inout Value) {
        setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Value>.size))
    }

    // MARK: Reading

    /// A request's line and its headers, or `nil` at the end of the connection.
    package func readHead() -> RequestHead? {
        let end = Array("\r\n\r\n".utf8)
        var range = buffer.firstRange(of: end)
        while range == nil {
            guard fill() else { return nil }
            range = buffer.firstRange(of: end)
        }
        guard let range, let head = take(range.upperBound) else { return nil }
        let lines = head.dropLast(end.count).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0, as: UTF8.self) }
        return RequestHead(line: lines[0], headers: Array(lines.dropFirst()))
    }

    /// Takes `count` bytes, or returns `nil` where the connection ends before.
    package func take(_ count: Int) -> [UInt8]? {
        while buffer.count < count {
            guard fill() else { return nil }
        }
        let taken = Array(buffer.prefix(count))
        buffer.removeFirst(count)
        return taken
    }

    /// Waits for more bytes. Whether any came.
    @discardableResult
    package func fill() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = session?.read(&chunk) ?? recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else {
            hasEnded = count == 0 || errno != EAGAIN
            return false
        }
        buffer += chunk.prefix(count)
        return buffer.count <= Self.mostBuffered
    }

    /// Waits until the peer has closed its side, or for as long as patience lasts.
    ///
    /// - Returns: `true` where it has closed, and no byte came before.
    @discardableResult
    package func waitForEnd() -> Bool {
        let before = buffer.count
        while fill() {}
        return hasEnded && buffer.count == before
    }

    // MARK: Writing

    /// Tells whether all was sent.
    @discardableResult
    package func send(_ bytes: some Collection<UInt8>) -> Bool {
        guard let session else { return sendRaw(bytes) }
        return sendAll(bytes) { session.write($0) }
    }

    /// Sends bytes as they are, past the session. Whether all was sent.
    @discardableResult
    package func sendRaw(_ bytes: some Collection<UInt8>) -> Bool {
        sendAll(bytes) { rest in
            rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }
    }

    private func sendAll(_ bytes: some Collection<UInt8>, _ write: (ArraySlice<UInt8>) -> Int) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = write(rest)
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    // MARK: Its end

    /// Ends the connection with a reset instead of an orderly close.
    package func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        set(SO_LINGER, &now)
        close()
    }

    package func close() {
        guard isOpen else { return }
        isOpen = false
        Glibc.close(descriptor)
    }
}

/// A request without its body.
package struct RequestHead: Sendable {
    package var line: String
    package var headers: [String]

    package func header(_ name: String) -> String? {
        let prefix = name.lowercased() + ":"
        return headers.first { $0.lowercased().hasPrefix(prefix) }.map { header in
            let value = header.dropFirst(prefix.count)
            let isSpace = { (character: Character) in character == " " || character == "\t" }
            return String(value.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
        }
    }

    /// The number of bytes of its body; zero where it doesn't say so.
    package var length: Int { header("content-length").flatMap { Int($0) } ?? 0 }

    /// The path that it asks for.
    package var path: String {
        let words = line.split(separator: " ")
        return words.count > 1 ? String(words[1]) : ""
    }
}
