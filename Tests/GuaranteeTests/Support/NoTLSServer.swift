import Dispatch
import Glibc

/// Answers every connection with something that is no TLS.
// Safe to share: nothing changes once it is made.
final class NoTLSServer: @unchecked Sendable {
    let port: UInt16
    private let source: any DispatchSourceRead

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutableBytes(of: &address) { bytes in
            guard let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
            return bind(listener, pointer, length) == 0 && listen(listener, 8) == 0
                && getsockname(listener, pointer, &length) == 0
        }
        guard isListening else { throw Problem("cannot listen") }
        port = UInt16(bigEndian: address.sin_port)
        let queue = DispatchQueue(label: "guarantees.plain")
        source = DispatchSource.makeReadSource(fileDescriptor: listener, queue: queue)
        source.setEventHandler {
            let connection = accept(listener, nil, nil)
            _ = "this is no TLS\r\n".withCString { send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
            shutdown(connection, Int32(SHUT_WR))
            var rest = [UInt8](repeating: 0, count: 4096)
            while recv(connection, &rest, rest.count, 0) > 0 {}
            close(connection)
        }
        source.setCancelHandler { close(listener) }
        source.activate()
    }

    deinit { source.cancel() }
}
