import Foundation
import Synchronization

/// A TCP server on loopback that does to each connection what a test says, in a thread of its own.
final class RawServer: Sendable {
    let port: UInt16
    let address: String
    private let listener: Int32
    private let accepted = Mutex(0)

    /// Connections accepted so far.
    var connectionCount: Int { accepted.withLock { $0 } }

    /// - Parameter script: run for every connection, with its number from 0. The connection is closed afterwards.
    init(
        address: String = "127.0.0.1",
        port: UInt16 = 0,
        tls: TLSServerContext? = nil,
        backlog: Int32 = 1_024,
        accepts: Bool = true,
        script: @escaping @Sendable (RawConnection, Int) -> Void
    ) throws {
        self.address = address
        let isIPv6 = address.contains(":")
        listener = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw TestFailure("socket: \(errno)") }
        let listener = listener
        if isIPv6 {
            var endpoint = sockaddr_in6()
            endpoint.sin6_family = sa_family_t(AF_INET6)
            inet_pton(AF_INET6, address, &endpoint.sin6_addr)
            self.port = try UInt16(bigEndian: Self.listen(listener, backlog, &endpoint).sin6_port)
        } else {
            var endpoint = sockaddr_in()
            endpoint.sin_family = sa_family_t(AF_INET)
            endpoint.sin_port = port.bigEndian
            inet_pton(AF_INET, address, &endpoint.sin_addr)
            self.port = try UInt16(bigEndian: Self.listen(listener, backlog, &endpoint).sin_port)
        }
        guard accepts else { return }
        let thread = Thread { [self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                if descriptor < 0 { return }
                let number = accepted.withLock { count in
                    defer { count += 1 }
                    return count
                }
                let worker = Thread {
                    let connection = RawConnection(descriptor, tls: tls)
                    script(connection, number)
                    connection.close()
                }
                worker.stackSize = 256 * 1024
                worker.start()
            }
        }
        thread.start()
    }

    /// Answers every request on every connection the same way.
    static func answering(_ response: String, tls: TLSServerContext? = nil, address: String = "127.0.0.1") throws
        -> RawServer
    {
        try RawServer(address: address, tls: tls) { connection, _ in
            while connection.readRequest() != nil { connection.send(response) }
        }
    }

    /// Binds and listens; returns the address with the port that it got.
    private static func listen<Address>(
        _ descriptor: Int32,
        _ backlog: Int32,
        _ endpoint: inout Address
    ) throws -> Address {
        var length = socklen_t(MemoryLayout<Address>.size)
        let succeeded = withUnsafeMutablePointer(to: &endpoint) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && Foundation.listen(descriptor, backlog) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard succeeded else { throw TestFailure("bind: \(errno)") }
        return endpoint
    }

    /// A port at which connections are not even refused: the queue of a listener that takes none is full.
    static func blackHole(address: String, port: UInt16 = 0) throws -> (server: RawServer, filling: [Int32]) {
        let server = try RawServer(address: address, port: port, backlog: 0, accepts: false) { _, _ in }
        let filling = (0..<4).map { _ in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            var endpoint = sockaddr_in()
            endpoint.sin_family = sa_family_t(AF_INET)
            endpoint.sin_port = server.port.bigEndian
            inet_pton(AF_INET, address, &endpoint.sin_addr)
            withUnsafePointer(to: &endpoint) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    _ = connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            return descriptor
        }
        return (server, filling)
    }

    /// True when this machine has IPv6 on loopback.
    static let hasIPv6 = (try? RawServer(address: "::1", accepts: false) { _, _ in }) != nil

    static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    /// Takes no more connections.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    deinit { close(listener) }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
