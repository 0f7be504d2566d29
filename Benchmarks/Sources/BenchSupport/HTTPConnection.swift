public import Foundation
internal import Glibc

/// A connection to a server of this machine, kept alive; one request at a time, by hand, and blocking.
public final class HTTPConnection {
    private let port: Int
    private let socket: Int32
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    /// An answer.
    public struct Answer: Sendable {
        public var status: Int
        public var body: Data
    }

    /// - Returns: `nil` where nobody listens.
    public init?(port: Int) {
        self.port = port
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard isConnected == 0 else { return nil }
    }

    deinit { close(socket) }

    /// Sends a request and waits for its answer; ends the process where there is none.
    public func exchange(
        _ method: String = "GET",
        _ path: String,
        headers: [String] = [],
        body: String = ""
    ) -> Answer {
        let head = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)"] + headers
        let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
        let request = Array(((head + length).joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
        guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            fail("port \(port) takes no request")
        }
        var answer = Data()
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { fail("port \(port) ended the connection without an answer") }
            answer.append(contentsOf: buffer[..<count])
            if let whole = Self.parse(answer) { return whole }
        }
    }

    /// - Returns: `nil` where some of it is missing.
    private static func parse(_ bytes: Data) -> Answer? {
        guard let end = bytes.firstRange(of: Data("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count > 1, let status = Int(words[1]) else { fail("that is no HTTP") }
        let length = lines.dropFirst().first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) }
        let body = bytes[end.upperBound...]
        return body.count < length ?? 0 ? nil : Answer(status: status, body: Data(body))
    }
}
