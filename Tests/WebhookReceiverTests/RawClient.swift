import Glibc
import Testing
import WebhookCore
import WebhookReceiver

/// A blocking socket, so that tests decide every byte.
final class RawClient {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
        // A hanging test fails instead; no test waits for it to pass.
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            try #require(count > 0)
            rest = rest.dropFirst(count)
        }
    }

    /// Says that nothing more will be sent.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Receives until the text ends so, or until the other side closes.
    func receive(until end: String) throws -> String {
        var received: [UInt8] = []
        while !received.suffix(end.utf8.count).elementsEqual(end.utf8) {
            guard let bytes = try receiveSome(1) else { break }
            received += bytes
        }
        return String(decoding: received, as: UTF8.self)
    }

    /// Everything until the other side closes.
    func receiveAll() throws -> String {
        var received: [UInt8] = []
        while let bytes = try receiveSome(65_536) { received += bytes }
        return String(decoding: received, as: UTF8.self)
    }

    struct Reset: Error {}

    private func receiveSome(_ size: Int) throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: size)
        let count = recv(descriptor, &buffer, size, 0)
        if count < 0, errno == ECONNRESET { throw Reset() }
        try #require(count >= 0)
        return count == 0 ? nil : Array(buffer.prefix(count))
    }
}
