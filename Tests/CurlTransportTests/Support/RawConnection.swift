import Foundation
import WebhookSimulation

/// One accepted connection, used by one thread.
final class RawConnection {
    struct Request {
        var head: RequestHead
        var body: [UInt8]

        var line: String { head.line }
        var headers: [String] { head.headers }
        func header(_ name: String) -> String? { head.header(name) }
    }

    private let connection: BlockingConnection
    private let session: TLSServerSession?
    private let handshakeSucceeded: Bool

    init(_ descriptor: Int32, tls: TLSServerContext?) {
        connection = BlockingConnection(descriptor, patience: 150)
        session = tls?.session(descriptor)
        handshakeSucceeded = session?.accept() ?? true
        connection.session = session
    }

    /// The next request, or nil at the end of the connection.
    func readRequest() -> Request? {
        guard handshakeSucceeded, let head = connection.readHead(), let body = connection.take(head.length) else {
            return nil
        }
        return Request(head: head, body: body)
    }

    /// Tells whether all was sent.
    @discardableResult
    func send(_ text: String) -> Bool { connection.send(text.utf8) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool { connection.send(bytes) }

    /// Records written by hand from here on; nothing is sent by the library any more.
    func records() throws -> TLSRecords {
        guard let secret = session?.secret else { throw TestFailure("no secret was noted") }
        return TLSRecords(secret: secret)
    }

    /// Sends bytes as they are, past the TLS library.
    @discardableResult
    func sendRaw(_ bytes: [UInt8]) -> Bool { connection.sendRaw(bytes) }

    /// Keeps little of what the peer has not taken yet.
    func holdLittle() { connection.holdLittle() }

    /// Asks the client for another TLS handshake.
    func askForHandshake() -> Bool { session?.askForHandshake() ?? false }

    /// Waits until the headers of a request have come over HTTP/2.
    func waitForHTTP2Request() -> Bool {
        // The preface, then frames of a length of 3 bytes, a type and 5 more.
        var start = 24
        while true {
            while connection.buffer.count < start + 9 {
                guard connection.fill() else { return false }
            }
            let buffer = connection.buffer
            let length = Int(buffer[start]) << 16 | Int(buffer[start + 1]) << 8 | Int(buffer[start + 2])
            if buffer[start + 3] == 1 { return true }
            start += 9 + length
        }
    }

    /// Takes what the peer sends, until it has ended the connection.
    func discardAll() {
        while connection.fill() {}
    }

    /// Tells whether the peer says or ends something within a number of milliseconds.
    func hasEnded(within milliseconds: Int32) -> Bool {
        var peer = pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)
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
        let descriptor = connection.descriptor
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
    func waitForBytes() { connection.fill() }

    /// Waits until the peer has closed its side; true if no byte came before that.
    @discardableResult
    func waitForEnd() -> Bool { connection.waitForEnd() }

    /// Ends the connection with a reset instead of an orderly close.
    func reset() { connection.reset() }

    func close() { connection.close() }
}
