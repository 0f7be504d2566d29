import Foundation

/// One accepted connection, used by one thread.
final class RawConnection {
    struct Request {
        var line: String
        var headers: [String]
        var body: [UInt8]

        func header(_ name: String) -> String? {
            let prefix = name.lowercased() + ":"
            return headers.first { $0.lowercased().hasPrefix(prefix) }
                .map { $0.dropFirst(prefix.count).trimmingCharacters(in: .whitespaces) }
        }
    }

    private let descriptor: Int32
    private let session: TLSServerSession?
    private let handshakeSucceeded: Bool
    private var buffer: [UInt8] = []
    private var isOpen = true

    init(_ descriptor: Int32, tls: TLSServerContext?) {
        self.descriptor = descriptor
        // Nobody waits forever for a peer that went wrong.
        var patience = timeval(tv_sec: 150, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        session = tls?.session(descriptor)
        handshakeSucceeded = session?.accept() ?? true
    }

    /// The next request, or nil at the end of the connection.
    func readRequest() -> Request? {
        guard handshakeSucceeded, let head = readHead() else { return nil }
        let lines = head.components(separatedBy: "\r\n")
        var request = Request(line: lines[0], headers: lines.dropFirst().filter { !$0.isEmpty }, body: [])
        let length = request.header("Content-Length").flatMap(Int.init) ?? 0
        while buffer.count < length {
            guard fill() else { return nil }
        }
        request.body = Array(buffer.prefix(length))
        buffer.removeFirst(length)
        return request
    }

    private func readHead() -> String? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = buffer.firstRange(of: end) {
                let head = String(decoding: buffer[..<range.upperBound], as: UTF8.self)
                buffer.removeFirst(range.upperBound)
                return head
            }
            guard fill() else { return nil }
        }
    }

    /// Whether all was sent.
    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        session.map { $0.write(bytes) } ?? sendRaw(bytes)
    }

    /// Records written by hand from here on; nothing is sent by the library any more.
    func records() throws -> TLSRecords {
        guard let secret = session?.secret else { throw TestFailure("no secret was noted") }
        return TLSRecords(secret: secret)
    }

    /// Sends bytes as they are, past the TLS library.
    @discardableResult
    func sendRaw(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Keeps little of what the peer has not taken yet.
    func holdLittle() {
        var size: Int32 = 65_536
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Asks the client for another TLS handshake.
    func askForHandshake() -> Bool { session?.askForHandshake() ?? false }

    /// Waits until the headers of a request have come over HTTP/2.
    func waitForHTTP2Request() -> Bool {
        // The preface, then frames of a length of 3 bytes, a type and 5 more.
        var start = 24
        while true {
            while buffer.count < start + 9 {
                guard fill() else { return false }
            }
            let length = Int(buffer[start]) << 16 | Int(buffer[start + 1]) << 8 | Int(buffer[start + 2])
            if buffer[start + 3] == 1 { return true }
            start += 9 + length
        }
    }

    /// Whether the peer says or ends something within so many milliseconds.
    func hasEnded(within milliseconds: Int32) -> Bool {
        var peer = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&peer, 1, milliseconds) > 0
    }

    /// Joins the connection with one to a port on loopback until either ends, as a proxy's tunnel does.
    func tunnel(to port: UInt16) {
        let other = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { Foundation.close(other) }
        var endpoint = sockaddr_in()
        endpoint.sin_family = sa_family_t(AF_INET)
        endpoint.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &endpoint.sin_addr)
        let isConnected = withUnsafePointer(to: &endpoint) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                connect(other, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { return }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            var polls = [descriptor, other].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&polls, 2, 150_000) > 0 else { return }
            for (index, target) in [other, descriptor].enumerated() where polls[index].revents != 0 {
                let count = recv(polls[index].fd, &chunk, chunk.count, 0)
                guard count > 0, Foundation.send(target, chunk, count, Int32(MSG_NOSIGNAL)) == count else { return }
            }
        }
    }

    /// Waits for the peer's first bytes.
    func waitForBytes() { _ = fill() }

    /// Waits until the peer has closed its side; true if no byte came before that.
    @discardableResult
    func waitForEnd() -> Bool {
        let before = buffer.count
        while fill() {}
        return buffer.count == before
    }

    /// Ends the connection with a reset instead of an orderly close.
    func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        Foundation.close(descriptor)
    }

    private func fill() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = session?.read(&chunk) ?? recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        buffer += chunk.prefix(count)
        return true
    }
}
