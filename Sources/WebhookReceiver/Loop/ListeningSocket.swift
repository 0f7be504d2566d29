internal import Glibc
internal import WebhookCore

/// A bound TCP socket, non-blocking.
struct ListeningSocket {
    let descriptor: Int32
    let port: UInt16

    init(_ options: ReceiverOptions) throws(ReceiverError) {
        let host = options.host == "localhost" ? "127.0.0.1" : options.host
        guard let address = IPAddress(host) else { throw .host(options.host) }
        let family = address.bitWidth == 32 ? AF_INET : AF_INET6
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw .last("socket") }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        let result = SocketAddress.with(address, port: options.port) { bind(descriptor, $0, $1) }
        guard result == 0, listen(descriptor, Int32(clamping: options.backlog)) == 0 else {
            let failure = ReceiverError.last("listening on \(address) port \(options.port)")
            close(descriptor)
            throw failure
        }
        self.descriptor = descriptor
        port = SocketAddress.of { getsockname(descriptor, $0, $1) }?.port ?? options.port
    }
}

/// A look whether an address can be listened on.
package enum ListeningTrial {
    /// Listens for a moment. Asks nothing of port 0.
    ///
    /// - Throws: ``ReceiverError`` where it can't.
    package static func run(_ options: ReceiverOptions) throws(ReceiverError) {
        if options.port != 0 { close(try ListeningSocket(options).descriptor) }
    }
}

/// A connection to a program of this machine.
enum LoopbackSocket {
    /// - Returns: `nil` where nobody listens on 127.0.0.1 at that port.
    static func connect(to port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        let result = SocketAddress.with(.v4(0x7F00_0001), port: port) { Glibc.connect(descriptor, $0, $1) }
        if result == 0 { return descriptor }
        close(descriptor)
        return nil
    }
}

/// Addresses in the form that sockets take.
enum SocketAddress {
    static func with<R>(_ address: IPAddress, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        switch address {
        case .v4(let bits):
            var value = sockaddr_in()
            value.sin_family = sa_family_t(AF_INET)
            value.sin_port = port.bigEndian
            value.sin_addr.s_addr = bits.bigEndian
            return withUnsafePointer(to: &value) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .v6(let high, let low):
            var value = sockaddr_in6()
            value.sin6_family = sa_family_t(AF_INET6)
            value.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &value.sin6_addr) {
                $0.storeBytes(of: high.bigEndian, as: UInt64.self)
                $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return withUnsafePointer(to: &value) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
    }

    /// The address that a call such as `getsockname` or `accept` fills in; `nil` where the call fails.
    static func of(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> (result: Int32, address: IPAddress, port: UInt16)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &length) }
        }
        guard result >= 0 else { return nil }
        return withUnsafeBytes(of: storage) { bytes in
            if Int32(storage.ss_family) == AF_INET6 {
                let value = bytes.loadUnaligned(as: sockaddr_in6.self)
                return withUnsafeBytes(of: value.sin6_addr) {
                    let high = UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self))
                    let low = UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                    return (result, .v6(high, low), UInt16(bigEndian: value.sin6_port))
                }
            }
            let value = bytes.loadUnaligned(as: sockaddr_in.self)
            return (result, .v4(UInt32(bigEndian: value.sin_addr.s_addr)), UInt16(bigEndian: value.sin_port))
        }
    }
}
