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
        var patience = timeval(tv_sec: 20, tv_usec: 0)
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
        if let session { return session.write(bytes) }
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
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = session?.read(&piece) ?? recv(descriptor, &piece, piece.count, 0)
        guard count > 0 else { return false }
        buffer += piece.prefix(count)
        return true
    }
}
