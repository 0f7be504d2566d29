internal import Foundation
internal import Glibc

/// Asks the sink what it has counted.
public struct SinkControl: Sendable {
    private let port: Int

    public init(port: Int) {
        self.port = port
    }

    /// The sink's counts since the last reset.
    public struct Counts: Codable, Sendable {
        public var requests: Int
        public var bodyBytes: Int
        /// Answered with 503.
        public var failed: Int
        /// Never answered.
        public var silent: Int
        public var connections: Int
        public var latencies: Int
        public var p50us: Int
        public var p90us: Int
        public var p99us: Int
        public var maxus: Int
    }

    public func counts() -> Counts {
        guard let counts = try? JSONDecoder().decode(Counts.self, from: Data(get("/stats").utf8)) else {
            fail("the sink gave no counts")
        }
        return counts
    }

    public func reset() { _ = get("/reset") }

    /// A request by hand; the answer's body.
    private func get(_ path: String) -> String {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { fail("no sink listens on port \(port)") }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: sink\r\n\r\n".utf8)
        _ = send(socket, request, request.count, Int32(MSG_NOSIGNAL))
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket, &buffer, buffer.count, 0)
        let response = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        return response.firstRange(of: "\r\n\r\n").map { String(response[$0.upperBound...]) } ?? ""
    }
}
