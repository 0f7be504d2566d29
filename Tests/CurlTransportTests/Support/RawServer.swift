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
        tls: TLSServerContext? = nil,
        script: @escaping @Sendable (RawConnection, Int) -> Void
    ) throws {
        self.address = address
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw TestFailure("socket: \(errno)") }
        var endpoint = sockaddr_in()
        endpoint.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, address, &endpoint.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let bound = withUnsafeMutablePointer(to: &endpoint) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 1024) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard bound else { throw TestFailure("bind: \(errno)") }
        port = UInt16(bigEndian: endpoint.sin_port)
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
    static func answering(_ answer: String, tls: TLSServerContext? = nil, address: String = "127.0.0.1") throws
        -> RawServer
    {
        try RawServer(address: address, tls: tls) { connection, _ in
            while connection.readRequest() != nil { connection.send(answer) }
        }
    }

    static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    /// Takes no more connections.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    deinit { close(listener) }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
